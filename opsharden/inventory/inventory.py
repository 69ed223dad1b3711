"""The inventory resolved: which hosts, how to reach them, and the value of every variable."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from opsharden.errors import InventoryError, Unresolved, UsageError
from opsharden.inventory import ansible_api, faults, patterns
from opsharden.inventory import excerpt as excerpts
from opsharden.inventory.configuration import not_honoured
from opsharden.inventory.connection import REACH, to_host
from opsharden.inventory.extra import read_extra
from opsharden.inventory.heard import Heard
from opsharden.inventory.reading import Care, read
from opsharden.inventory.specs import NotMeant, Options
from opsharden.inventory.vault import Opened, VaultKeys, open_vault
from opsharden.inventory.vaulted import Vaulted
from opsharden.model import Host

_GRAPH = "`ansible-inventory --graph` shows hosts and groups."


class Inventory:
    """Hosts and variables, as Ansible sees them.

    Attributes:
        sources: As they were named.
        extra: Variables that win over all others, raw.
        options: Of roles, to which values are held.
        vault: The passwords of Ansible Vault, by vault id.
    """

    def __init__(
        self, reading: ansible_api.Reading, sources: Sequence[str], extra: Mapping[str, Any], options: Options
    ) -> None:
        self._reading = reading
        self._lock = threading.Lock()  # Ansible's templating is not made for threads
        self._resolved: dict[str, Mapping[str, Any]] = {}
        self._hosts: dict[str, Host] = {}
        self.sources = tuple(sources)
        self.options = options
        try:
            self.extra: Mapping[str, Any] = ansible_api.trusted(options.meant(extra))
        except NotMeant as error:
            raise InventoryError(f"-e {error}.", _OPTION) from None
        self.vault: Opened = ()

    def select(self, pattern: str = "all", limit: str | None = None) -> tuple[str, ...]:
        """The names of the hosts a pattern names, less what a limit leaves out, in the inventory's order.

        Raises:
            InventoryError: A name that is neither host nor group, or nothing matches.
        """
        manager = self._reading.manager
        for term in (*patterns.terms(pattern), *(patterns.limits(limit) if limit else ())):
            self._known(term)
        try:
            manager.subset(limit)
            names = tuple(host.name for host in manager.get_hosts(pattern))
        except ansible_api.AnsibleError as error:
            raise InventoryError(f"The pattern does not work: {faults.reason(error)}", _GRAPH) from None
        finally:
            manager.subset(None)
        if not names and not self.sources:
            raise InventoryError(
                "No inventory is named, so there are no hosts.",
                "Name one with -i or in opsharden.toml; `opsharden init` makes a project, `localhost` needs none.",
            )
        if not names:
            what = f"{pattern} limited to {limit}" if limit else pattern
            raise InventoryError(f"No host matches {what}.", _GRAPH)
        return names

    def host(self, name: str) -> Host:
        """One host by its inventory name.

        Raises:
            InventoryError: There is no such host.
            Unresolved: How to reach it cannot be made out: a template, a vaulted value, a port that is none.
        """
        if name not in self._hosts:
            if self._reading.manager.get_host(name) is None:
                raise InventoryError(f"There is no host {name} in the inventory.", _GRAPH)
            groups = tuple(self._variables(name).get("group_names", ()))
            self._hosts[name] = to_host(name, lambda wanted, default=None: self.variable(name, wanted, default), groups)
        return self._hosts[name]

    def reach(self, name: str) -> dict[str, Any]:
        """The variables by which Ansible reaches a host, where they are other than written: rendered, opened.

        A run of Ansible may stand elsewhere and see another environment, and would make something else of them.

        Raises:
            Unresolved: One of them cannot be rendered.
        """
        raw = self._variables(name)
        wanted = [each for each in REACH if each in raw and not ansible_api.is_plain(raw[each])]
        found = {each: self.variable(name, each, ansible_api.OMITTED) for each in wanted}
        found = {each: value for each, value in found.items() if value is not ansible_api.OMITTED}
        key = self.host(name).key_file
        own = [each for each in ("ansible_ssh_private_key_file", "ansible_private_key_file") if each in raw]
        found |= {own[0]: str(key)} if own and key else {}
        return {each: _literal(value) for each, value in found.items()}

    @property
    def written_extra(self) -> dict[str, Any]:
        """The extra variables as JSON that Ansible reads back as they were."""
        return {name: _written(value) for name, value in self.extra.items()}

    def typed(self, name: str, of: Iterable[str]) -> dict[str, Any]:
        """Those of a host's values that options of roles are for, each as its option means it.

        Args:
            name: Inventory name.
            of: Options to look at.

        Raises:
            Unresolved: An option cannot take a value; it says which, of whom, and where it was set.
            InventoryError: The same, of a value that all hosts have from the command line.
        """
        raw = self._variables(name)
        found: dict[str, Any] = {}
        for option in of:
            if option not in raw or option not in self.options:
                continue
            try:
                value = self.variable(name, option)
            except Unresolved:
                continue  # a check that asks for it says so; Ansible may know more of it by then
            try:
                found[option] = self.options.held(option, value, secret=self._is_secret(raw[option]))
            except NotMeant as error:
                if option in self.extra:
                    raise InventoryError(f"-e {option} {error}.", _OPTION) from None
                where = faults.source_of(raw[option]) or faults.source_of(next(key for key in raw if key == option))
                raise Unresolved(
                    f"The variable {option} of {name}{f' ({where})' if where else ''} {error}.", _OPTION
                ) from None
        return found

    def values(self, name: str, defaults: Mapping[str, Any]) -> Values:
        """A host's variables over role defaults, each rendered when it is asked for, as its option means it."""
        return Values(self, name, {**ansible_api.trusted(dict(defaults)), **self._variables(name)})

    def variable(self, name: str, wanted: str, default: Any = None) -> Any:
        """One variable of one host, rendered; the default where it has none.

        Raises:
            Unresolved: It cannot be rendered, or is vaulted and does not open.
        """
        variables = self._variables(name)
        value = self._render(name, wanted, variables) if wanted in variables else ansible_api.OMITTED
        return default if value is ansible_api.OMITTED else value

    def sets(self, name: str, wanted: str) -> bool:
        """Whether a host has a variable of that name, and it is not null."""
        return self._variables(name).get(wanted) is not None

    def excerpt(self, names: Iterable[str], besides: object = None) -> Mapping[str, Any] | None:
        """Some hosts as an inventory of their own: their groups, and their variables as they were resolved, raw.

        Args:
            names: Hosts; those that the inventory does not have are left out.
            besides: Values that a run is given on top of these variables.

        Returns:
            For Ansible, as JSON. Vaulted variables stay closed; those of a wholly vaulted file are open, as Ansible has
            read them. None where a run might find something else in it than in the whole, see `excerpt.py`.
        """
        known = [name for name in dict.fromkeys(names) if self._reading.manager.get_host(name) is not None]
        if excerpts.looks_beyond(besides):
            return None
        groups = {name: self._variables(name)["group_names"] for name in known}
        return excerpts.excerpt({name: self._given(name) for name in known}, groups)

    def secrets(self, names: Sequence[str]) -> tuple[str, ...]:
        """Every vaulted value of these hosts that opens, by itself or in a file of such: what must never be filed."""
        found: set[str] = set()
        vaulted = Vaulted()
        for name in names:
            for variable, value in self._given(name).items():
                for leaf in vaulted.secrets(variable, value):
                    try:
                        found.add(str(self._render(name, variable, {**self._variables(name), variable: leaf})))
                    except Unresolved:
                        continue  # what does not open cannot leak
        return tuple(sorted(found))

    @property
    def digest(self) -> str:
        """SHA-256 over the names, groups and addresses of all hosts: the fleet, without its secrets."""
        manager = self._reading.manager
        fleet = {
            host.name: [sorted(group.name for group in host.get_groups()), _closed(host.vars.get("ansible_host", ""))]
            for host in manager.get_hosts("all")
        }
        return sha256(json.dumps(fleet, sort_keys=True).encode()).hexdigest()

    def _known(self, term: str) -> None:
        manager = self._reading.manager
        bare = term.lstrip("!&")
        if bare.startswith("~") or any(sign in bare for sign in "*?[") or bare in manager.groups:
            return
        if bare not in manager.hosts and not manager.get_hosts(bare):
            raise InventoryError(f"{bare} is neither a host nor a group of the inventory.", _GRAPH)

    def _variables(self, name: str) -> Mapping[str, Any]:
        # Kept, since nothing changes them any more and each look merges all groups and folders of variables again.
        with self._lock:
            if name not in self._resolved:
                host = self._reading.manager.get_host(name)
                try:
                    self._resolved[name] = MappingProxyType({**self._reading.variables(host), **self.extra})
                except Exception as error:  # whatever a plugin for variables raises is about them
                    place = faults.origin(error) or f" ({self._reading.loader.last})"
                    what = f"A file with variables of {name}{place}"
                    raise faults.fault(what, "read", error) from None
            return self._resolved[name]

    def _is_secret(self, value: Any) -> bool:
        """Whether there is something vaulted in it, or a template that may fetch something."""
        return not ansible_api.is_plain(value)

    def _given(self, name: str) -> dict[str, Any]:
        """What the inventory and the extra variables give a host, without what Ansible makes up in every run."""
        made_up = self._reading.made_up(self._reading.manager.get_host(name))
        return {variable: value for variable, value in self._variables(name).items() if variable not in made_up}

    def _render(self, name: str, wanted: str, variables: Mapping[str, Any]) -> Any:
        try:
            with self._lock:
                return self._reading.render(variables[wanted], variables)
        except Exception as error:  # lookups and filters raise what they like
            raise faults.fault(f"The variable {wanted} of {name}", "rendered", error) from None


