"""Files of roles as modules: Ansible and pytest find them by path, so the tests do too."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from ansible import module_utils

from opsharden.catalogue import roles_path

# What modules share, they find under Ansible's name, as on a host.
module_utils.__path__ += [str(folder) for folder in roles_path().glob("*/module_utils")]

Run = Callable[..., dict[str, Any]]
"""The fixture `run`: a module, whether in check mode, and its options."""


@cache
def module(role: str, name: str, folder: str = "library") -> ModuleType:
    """A file of a role. It is loaded once: who changes something in it puts that back.

    Args:
        role: The role's name.
        name: The file's, without its ending.
        folder: Below the role's.
    """
    path = roles_path() / role / folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{role}_{folder.replace('/', '_')}_{name}", path)
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses look there
    spec.loader.exec_module(loaded)
    return loaded
