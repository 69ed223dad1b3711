"""The fixtures and the marker of our checks, for plain `pytest --hosts=... roles/<domain>/checks`.

When opsharden itself judges, it hands `values`, `peer` and `asset` to the checks from the inventory. In plain pytest
they come from the role's own defaults, and from an inventory where one is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden.probe.judging.marker import Wants, declare_marker, once_for_each

_VALUES_HELP = "YAML file of values that checks read, over the defaults of their role."


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one option of plain runs."""
    parser.getgroup("opsharden").addoption("--opsharden-values", metavar="FILE", default=None, help=_VALUES_HELP)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    declare_marker(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a check of a kind there once for each control of that kind in the roles beside it."""
    if metafunc.definition.get_closest_marker("kind"):
        once_for_each(metafunc, _wants(metafunc.definition.path.parents[3]))


def _wants(roles: Path) -> Wants:
    """What controls that are data want, from all roles in a folder."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(roles.glob("*/controls.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            if "kind" in entry:
                found.setdefault(entry["kind"], {})[entry["id"]] = entry["want"]
    return found


@pytest.fixture
def values(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """The role's values for the host: its defaults, and over them what --opsharden-values says.

    A check of a kind has those of all roles beside it, whose controls it judges.
    """
    found: dict[str, Any] = {}
    given = request.config.getoption("--opsharden-values")
    of_kind = request.node.get_closest_marker("kind") is not None
    roles = request.path.parents[3].glob("*") if of_kind else (request.path.parents[1],)
    for path in (*(role / "defaults" / "main.yml" for role in roles), *([Path(given)] if given else ())):
        if path.exists():
            found.update(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    return found


@pytest.fixture
def asset(host: Any) -> str:
    """The inventory name of the host under check."""
    return str(host.backend.get_hostname())


@pytest.fixture
def peer(request: pytest.FixtureRequest, host: Any) -> Callable[[str], Any]:
    """Another host of the inventory, to look from there: in plain runs reached the way the host itself is."""
    import testinfra  # noqa: PLC0415 - only checks that look from elsewhere pay for it

    def reach(name: str) -> Any:
        kind = host.backend.get_connection_type()
        option = request.config.getoption
        return testinfra.get_host(
            f"{kind}://{name}",
            ssh_config=option("--ssh-config"),
            ssh_identity_file=option("--ssh-identity-file"),
            sudo=option("--sudo"),
        )

    return reach