def _literal(value: Any) -> Any:
    """A rendered value in the JSON of Ansible's that keeps it from being rendered once more."""
    return {"__ansible_unsafe": str(value)} if isinstance(value, str) and "{" in value else value


def _closed(value: Any) -> str:
    """A value as text, vaulted ones as they are on file."""
    return json.dumps(_written(value)) if isinstance(value, ansible_api.EncryptedString) else str(value)


def _written(value: Any) -> Any:
    try:
        return ansible_api.written(value)
    except ValueError:
        return value  # a date, say: a play gives it as text


class Values(Mapping[str, Any]):
    """Role defaults and inventory variables of one host, rendered one by one when asked for."""

    def __init__(self, inventory: Inventory, host: str, raw: Mapping[str, Any]) -> None:
        self._inventory = inventory
        self._host = host
        self._raw = raw
        self._rendered: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._rendered:
            if name not in self._raw:
                raise KeyError(name)
            self._rendered[name] = self._typed(name)
        value = self._rendered[name]
        if value is ansible_api.OMITTED:
            raise KeyError(name)
        return value

    def _typed(self, name: str) -> Any:
        value, options = self._inventory._render(self._host, name, self._raw), self._inventory.options
        if name not in options or value is ansible_api.OMITTED:
            return value
        try:
            return options.typed(name, value, secret=self._inventory._is_secret(self._raw[name]))
        except NotMeant as error:
            raise Unresolved(f"The variable {name} of {self._host} {error}.", _OPTION) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


