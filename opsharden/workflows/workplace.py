"""What every verb works with: the settings, the inventory, the catalogue and the checks of one invocation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from opsharden.catalogue import Catalogue, content_digest, load_catalogue
from opsharden.errors import CatalogueError, Unresolved
from opsharden.inventory import Care, Inventory, Opened, VaultKeys, load_inventory
from opsharden.model import Control, Finding, Host, Profile, Severity, Verdict
from opsharden.probe import Check, Patience, Pool
from opsharden.redaction import told
from opsharden.settings import Settings
from opsharden.workflows.login import with_account

PROFILES = "opsharden_profiles"
"""The inventory variable by which a host or group declares its profiles."""

BOOTSTRAP_PASSWORD = "bootstrap_password"  # noqa: S105 - a variable's name
"""The inventory variable with the password of the first login, vaulted or not."""


@dataclass(frozen=True)
class Access:
    """What the user gave to get in, beyond what the inventory says.

    Attributes:
        become_password: For hosts whose inventory entry has none.
        vault: Opens vaulted values.
        extra: Variables that win over all others, as on the command line.
    """

    become_password: SecretStr | None = None
    vault: VaultKeys = field(default_factory=VaultKeys)
    extra: tuple[str, ...] = ()


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

    @cached_property
    def known_hosts(self) -> tuple[Path, ...]:
        """Where pinned host keys are looked up: the project's own first, then what ssh itself trusts."""
        system = (Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts"))
        return (self.settings.known_hosts, *(path for path in system if path.is_file()))

    @property
    def patience(self) -> Patience:
        """How long a host is waited for."""
        return Patience(self.settings.connect_timeout, self.settings.command_timeout, self.settings.host_timeout)

    @cached_property
    def key(self) -> Path | None:
        """The project's automation key, offered to hosts whose inventory entry names none."""
        path = self.settings.keys / "automation"
        return path if path.is_file() else None

    def host(self, name: str) -> Host:
        """A host with what the user gave to get in."""
        host = with_account(self.inventory.host(name), self.key)
        if host.key_file is None and host.password is None:
            host = replace(host, key_file=self.key)
        given = self.access.become_password
        return host if given is None or host.become_password else replace(host, become_password=given)

    @property
    def extra(self) -> Mapping[str, Any]:
        """Variables that win over all others, as JSON that Ansible reads back as they were."""
        return self.inventory.written_extra

    @property
    def vault(self) -> Opened:
        """The passwords of Ansible Vault, by vault id, in the order in which they are tried."""
        return self.inventory.vault

    def reach(self, host: str) -> dict[str, Any]:
        """Variables by which Ansible reaches a host, resolved here: elsewhere it may make something else of them."""
        return self.inventory.reach(host)

    def typed(self, host: str, profiles: Sequence[str] | None = None) -> dict[str, Any]:
        """What a host sets for the roles it is to have, each value as its option means it.

        Raises:
            Unresolved: A value that its option cannot take, or none where there must be one.
        """
        owners = {self.catalogue.controls[control].role for control in self.wanted(host, profiles)}
        roles = [role for name, role in self.catalogue.roles.items() if name in owners]
        for role in roles:
            for option, spec in role.options.items():
                if spec.get("required") and option not in self.values(host):
                    raise Unresolved(f"The variable {option} of {host} is not set, and the role {role.name} needs it.")
        return self.inventory.typed(host, [option for role in roles for option in role.options])

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
        """The names of the profiles a host declares, or the project's where it declares none.

        Raises:
            Unresolved: They are no names of profiles.
        """
        declared = self.inventory.variable(host, PROFILES, self.settings.profiles)
        if isinstance(declared, str):
            declared = [name.strip() for name in declared.split(",") if name.strip()]
        if not isinstance(declared, list | tuple):
            raise Unresolved(f"The variable {PROFILES} of {host} is no list.", f"Write {PROFILES}: [baseline-1]")
        for name in map(str, declared):
            if name not in self.catalogue.profiles:
                known = ", ".join(sorted(self.catalogue.profiles))
                raise Unresolved(f"There is no profile {name}, which {host} declares.", f"Profiles are: {known}.")
        return tuple(map(str, declared))

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
        held = [self.access.become_password, *(password for _, password in self.vault)]
        held += [secret for host in hosts for secret in (host.password, host.become_password)]
        names = [host.name for host in hosts]
        first = map(self._first_password, names)
        opened = self.inventory.secrets(names)
        given = (secret.get_secret_value() for secret in held if secret)
        return tuple({*given, *filter(None, first), *opened, *told(self.extra)})

    def _first_password(self, host: str) -> str:
        try:
            return str(self.inventory.variable(host, BOOTSTRAP_PASSWORD) or "")
        except Unresolved:
            return ""  # what does not open cannot leak


def open_workplace(settings: Settings, access: Access, tell: Callable[[str], None] = lambda text: None) -> Workplace:
    """Read inventory, catalogue and checks.

    Args:
        settings: Of this invocation.
        access: What the user gave to get in.
        tell: Told what the user should know of them and what is no error.

    Raises:
        UsageError: Something in them is missing or malformed.
    """
    catalogue = load_catalogue(settings.roles, settings.profile_dirs)
    inventory = load_inventory(
        settings.inventory,
        vault=_keys(settings, access),
        extra=access.extra,
        options={name: spec for role in catalogue.roles.values() for name, spec in role.options.items()},
        care=Care(settings.inventory_strict, settings.inventory_timeout, tell),
    )
    catalogue = replace(
        catalogue, profiles={name: _meant(inventory, each) for name, each in catalogue.profiles.items()}
    )
    folders = (*catalogue.check_folders, *settings.checks)
    checks = Pool(folders, settings.project / ".opsharden" / "checks", catalogue.wants)
    made_up: dict[str, Control] = {}
    if settings.roles or settings.checks:
        # Ours name their controls, so they can wait until the first host has been reached.
        strange = [found for control, found in checks.items() if control not in catalogue.controls]
        made_up = {check.control: _made_up(check) for check, *_ in strange}
    named = {control for profile in catalogue.profiles.values() for control in profile.controls}
    of_own_roles = tuple(control for control in catalogue.controls if control not in named)
    if settings.checks:  # also those that judge a control of ours
        catalogue = replace(catalogue, digest=f"{catalogue.digest}+{content_digest(settings.checks)}")
    catalogue = replace(catalogue, controls={**catalogue.controls, **made_up})
    return Workplace(settings, access, inventory, catalogue, checks, (*of_own_roles, *made_up))


def _keys(settings: Settings, access: Access) -> VaultKeys:
    given = access.vault
    files = given.files or tuple((settings.vault_password_file,) if settings.vault_password_file else ())
    return replace(given, ids=(*settings.vault_identity_list, *given.ids), files=files)


def _meant(inventory: Inventory, profile: Profile) -> Profile:
    """A profile with its values as the options of roles mean them."""
    try:
        return replace(profile, values=inventory.options.meant(profile.values))
    except ValueError as error:
        raise CatalogueError(f"In the profile {profile.name}, {error}.") from None


def _made_up(check: Check) -> Control:
    title = check.doc or check.item.name.removeprefix("test_").replace("_", " ").capitalize()
    return Control(
        id=check.control,
        title=title,
        why="A test of your own.",
        severity=Severity.MEDIUM,
        role=check.folder.name,
    )
