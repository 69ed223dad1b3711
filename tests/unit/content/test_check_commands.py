"""No check puts together a command by itself: what comes from a host or an inventory would reach a shell as root."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsharden.catalogue import load_catalogue

ASKS = {"run", "check_output", "run_test", "run_expect"}
FILES = [path for folder in load_catalogue().check_folders for path in sorted(folder.rglob("*.py"))]


def made_up(tree: ast.AST) -> Iterator[int]:
    """Lines where a host is asked something that is neither a literal nor a constant of the module.

    testinfra quotes what is handed over beside it: `host.check_output("cat %s", path)`.
    """
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKS):
            continue
        asked = node.args[int(node.func.attr == "run_expect")] if node.args else None
        literal = isinstance(asked, ast.Constant) and isinstance(asked.value, str)
        constant = isinstance(asked, ast.Name) and asked.id.isupper()
        if not literal and not constant:
            yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parents[1].name}/{path.name}")
def test_checks_leave_the_quoting_to_testinfra(path: Path) -> None:
    assert list(made_up(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "source",
    [
        'host.run(f"cat {path}")',
        'host.check_output("cat {}".format(path))',
        'host.run("cat " + path)',
        'host.check_output("cat %s" % path)',
        "host.run_expect([0], command)",
        "host.run_test(LOOK.format(path))",
        "host.run(*words)",
    ],
)
def test_what_a_check_puts_together_is_noticed(source: str) -> None:
    assert list(made_up(ast.parse(source))) == [1]


@pytest.mark.parametrize("source", ['host.run("cat %s", path)', "host.check_output(LOOK)", 'host.run("true")'])
def test_what_testinfra_quotes_is_fine(source: str) -> None:
    assert list(made_up(ast.parse(source))) == []