_OPTION = "`meta/argument_specs.yml` of its role says what it is for, `meta/limits.yml` what it can be."


def load_inventory(
    sources: Sequence[str],
    *,
    vault: VaultKeys | None = None,
    extra: Sequence[str] | Mapping[str, Any] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    care: Care | None = None,
) -> Inventory:
    """Read an inventory.

    Args:
        sources: Files, folders, scripts or comma lists, as for Ansible's -i. None at all: only `localhost`.
        vault: What opens vaulted content, beside what Ansible's own settings name.
        extra: Variables that win over all others: texts as for Ansible's -e, or the variables themselves.
        options: Of roles, by name, as their argument specs have them, with their limits; values are held to them.
        care: How to read.

    Raises:
        UsageError: A source is missing or cannot be parsed, extra variables cannot be read or not be meant.
        VaultError: Vaulted content that does not open.
    """
    care = care or Care()
    heard = Heard(care.tell)
    heard.listen()
    for text in not_honoured():
        care.tell(text)
    loader = ansible_api.Loader()
    opened = open_vault(vault or VaultKeys(), loader, care.tell)
    given = ansible_api.trusted(dict(extra)) if isinstance(extra, Mapping) else read_extra(extra, loader)
    try:
        reading = read(sources, loader, heard, care)
    except UsageError:
        heard.tell(failed=True)
        raise
    heard.tell()
    inventory = Inventory(reading, sources, given, Options(options or {}))
    inventory.vault = opened
    return inventory
