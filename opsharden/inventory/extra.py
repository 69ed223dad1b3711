"""Extra variables, as Ansible's -e takes them: name=value, YAML, or a file of YAML, vaulted or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible.parsing.splitter import parse_kv
from ansible.utils.vars import combine_vars

from opsharden.errors import UsageError, VaultError
from opsharden.inventory import faults
from opsharden.inventory.ansible_api import AnsibleError, Loader, trusted

_WAYS = "Write name=value, {name: value}, or @FILE."


def read_extra(given: Sequence[str], loader: Loader) -> dict[str, Any]:
    """Variables from texts of the command line, later ones over earlier ones, raw.

    What stands in them is never repeated in an error: passwords do.

    Raises:
        UsageError: A text or a file is no set of variables.
        VaultError: A vaulted file does not open.
    """
    found: dict[str, Any] = {}
    for number, text in enumerate(given, 1):
        if not text:
            continue
        what = f"--extra-vars {text}" if text.startswith("@") else f"--extra-vars no. {number}"
        try:
            variables = _read(text, loader)
        except AnsibleError as error:
            if faults.is_vault(error):
                raise VaultError(
                    f"{what} is vaulted and no vault password at hand opens it.", faults.VAULT_ADVICE
                ) from None
            line = faults.origin(error).rpartition(":")[2].rstrip(")")
            where = f" at line {line}" if line.isdigit() else ""
            raise UsageError(f"{what} cannot be read: it is no valid YAML{where}.", _WAYS) from None
        except UnicodeDecodeError:
            raise UsageError(f"{what} is not written in UTF-8.", "Save it as UTF-8.") from None
        except OSError as error:
            raise UsageError(f"{what} cannot be read: {error.strerror or 'it is no file'}.") from None
        except (TypeError, ValueError):
            raise UsageError(f"{what} is not a set of names and values.", _WAYS) from None
        found = combine_vars(found, variables)
    return found


def _read(text: str, loader: Loader) -> dict[str, Any]:
    if text.startswith("@"):
        path = Path(text[1:]).expanduser()
        path.open("rb").close()  # says why better than Ansible does
        if not path.is_file():
            raise OSError
        _ = path.read_bytes().decode() if not path.read_bytes().startswith(b"$ANSIBLE_VAULT") else ""
        variables = loader.load_from_file(str(path.absolute()), cache="none", trusted_as_template=True)
    elif text.lstrip().startswith(("{", "[")):
        variables = trusted(loader.load(text.lstrip(), show_content=False))
    else:
        variables = trusted(parse_kv(text))
        if "_raw_params" in variables:
            raise ValueError
    if not isinstance(variables, dict) or not all(isinstance(name, str) for name in variables):
        raise TypeError
    return variables
