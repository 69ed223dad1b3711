"""One host made ready: its key, the first login, what is changed over it, and a fresh login as the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import SecretStr

from opsharden.access import account, keys
from opsharden.access.account import Entry, Step
from opsharden.access.facts import Facts
from opsharden.access.names import ACCOUNT
from opsharden.errors import BecomeRefused, HostError, OpshardenError, TransportBroken, Unreachable
from opsharden.lab import LAB_HOST
from opsharden.model import ChangeStatus, Host
from opsharden.safety.lease import Holder, held
from opsharden.ssh import hostkeys
from opsharden.ssh.advice import OnTheWay
from opsharden.ssh.client import Connection, connect, identify
from opsharden.ssh.hostkeys import Identity
from opsharden.workflows.login import automation_user
from opsharden.workflows.workplace import BOOTSTRAP_PASSWORD, Workplace


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


@dataclass
class Outcome:
    """What became of one host, so far.

    Attributes:
        host: Inventory name.
        steps: What was changed, or was to be, in its order.
        failure: Why it is not ready; empty where it is.
        advice: What to do about that.
    """

    host: str
    steps: list[Step] = field(default_factory=list)
    failure: str = ""
    advice: str = ""

    @property
    def changed(self) -> tuple[str, ...]:
        """What was changed, in words."""
        return tuple(step.what for step in self.steps if step.status is ChangeStatus.CHANGED)

    @property
    def state(self) -> str:
        """`ok`, `changed` or `failed`."""
        if self.failure:
            return "failed"
        return "changed" if self.changed else "ok"


def automation_key(place: Workplace, host: Host) -> Path:
    """The key that is to let automation in on a host: its own, or the project's."""
    return host.key_file or place.settings.keys / "automation"


class Preparer:
    """Makes hosts ready, each in a thread of a pool."""

    def __init__(
        self, place: Workplace, first: FirstLogin, holder: Holder, on_step: Callable[[str, Step], None]
    ) -> None:
        self._place = place
        self._first = first
        self._holder = holder
        self._on_step = on_step
        self._open: set[Connection] = set()
        self._over = False

    def close(self) -> None:
        """Leave every host."""
        self._over = True
        for connection in tuple(self._open):
            connection.close()

    def host(self, host: Host) -> Outcome:
        """Make one host ready, or say why it is not."""
        outcome = Outcome(host.name)

        def done(step: Step) -> None:
            outcome.steps.append(step)
            self._on_step(host.name, step)

        try:
            name = automation_user(host)
            keys.public_key(automation_key(self._place, host))  # before anything is touched
            for what in _host_key(self._place, host, self._first):
                done(Step(what, ChangeStatus.CHANGED))
            self._ready(host, name, done)
        except OpshardenError as error:
            outcome.failure, outcome.advice = error.message, error.advice
        return outcome

    def _ready(self, host: Host, name: str, done: Callable[[Step], None]) -> None:
        key = automation_key(self._place, host)
        # Nothing but the key: every later run has nothing else.
        secret = None if host.become_method == "sudo" else host.become_password
        automation = replace(host, user=name, key_file=key, password=None, become=True, become_password=secret)
        refused = self._refusal(automation)
        login = automation if refused is None else _first_login(self._place, host, self._first)
        changes: list[Step] = []

        def noted(step: Step) -> None:
            changes.append(step)
            done(step)

        with self._let_in(login, automation, refused) as connection:
            entry = Entry(connection, login, name, keys.public_key(key), self._place.settings.connect_timeout)
            try:
                seen = account.look(entry)
            except HostError as error:
                raise _with_advice(error, host, login, refused) from None
            wanted = account.plan(entry, seen, proved=refused is None)
            with held(login, connection, self._holder, entry.timeout):
                account.prepare(entry, wanted, noted)
            if refused is not None or changes:
                self._prove_in_the_end(automation, entry, seen, changes)

    def _refusal(self, automation: Host) -> HostError | None:
        """Why the account's own login does not work yet; None where it does: the first password may be gone by then."""
        try:
            self._prove(automation)
        except HostError as error:
            return error
        return None

    def _prove_in_the_end(self, automation: Host, entry: Entry, seen: Facts, changes: Sequence[Step]) -> None:
        try:
            self._prove(automation)
        except HostError as error:
            said = account.witness(entry, seen)
            raise HostError(
                f"{error.message.rstrip('.')}{f'; the logs there say: {said}' if said else ''}.",
                f"{'What was changed before stays. ' if changes else ''}Mend that on {automation.name} "
                "(sshd's and sudo's settings, PAM) and bootstrap it again.",
            ) from None

    def _prove(self, automation: Host) -> None:
        with self._connected(automation) as connection:
            account.prove(connection, automation, self._place.settings.connect_timeout)

    @contextmanager
    def _let_in(self, login: Host, automation: Host, refused: HostError | None) -> Iterator[Connection]:
        """Connected for the first time; where that is refused too, both logins are told of."""
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._connected(login))
            except HostError as error:
                raise _with_advice(error, automation, login, refused) from None
            yield connection

    @contextmanager
    def _connected(self, host: Host) -> Iterator[Connection]:
        if self._over:
            raise TransportBroken(f"{host.name} was left before it was ready: the run was ended.")
        with connect(host, self._place.known_hosts, timeout=self._place.settings.connect_timeout) as connection:
            self._open.add(connection)
            try:
                yield connection
            finally:
                self._open.discard(connection)


