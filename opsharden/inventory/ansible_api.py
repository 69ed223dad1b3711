"""The few doors into Ansible's own reading of inventories: so that a host means here what it means to Ansible.

ansible-core does not promise these classes for good; they are imported in this room and nowhere else, first here.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from opsharden.errors import SettingsError
from opsharden.inventory.programs import losses
from opsharden.inventory.words import sentence

# Read by Ansible at its first import. An inventory that cannot be read whole must not be half a fleet.
os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "true"
os.environ["ANSIBLE_LOCALHOST_WARNING"] = "false"
os.environ["ANSIBLE_INVENTORY_UNPARSED_WARNING"] = "false"
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "false"
# Facts of an earlier run, from a cache that the user's ansible.cfg names, are no part of an inventory.
os.environ["ANSIBLE_CACHE_PLUGIN"] = "memory"

AT_START = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
"""What Ansible says about its own settings, which it reads when it is imported."""

try:
    with contextlib.redirect_stderr(AT_START):
        from ansible import constants
        from ansible.errors import AnsibleError, AnsibleValueOmittedError
        from ansible.inventory.manager import InventoryManager, split_host_pattern
        from ansible.parsing.dataloader import DataLoader
        from ansible.parsing.vault import EncryptedString, VaultHelper
        from ansible.plugins import inventory as inventory_plugins
        from ansible.plugins.inventory import script as script_plugin
        from ansible.plugins.loader import init_plugin_loader
        from ansible.template import Templar, is_trusted_as_template, trust_as_template
        from ansible.utils.display import Display
        from ansible.vars import manager as vars_manager
        from ansible.vars.hostvars import HostVars
        from ansible.vars.manager import VariableManager
except ImportError:
    raise
except Exception as error:
    if isinstance(error, FileNotFoundError) and not error.filename:  # os.getcwd()
        raise SettingsError("The folder we stand in is gone.", "`cd` to the project's folder.") from None
    raise SettingsError(
        f"Ansible's own settings cannot be read: {sentence(str(error))}",
        "See the file that ANSIBLE_CONFIG names, else ansible.cfg here, ~/.ansible.cfg, /etc/ansible/ansible.cfg.",
    ) from None

constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True  # also where somebody has imported Ansible before us

if constants.INVENTORY_ENABLED == ["host_list", "script", "auto", "yaml", "ini", "toml"]:
    # `auto` reads a whole file just to see that it names no plugin; `yaml` sees that too, in half the time.
    constants.INVENTORY_ENABLED = ["host_list", "script", "yaml", "auto", "ini", "toml"]

_clean_facts = vars_manager.clean_facts
# Facts there are none of here; to clean none, Ansible lists its folders of plugins anew for each host: half the time.
vars_manager.clean_facts = lambda facts: _clean_facts(facts) if facts else {}

_expand = inventory_plugins.expand_hostname_range


def _range(line: str | None = None) -> list[str]:
    """The hosts of a range; Ansible says neither which range is wrong nor that one names nobody."""
    try:
        found: list[str] = _expand(line)
    except (AnsibleError, ValueError) as error:
        why = str(error) if isinstance(error, AnsibleError) else "what is in [ ] has to be a range such as [01:20]"
        raise AnsibleError(f"{line}: {why}") from None
    if not found:
        Display().warning(f"Skipping the range {line}, which names no host")
    return found


inventory_plugins.expand_hostname_range = _range

_run = script_plugin.run_command


def _run_program(path: str, options: list[str], origin: Any) -> Any:
    """What an inventory program prints; Ansible says little of what it leaves out of that."""
    answer = _run(path, options, origin)
    for text in losses(answer[0]) if options == ["--list"] else ():
        Display().warning(text)
    return answer


script_plugin.run_command = _run_program

T = TypeVar("T")

__all__ = [
    "OMITTED",
    "AnsibleError",
    "Display",
    "EncryptedString",
    "Loader",
    "Reading",
    "constants",
    "load_collections",
    "split_host_pattern",
    "trusted",
    "written",
]

OMITTED = object()
"""What a value renders to that says of itself that it is not there: `{{ x | default(omit) }}`."""


class Loader(DataLoader):  # type: ignore[misc] # Ansible ships no types
    """Ansible's reader of files, which knows what it read last.

    Attributes:
        last: The file, for where Ansible does not say which one is wrong.
    """

    last = ""

    def load_from_file(self, file_name: str, *args: Any, **how: Any) -> Any:
        """Load a file of YAML or JSON."""
        self.last = str(file_name)
        return super().load_from_file(file_name, *args, **how)


class Reading:
    """An inventory as Ansible read it."""

    def __init__(self, loader: Loader, sources: Sequence[str]) -> None:
        self.loader = loader
        self.manager = InventoryManager(loader=loader, sources=list(sources))
        self._variables = VariableManager(loader=loader, inventory=self.manager)
        # As for `ansible-inventory`: variables lie beside the inventory, not in the working directory.
        self._variables.safe_basedir = False
        HostVars(inventory=self.manager, variable_manager=self._variables, loader=loader)
        self._made_up = frozenset((*self._variables.get_vars(), "ansible_facts"))

    def variables(self, host: Any) -> dict[str, Any]:
        """All variables of one host, raw: templates not rendered, vaulted values closed."""
        return dict(self._variables.get_vars(host=host))

    def made_up(self, host: Any) -> frozenset[str]:
        """The names of those variables that no inventory gives: Ansible makes them up in every run."""
        return self._made_up.union(host.get_magic_vars())

    def render(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """One value with its templates rendered and its vault opened; `OMITTED` where it says that it is not there."""
        if is_plain(value):
            return value
        templar = Templar(loader=self.loader, variables=dict(variables))
        try:
            return _with_collections(lambda: templar.template(value))
        except AnsibleValueOmittedError:
            return OMITTED


def load_collections() -> None:
    """Make the plugins and filters of collections known, once.

    Ansible's own programs do so at every start, which takes as long as reading an inventory; few need them.
    """
    if not _loaded:
        _loaded.append(True)
        init_plugin_loader()


_loaded: list[bool] = []


def _with_collections(work: Callable[[], T]) -> T:
    """Do some work without the plugins and filters of collections, and where that fails, with them."""
    try:
        return work()
    except AnsibleValueOmittedError:
        raise
    except AnsibleError:
        if _loaded:
            raise
        load_collections()
        return work()


def is_plain(value: Any) -> bool:
    """Whether there is nothing to render in it: most values are so, and Ansible takes a millisecond to see that."""
    if isinstance(value, str):
        return "{" not in value
    if isinstance(value, dict):
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, bool | int | float)


def trusted(value: Any) -> Any:
    """The value with every string in it marked as one that Ansible may render."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {name: trusted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [trusted(inner) for inner in value]
    return value


def written(value: Any) -> Any:
    """A raw value in Ansible's own JSON, from which Ansible reads it back as it was.

    Templates stay templates, text that is none stays so, vaulted values stay vaulted.

    Raises:
        ValueError: Of this value there is no such form: a date, for one, or a mapping whose keys are numbers.
    """
    if (vaulted := VaultHelper.get_ciphertext(value, with_tags=False)) is not None:
        return {"__ansible_vault": str(vaulted)}
    if isinstance(value, str):
        return str(value) if is_trusted_as_template(value) else {"__ansible_unsafe": str(value)}
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        return [written(inner) for inner in value]
    if isinstance(value, dict) and all(isinstance(name, str) and not name.startswith("__") for name in value):
        return {str(name): written(inner) for name, inner in value.items()}
    raise ValueError(f"a {type(value).__name__} cannot be written")
