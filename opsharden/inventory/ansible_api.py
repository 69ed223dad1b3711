"""The few doors into Ansible's own reading of inventories: so that a host means here what it means to Ansible.

ansible-core does not promise these classes for good; they are imported here and nowhere else.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import SecretStr

from opsharden.errors import InventoryError, VaultError

# Read by Ansible at its first import. An inventory that cannot be read whole must not be half a fleet.
os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "true"
os.environ["ANSIBLE_LOCALHOST_WARNING"] = "false"
os.environ["ANSIBLE_INVENTORY_UNPARSED_WARNING"] = "false"
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "false"
# Facts of an earlier run, from a cache that the user's ansible.cfg names, are no part of an inventory.
os.environ["ANSIBLE_CACHE_PLUGIN"] = "memory"

from ansible import constants
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import (
    EncryptedString,
    VaultHelper,
    VaultSecret,
    VaultSecretsContext,
    get_file_vault_secret,
)
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, is_trusted_as_template, trust_as_template
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

if constants.INVENTORY_ENABLED == ["host_list", "script", "auto", "yaml", "ini", "toml"]:
    # `auto` reads a whole file just to see that it names no plugin; `yaml` sees that too, in half the time.
    constants.INVENTORY_ENABLED = ["host_list", "script", "yaml", "auto", "ini", "toml"]

T = TypeVar("T")

__all__ = [
    "AnsibleError",
    "EncryptedString",
    "Reading",
    "is_vault",
    "origin",
    "read",
    "reason",
    "split_host_pattern",
    "trusted",
    "written",
]


class Reading:
    """An inventory as Ansible read it."""

    def __init__(self, loader: DataLoader, sources: Sequence[str]) -> None:
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
        """One value with its templates rendered and its vault opened."""
        if _is_plain(value):
            return value
        templar = Templar(loader=self.loader, variables=dict(variables))
        return _with_collections(lambda: templar.template(value))


def read(sources: Sequence[str], vault_password_file: Path | None, vault_password: SecretStr | None) -> Reading:
    """Let Ansible read the sources.

    Raises:
        InventoryError: A source is missing or cannot be parsed.
        VaultError: The password file cannot be read, or a vaulted file does not open.
    """
    for source in sources:
        _precheck(source)
    loader = DataLoader()
    _open_vault(loader, vault_password_file, vault_password)
    with _quiet() as said:
        try:
            return _with_collections(lambda: Reading(loader, sources))
        except AnsibleError as error:
            text = reason(error)
            if is_vault(error):
                raise VaultError(
                    f"The inventory has vaulted content that does not open: {text}", VAULT_ADVICE
                ) from None
            raise InventoryError(
                f"The inventory cannot be read: {text}",
                "`ansible-inventory --list -i ...` shows what Ansible makes of it.",
            ) from None
        finally:
            said.truncate(0)


def _with_collections(work: Callable[[], T]) -> T:
    """Do some work without the plugins and filters of collections, and where that fails, with them.

    Ansible's own programs load them at every start, which takes as long as reading an inventory; few need them.
    """
    try:
        return work()
    except AnsibleError:
        if _loaded:
            raise
        _loaded.append(True)
        init_plugin_loader()
        return work()


_loaded: list[bool] = []


def _is_plain(value: Any) -> bool:
    """Whether there is nothing to render in it: most values are so, and Ansible takes a millisecond to see that."""
    if isinstance(value, str):
        return "{" not in value
    if isinstance(value, dict):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float)


def reason(error: BaseException) -> str:
    """What Ansible says went wrong, in one line."""
    text = " ".join(str(getattr(error, "message", None) or error).split())
    return text if text.endswith(".") else f"{text}."


def is_vault(error: BaseException) -> bool:
    """Whether vaulted content did not open."""
    return any(word in reason(error).lower() for word in ("vault", "decrypt"))


def origin(error: BaseException) -> str:
    """Where in which file it went wrong, after a space and in brackets; nothing where Ansible does not say."""
    seen: BaseException | None = error
    while seen is not None:
        first = str(getattr(seen, "_formatted_source_context", None) or "").partition("\n")[0]
        if first.startswith("Origin: "):
            return f" ({first.removeprefix('Origin: ')})"
        seen = seen.__cause__ or seen.__context__
    return ""


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


# libyaml's reader takes a tenth of the time: 2,000 hosts in 0.07 s.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
VAULT_ADVICE = "Give the password with --vault-password-file FILE or --ask-vault-password."


def _precheck(source: str) -> None:
    """Name a missing source, and the line of a slip in a YAML one, better than a chain of inventory plugins can."""
    path = Path(source)
    if "," in source:
        return
    if not path.exists():
        raise InventoryError(f"There is no inventory at {source}.", "Name one with -i, or in opsharden.toml.")
    if path.suffix in (".yml", ".yaml"):
        try:
            yaml.compose(path.read_text(encoding="utf-8"), Loader=_YAML)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise InventoryError(
                f"The inventory {source} is not valid YAML at line {line}: {error.problem}.",
                "Mind the indentation and the colons there and on the line above.",
            ) from None
        except (OSError, yaml.YAMLError) as error:
            raise InventoryError(f"The inventory {source} cannot be read: {error}.") from None


def _open_vault(loader: DataLoader, file: Path | None, password: SecretStr | None) -> None:
    secrets = []
    try:
        if file is not None:
            secret = get_file_vault_secret(filename=str(file), vault_id="default", loader=loader)
            secret.load()
            secrets.append(("default", secret))
    except AnsibleError as error:
        raise VaultError(f"The vault password file cannot be used: {reason(error)}") from None
    if password is not None:
        secrets.append(("default", VaultSecret(password.get_secret_value().encode())))
    loader.set_vault_secrets(secrets)
    current = VaultSecretsContext.current(optional=True)
    if current is None:
        VaultSecretsContext.initialize(VaultSecretsContext(secrets))
    else:
        # Ansible has one such context per process and no way to replace it.
        current.secrets[:] = secrets


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Ansible warns on stderr about every plugin that did not fit a source; the error that counts is raised."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        yield said
