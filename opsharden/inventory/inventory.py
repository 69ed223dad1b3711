"""The inventory resolved: which hosts, how to reach them, and the value of every variable."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from opsharden.errors import InventoryError, VaultError
from opsharden.inventory import ansible_api
from opsharden.inventory import excerpt as excerpts
from opsharden.inventory.connection import to_host
from opsharden.model import Host


class Inventory:
    """Hosts and variables, as Ansible sees them."""

    def __init__(self, reading: ansible_api.Reading, sources: Sequence[str], extra: Mapping[str, Any]) -> None:
        self._reading = reading
        self._extra = dict(extra)
        self._lock = threading.Lock()  # Ansible's templating is not made for threads
        self._resolved: dict[str, Mapping[str, Any]] = {}
        self.sources = tuple(sources)

    def select(self, pattern: str = "all", limit: str | None = None) -> tuple[Host, ...]:
        """The hosts a pattern names, less what a limit leaves out, in the inventory's order.

        Raises:
            InventoryError: A name that is neither host nor group, or nothing matches.
        """
        manager = self._reading.manager
        for text in filter(None, (pattern, limit)):
            self._known(text)
        manager.subset(limit)
        try:
            names = [host.name for host in manager.get_hosts(pattern)]
        except ansible_api.AnsibleError as error:
            raise InventoryError(f"The pattern does not work: {ansible_api.reason(error)}") from None
        finally:
            manager.subset(None)
        if not names and not self.sources:
            raise InventoryError(
                "No inventory is named, so there are no hosts.",
                "Name one with -i or in opsharden.toml; `opsharden init` makes a project, `localhost` needs none.",
            )
        if not names:
            what = f"{pattern} limited to {limit}" if limit else pattern
            raise InventoryError(f"No host matches {what}.", "`ansible-inventory --graph` shows hosts and groups.")
        return tuple(self.host(name) for name in names)

    def host(self, name: str) -> Host:
        """One host by its inventory name.

        Raises:
            InventoryError: There is no such host.
            VaultError: Its connection needs a vaulted value and no password opens it.
        """
        found = self._reading.manager.get_host(name)
        if found is None:
            raise InventoryError(f"There is no host {name} in the inventory.")
        variables = self._variables(name)

        def variable(wanted: str, default: Any = None) -> Any:
            return self._render(name, wanted, variables) if wanted in variables else default

        return to_host(name, variable, tuple(variables.get("group_names", ())))

    def values(self, name: str, defaults: Mapping[str, Any]) -> Values:
        """A host's variables over role defaults, each rendered when it is asked for."""
        return Values(self, name, {**ansible_api.trusted(dict(defaults)), **self._variables(name)})

    def variable(self, name: str, wanted: str, default: Any = None) -> Any:
        """One variable of one host, rendered; the default where it has none."""
        variables = self._variables(name)
        return self._render(name, wanted, variables) if wanted in variables else default

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
        """Every vaulted value of these hosts that opens: what must never be filed."""
        found: set[str] = set()
        for name in names:
            for variable, value in self._given(name).items():
                for leaf in excerpts.leaves(value):
                    if isinstance(leaf, ansible_api.EncryptedString):
                        try:
                            found.add(str(self._render(name, variable, {**self._variables(name), variable: leaf})))
                        except VaultError:
                            continue  # what does not open cannot leak
        return tuple(sorted(found))

    @property
    def digest(self) -> str:
        """SHA-256 over the names, groups and addresses of all hosts: the fleet, without its secrets."""
        manager = self._reading.manager
        fleet = {
            host.name: [sorted(group.name for group in host.get_groups()), str(host.vars.get("ansible_host", ""))]
            for host in manager.get_hosts("all")
        }
        return sha256(json.dumps(fleet, sort_keys=True).encode()).hexdigest()

    def _known(self, text: str) -> None:
        manager = self._reading.manager
        for term in ansible_api.split_host_pattern(text):
            bare = term.lstrip("!&")
            if bare.startswith(("@", "~")) or any(sign in bare for sign in "*?[") or bare in manager.groups:
                continue
            if not manager.get_hosts(bare):
                raise InventoryError(
                    f"{bare} is neither a host nor a group of the inventory.",
                    "`ansible-inventory --graph` shows hosts and groups.",
                )

    def _variables(self, name: str) -> Mapping[str, Any]:
        # Kept, since nothing changes them any more and each look merges all groups and folders of variables again.
        with self._lock:
            if name not in self._resolved:
                host = self._reading.manager.get_host(name)
                try:
                    self._resolved[name] = MappingProxyType({**self._reading.variables(host), **self._extra})
                except ansible_api.AnsibleError as error:
                    raise _fault(f"A file with variables of {name}{ansible_api.origin(error)}", "read", error) from None
            return self._resolved[name]

    def _given(self, name: str) -> dict[str, Any]:
        """What the inventory and the extra variables give a host, without what Ansible makes up in every run."""
        made_up = self._reading.made_up(self._reading.manager.get_host(name))
        return {variable: value for variable, value in self._variables(name).items() if variable not in made_up}

    def _render(self, name: str, wanted: str, variables: Mapping[str, Any]) -> Any:
        try:
            with self._lock:
                return self._reading.render(variables[wanted], variables)
        except ansible_api.AnsibleError as error:
            raise _fault(f"The variable {wanted} of {name}", "rendered", error) from None


def _fault(what: str, purpose: str, error: BaseException) -> InventoryError | VaultError:
    if ansible_api.is_vault(error):
        return VaultError(f"{what} is vaulted and no vault password at hand opens it.", ansible_api.VAULT_ADVICE)
    return InventoryError(f"{what} cannot be {purpose}: {ansible_api.reason(error)}")


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
            self._rendered[name] = self._inventory._render(self._host, name, self._raw)
        return self._rendered[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def load_inventory(
    sources: Sequence[str],
    *,
    vault_password_file: Path | None = None,
    vault_password: SecretStr | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Inventory:
    """Read an inventory.

    Args:
        sources: Files, folders, scripts or comma lists, as for Ansible's -i. None at all: only `localhost`.
        vault_password_file: A file with the vault password, or a program that prints it.
        vault_password: The vault password itself.
        extra: Variables that win over all others, as for Ansible's -e.

    Raises:
        InventoryError: A source is missing or cannot be parsed.
        VaultError: Vaulted content that does not open.
    """
    reading = ansible_api.read(sources, vault_password_file, vault_password)
    return Inventory(reading, sources, ansible_api.trusted(dict(extra or {})))