def _with_advice(error: HostError, automation: Host, login: Host, refused: HostError | None) -> HostError:
    """A first login that does not work, with what was tried before it and how to try another."""
    if refused is None or isinstance(error, OnTheWay):
        return error
    if "refused" not in error.message and not isinstance(error, BecomeRefused):
        return error
    before = f" Before that, the automation account: {refused.message}" if login.user != automation.user else ""
    if isinstance(error, BecomeRefused):
        return BecomeRefused(f"{error.message}{before}", f"{error.advice} Or log in as root the first time: -u root.")
    return Unreachable(
        f"{error.message}{before}",
        f"This was the first login, as {login.user}: say with -u as whom else (-u root, or an account that may use "
        "sudo), and with -k, --password-file or --private-key what lets it in.",
    )


def _host_key(place: Workplace, host: Host, first: FirstLogin) -> list[str]:
    """Pin the host's key, if it is the true one. A key that differs from a pinned one is never accepted."""
    given = first.fingerprint or place.inventory.variable(host.name, "bootstrap_host_key_fingerprint")
    seen = identify(
        host, place.known_hosts, timeout=place.settings.connect_timeout, fingerprint=str(given) if given else None
    )
    shown = seen.shown
    if any(not entry.revoked or entry.key == shown for entry in seen.pinned):
        if not (given and str(given) == shown.fingerprint and _came_again(place, host, seen)):
            hostkeys.check(host.name, shown, seen.pinned)
            return []
        hostkeys.forget(place.settings.known_hosts, seen.name)
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


def _came_again(place: Workplace, host: Host, seen: Identity) -> bool:
    """Whether this is a lab's host that replaces an earlier one at its address.

    Only what a lab itself writes marks a host so, beside its true fingerprint, and only pins of the project's own file
    are given up. A host that was reinstalled is no such: for that a person has to decide.
    """
    pinned = [entry for entry in seen.pinned if not entry.revoked]
    ours = str(place.settings.known_hosts)
    return (
        bool(place.inventory.variable(host.name, LAB_HOST))
        and all(entry.key != seen.shown for entry in seen.pinned)
        and all(entry.where.rpartition(" line ")[0] == ours for entry in pinned)
    )


def _first_login(place: Workplace, host: Host, first: FirstLogin) -> Host:
    """The host with the login that is there before ours."""
    variable = place.inventory.variable
    named = str(first.user or variable(host.name, "bootstrap_user") or "")
    # Whom the inventory names may be there already; our own account is what is to be made.
    user = named or (host.user if host.user and host.user != ACCOUNT else "root")
    password, key = first.password, first.key_file
    if password is None and key is None:
        kept = variable(host.name, BOOTSTRAP_PASSWORD)
        password = SecretStr(str(kept)) if kept else host.password
    if password is None and key is None:
        key = place.inventory.host(host.name).key_file  # else what ssh offers by itself: the agent, ~/.ssh
    return replace(
        host,
        user=user,
        password=password,
        key_file=key,
        become=user != "root",
        become_password=first.become_password or password or host.become_password,
    )
