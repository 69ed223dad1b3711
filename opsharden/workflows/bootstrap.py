"""bootstrap: make new hosts ready, many at once, each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from opsharden.access import account, keys
from opsharden.errors import HostError, OpshardenError, Unreachable
from opsharden.evidence import Store
from opsharden.model import Change, ChangeStatus, ExitCode, Host, HostStatus, Member
from opsharden.ssh import hostkeys
from opsharden.workflows.filing import filed
from opsharden.workflows.workplace import Targets, Workplace

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
    with filed(store, "bootstrap", place, targets) as run, ThreadPoolExecutor(place.settings.forks) as pool:
        work = [pool.submit(_host, place, host, first) for host in hosts]
        try:
            for future in as_completed(work):
                outcome = future.result()
                outcomes[outcome.host] = outcome
                _file(store, run.id, outcome)
                on_host(outcome)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
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


def _host(place: Workplace, host: Host, first: FirstLogin) -> Outcome:
    changed: list[str] = []
    try:
        changed += _host_key(place, host, first)
        changed += _ready(place, host, first)
    except OpshardenError as error:
        return Outcome(host.name, tuple(changed), error.message, error.advice)
    return Outcome(host.name, tuple(changed))


def _host_key(place: Workplace, host: Host, first: FirstLogin) -> list[str]:
    """Pin the host's key, if it is the true one. A key that differs from a pinned one is never accepted."""
    pinned = hostkeys.known(place.known_hosts, host.address, host.port)
    if host.ssh_args and "proxy" in host.ssh_args.lower():
        return []  # not reachable from here without a login on the way: it has to be pinned already
    shown = hostkeys.fetch(host.address, host.port, place.settings.connect_timeout)
    if shown in pinned:
        return []
    if any(key.type == shown.type for key in pinned):
        raise Unreachable(
            f"The host key of {host.name} has changed: it shows {shown.fingerprint}.",
            f"If it was reinstalled, remove its line from {place.settings.known_hosts}; else find out who answers.",
        )
    given = first.fingerprint or place.inventory.variable(host.name, "bootstrap_host_key_fingerprint")
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
    hostkeys.pin(place.settings.known_hosts, host.address, host.port, shown)
    return [f"pinned the host key {shown.fingerprint}"]


def _ready(place: Workplace, host: Host, first: FirstLogin) -> tuple[str, ...]:
    settings = place.settings
    key = _key(place, host)
    automation = replace(host, user=host.user or ACCOUNT, key_file=key)
    # The account's own login where it works: on a second run the first password may be gone.
    try:
        account.proved(automation, place.known_hosts, settings.connect_timeout)
        login = replace(automation, password=None, become=True, become_password=None)
    except HostError:
        login = _first(place, host, first)
    changed = account.prepare(
        login, str(automation.user), keys.public_key(key), place.known_hosts, settings.connect_timeout
    )
    account.proved(automation, place.known_hosts, settings.connect_timeout)
    return changed


def _first(place: Workplace, host: Host, first: FirstLogin) -> Host:
    """The host with the login that is there before ours."""
    inventory = place.inventory
    user = first.user or inventory.variable(host.name, "bootstrap_user") or host.user or "root"
    password, key = first.password, first.key_file
    if password is None and key is None and (kept := inventory.variable(host.name, "bootstrap_password")):
        password = SecretStr(str(kept))
    if password is None and key is None:
        key = host.key_file
    return replace(
        host,
        user=str(user),
        password=password,
        key_file=key,
        become=str(user) != "root",
        become_password=first.become_password or password or host.become_password,
    )
