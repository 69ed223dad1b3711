"""bootstrap: make new hosts ready, many at once, each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from opsharden.access import account, keys
from opsharden.errors import HostError, OpshardenError, Unreachable
from opsharden.evidence import Store
from opsharden.model import Change, ChangeStatus, ExitCode, Host, HostStatus, Member
from opsharden.ssh import hostkeys
from opsharden.ssh.client import Connection, connect, identify
from opsharden.workflows.filing import filed
from opsharden.workflows.workplace import BOOTSTRAP_PASSWORD, Targets, Workplace

ACCOUNT = "opsharden"
"""The automation account's name where the inventory has no ansible_user."""


@dataclass(frozen=True)
class FirstLogin:
    """How to get in the first time.

    Attributes:
        user: Login name; the inventory's bootstrap_user where None.
        password: For the login; the inventory's bootstrap_password where None.
        key_file: A private key that is let in already.
        become_password: For sudo; the login password where None.
        fingerprint: The true host key's, for a single host; else the inventory's bootstrap_host_key_fingerprint.
        accept_new: Pin an unknown host key as it is shown.
    """

    user: str | None = None
    password: SecretStr | None = None
    key_file: Path | None = None
    become_password: SecretStr | None = None
    fingerprint: str | None = None
    accept_new: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one host.

    Attributes:
        host: Inventory name.
        changed: What was changed, in words.
        failure: Why it is not ready; empty where it is.
        advice: What to do about that.
    """

    host: str
    changed: tuple[str, ...] = ()
    failure: str = ""
    advice: str = ""


def bootstrap(
    place: Workplace, hosts: Sequence[Host], first: FirstLogin, store: Store, on_host: Callable[[Outcome], None]
) -> tuple[str, tuple[Outcome, ...]]:
    """Make hosts ready: host key, python3, automation account, its key, sudo, and a fresh login as the proof.

    Returns:
        The run's id, and the outcomes in the order of the hosts.

    Raises:
        UsageError: The automation key is missing.
    """
    # Read once, before any host is touched: a missing key is no host's fault.
    for host in hosts:
        keys.public_key(_key(place, host))
    outcomes: dict[str, Outcome] = {}
    targets = Targets({host.name: () for host in hosts}, (), ())
    preparer = _Preparer(place, first)
    pool = ThreadPoolExecutor(place.settings.forks)
    with filed(store, "bootstrap", place, targets) as run:
        work = [pool.submit(preparer.host, host) for host in hosts]
        try:
            for future in as_completed(work):
                outcome = future.result()
                outcomes[outcome.host] = outcome
                _file(store, run.id, outcome)
                on_host(outcome)
        finally:
            # On Ctrl-C: hosts not begun are left, and what is under way ends with its connection.
            pool.shutdown(wait=False, cancel_futures=True)
            preparer.close()
        failed = any(outcome.failure for outcome in outcomes.values())
        run.exit_code = ExitCode.INCOMPLETE if failed else ExitCode.CLEAN
    return run.id, tuple(outcomes[host.name] for host in hosts)


def _file(store: Store, run_id: str, outcome: Outcome) -> None:
    status = HostStatus.UNREACHABLE if outcome.failure else HostStatus.TESTED
    store.add_host(run_id, Member(outcome.host, status, outcome.failure), (), ())
    changes = [Change(outcome.host, "bootstrap", what, ChangeStatus.CHANGED) for what in outcome.changed]
    store.add_changes(run_id, changes)


def _key(place: Workplace, host: Host) -> Path:
    return host.key_file or place.settings.keys / "automation"


class _Preparer:
    """Makes hosts ready, each in a thread of a pool."""

    def __init__(self, place: Workplace, first: FirstLogin) -> None:
        self._place = place
        self._first = first
        self._open: set[Connection] = set()

    def close(self) -> None:
        """Leave every host."""
        for connection in tuple(self._open):
            connection.close()

    def host(self, host: Host) -> Outcome:
        """Make one host ready, or say why it is not."""
        changed: list[str] = []
        try:
            changed += _host_key(self._place, host, self._first)
            changed += self._ready(host)
        except OpshardenError as error:
            return Outcome(host.name, tuple(changed), error.message, error.advice)
        return Outcome(host.name, tuple(changed))

    def _ready(self, host: Host) -> tuple[str, ...]:
        key = _key(self._place, host)
        name, line = host.user or ACCOUNT, keys.public_key(key)
        # Nothing but the key: every later run has nothing else.
        automation = replace(host, user=name, key_file=key, password=None, become=True, become_password=None)
        try:
            # The account's own login where it works: on a second run the first password may be gone.
            self._prove(automation)
            login = automation
        except HostError:
            login = _first_login(self._place, host, self._first)
        with self._connected(login) as connection:
            changed = account.prepare(connection, login, name, line, self._place.settings.connect_timeout)
        self._prove(automation)
        return changed

    def _prove(self, automation: Host) -> None:
        with self._connected(automation) as connection:
            account.prove(connection, automation, self._place.settings.connect_timeout)

    @contextmanager
    def _connected(self, host: Host) -> Iterator[Connection]:
        with connect(host, self._place.known_hosts, timeout=self._place.settings.connect_timeout) as connection:
            self._open.add(connection)
            try:
                yield connection
            finally:
                self._open.discard(connection)


def _host_key(place: Workplace, host: Host, first: FirstLogin) -> list[str]:
    """Pin the host's key, if it is the true one. A key that differs from a pinned one is never accepted."""
    given = first.fingerprint or place.inventory.variable(host.name, "bootstrap_host_key_fingerprint")
    seen = identify(
        host, place.known_hosts, timeout=place.settings.connect_timeout, fingerprint=str(given) if given else None
    )
    shown = seen.shown
    if any(not entry.revoked or entry.key == shown for entry in seen.pinned):
        hostkeys.check(host.name, shown, seen.pinned)
        return []
    if given and str(given) != shown.fingerprint:
        raise Unreachable(
            f"The host key of {host.name} is not the one given: it shows {shown.fingerprint}, given is {given}.",
            "Somebody else may be answering at this address; nothing was sent there.",
        )
    if not given and not first.accept_new:
        raise Unreachable(
            f"The host key of {host.name} is not known: it shows {shown.fingerprint} ({shown.type}).",
            "Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there, then give --fingerprint, "
            "or --accept-new to trust what is shown.",
        )
    hostkeys.pin(place.settings.known_hosts, seen.name, shown)
    return [f"pinned the host key {shown.fingerprint}"]


def _first_login(place: Workplace, host: Host, first: FirstLogin) -> Host:
    """The host with the login that is there before ours."""
    variable = place.inventory.variable
    user = str(first.user or variable(host.name, "bootstrap_user") or host.user or "root")
    password, key = first.password, first.key_file
    if password is None and key is None:
        kept = variable(host.name, BOOTSTRAP_PASSWORD)
        password = SecretStr(str(kept)) if kept else host.password
    if password is None and key is None:
        key = host.key_file
    return replace(
        host,
        user=user,
        password=password,
        key_file=key,
        become=user != "root",
        become_password=first.become_password or password or host.become_password,
    )
