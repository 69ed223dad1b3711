from __future__ import annotations

import inspect
import re

from opsharden import errors
from opsharden.errors import OpshardenError


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Name and exit code of every class, as the docstring draws them."""
    drawn = dict(re.findall(r"(\w+)\s+(\d+)\s{3}", errors.__doc__ or ""))
    real = {
        name: str(kind.exit_code)
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, OpshardenError)
    }
    assert drawn == real
