"""What every verb works with: the settings, the inventory, the catalogue and the checks of one invocation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from opsharden.catalogue import Catalogue, content_digest, load_catalogue
from opsharden.errors import InventoryError
from opsharden.inventory import Inventory, load_inventory
from opsharden.model import Control, Finding, Host, HostStatus, Member, Severity, Verdict
from opsharden.probe import Check, Patience, Pool
from opsharden.settings import Settings

PROFILES = "opsharden_profiles"
"""The inventory variable by which a host or group declares its profiles."""

BOOTSTRAP_PASSWORD = "bootstrap_password"  # noqa: S105 - a variable's name
"""The inventory variable with the password of the first login, vaulted or not."""


@dataclass(frozen=True)
class Access:
    """What the user gave to get in, beyond what the inventory says.

    Attributes:
        become_password: For hosts whose inventory entry has none.
        vault_password: Opens vaulted values.
        vault_password_file: The same, from a file or a program.
        extra: Variables that win over all others.
    """

    become_password: SecretStr | None = None
    vault_password: SecretStr | None = None
    vault_password_file: Path | None = None
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Workplace:
    """The settings, the inventory, the catalogue and the checks.

    Attributes:
        settings: Of this invocation.
        access: What the user gave to get in.
        inventory: Of this invocation.
        catalogue: Ours and the user's, with a control made up for each plain test that names none.
        checks: By control, in the order collected.
        own: Controls that no profile names and that hold for every host: those of the user's roles and tests.
    """

    settings: Settings
    access: Access
    inventory: Inventory
    catalogue: Catalogue
    checks: Mapping[str, tuple[Check, ...]]
    own: tuple[str, ...]

    @property
    def known_hosts(self) -> tuple[Path, ...]:
        """Where pinned host keys are looked up: the project's own first, then what ssh itself trusts."""
        system = (Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts"))
        return (self.settings.known_hosts, *(path for path in system if path.is_file()))

    @property
    def patience(self) -> Patience:
        """How long a host is waited for."""
        return Patience(self.settings.connect_timeout, self.settings.command_timeout, self.settings.host_timeout)

    @property
    def key(self) -> Path | None:
        """The project's automation key, offered to hosts whose inventory entry names none."""
        path = self.settings.keys / "automation"
        return path if path.is_file() else None

    def host(self, name: str) -> Host:
        """A host with what the user gave to get in."""
        host = self.inventory.host(name)
        if host.key_file is None and host.password is None:
            host = replace(host, key_file=self.key)
        given = self.access.become_password
        return host if given is None or host.become_password else replace(host, become_password=given)

    def wanted(self, host: str, profiles: Sequence[str] | None) -> tuple[str, ...]:
        """The controls a host is to have.

        Args:
            host: Inventory name.
            profiles: Asked for on the command line; None leaves it to the host's variable, then to the settings. A
                host that declares none at all is left alone whatever is asked for.
        """
        declared = self.profiles(host)
        named = tuple(profiles) if declared and profiles is not None else declared
        return (*self.catalogue.selected(named), *self.own) if named else ()

    def profiles(self, host: str) -> tuple[str, ...]:
        """The names of the profiles a host declares, or the project's where it declares none."""
        declared = self.inventory.variable(host, PROFILES, self.settings.profiles)
        if not isinstance(declared, list | tuple):
            raise InventoryError(f"The variable {PROFILES} of {host} is no list.", f"Write {PROFILES}: [baseline-1]")
        return tuple(str(name) for name in declared)

    def values(self, host: str) -> Mapping[str, Any]:
        """Everything a check of this host may ask for: defaults of all roles, under profile values and variables."""
        defaults: dict[str, Any] = {}
        for role in self.catalogue.roles.values():
            defaults.update(role.defaults)
        for name in self.profiles(host):
            defaults.update(self.catalogue.profile(name).values)
        return self.inventory.values(host, defaults)

    def by_apply(self, finding: Finding) -> Finding:
        """A finding; where it fails and no role is there to bring it about (a plain test of the user's), it says so."""
        control = self.catalogue.controls.get(finding.control)
        if finding.verdict is not Verdict.FAIL or control is None or control.role in self.catalogue.roles:
            return finding
        why = finding.by_hand or "This is a test without a role, so apply does nothing about it."
        return replace(finding, by_hand=why, by_apply=False)

    def secrets(self, hosts: Sequence[Host]) -> tuple[str, ...]:
        """Every secret at hand, so that none is filed."""
        held = [self.access.become_password, self.access.vault_password]
        held += [secret for host in hosts for secret in (host.password, host.become_password)]
        names = [host.name for host in hosts]
        first = (self.inventory.variable(name, BOOTSTRAP_PASSWORD) for name in names)
        opened = self.inventory.secrets(names)
        given = (secret.get_secret_value() for secret in held if secret)
        return tuple({*given, *map(str, filter(None, first)), *opened})


@dataclass(frozen=True)
class Targets:
    """Whom a run is about.

    Attributes:
        wanted: Host to the controls it is to have; excluded hosts are not in it.
        excluded: Hosts that were named and are left out, with the reason.
        profiles: The names of all profiles in play.
        asked: The profiles asked for in place of those the hosts declare.
    """

    wanted: Mapping[str, tuple[str, ...]]
    excluded: tuple[Member, ...]
    profiles: tuple[str, ...]
    asked: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Choice:
    """What the user narrowed the run down to.

    Attributes:
        pattern: Hosts and groups, as Ansible writes them.
        limit: A further pattern.
        profiles: In place of those the hosts declare.
        controls: Only these.
    """

    pattern: str = "all"
    limit: str | None = None
    profiles: tuple[str, ...] | None = None
    controls: tuple[str, ...] = ()


def open_workplace(settings: Settings, access: Access) -> Workplace:
    """Read inventory, catalogue and checks.

    Raises:
        UsageError: Something in them is missing or malformed.
    """
    inventory = load_inventory(
        settings.inventory,
        vault_password_file=access.vault_password_file or settings.vault_password_file,
        vault_password=access.vault_password,
        extra=access.extra,
    )
    catalogue = load_catalogue(settings.roles, settings.profile_dirs)
    folders = [role.checks for role in catalogue.roles.values() if role.checks.is_dir()]
    checks = Pool((*folders, *settings.checks), settings.project / ".opsharden" / "checks")
    made_up: dict[str, Control] = {}
    if settings.roles or settings.checks:
        # Ours name their controls, so they can wait until the first host has been reached.
        strange = [found for control, found in checks.items() if control not in catalogue.controls]
        made_up = {check.control: _made_up(check) for check, *_ in strange}
    named = {control for profile in catalogue.profiles.values() for control in profile.controls}
    of_own_roles = tuple(control for control in catalogue.controls if control not in named)
    if made_up:
        digest = content_digest(settings.checks)
        catalogue = replace(
            catalogue, controls={**catalogue.controls, **made_up}, digest=f"{catalogue.digest}+{digest}"
        )
    return Workplace(settings, access, inventory, catalogue, checks, (*of_own_roles, *made_up))


def choose(place: Workplace, choice: Choice) -> Targets:
    """Turn the user's choice into hosts and controls.

    Raises:
        UsageError: A pattern, profile or control that does not exist, or nothing that matches.
    """
    only = set(place.catalogue.known(choice.controls))
    wanted: dict[str, tuple[str, ...]] = {}
    excluded: list[Member] = []
    profiles: dict[str, None] = {}
    for host in place.inventory.select(choice.pattern, choice.limit):
        names = place.profiles(host.name) if choice.profiles is None else choice.profiles
        controls = place.wanted(host.name, choice.profiles)
        chosen = tuple(control for control in controls if not only or control in only)
        if chosen:
            wanted[host.name] = chosen
            profiles.update(dict.fromkeys(names))
        else:
            reason = "none of the chosen controls is in its profiles" if controls else "it declares no profile"
            excluded.append(Member(host.name, HostStatus.EXCLUDED, reason))
    if not wanted:
        raise InventoryError(
            "None of the hosts that match has anything to be checked.",
            f"See the variable {PROFILES} of these hosts, and --profile and --control.",
        )
    return Targets(wanted, tuple(excluded), tuple(profiles), choice.profiles)


def _made_up(check: Check) -> Control:
    title = check.doc or check.item.name.removeprefix("test_").replace("_", " ").capitalize()
    return Control(
        id=check.control,
        title=title,
        why="A test of your own.",
        severity=Severity.MEDIUM,
        role=check.folder.name,
    )
