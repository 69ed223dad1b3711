"""Whatever is printed is harmless, since all of it is printed in one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

import opsharden
from opsharden.cli import console

ACTING = "\x1b[31m\x1b]0;owned\x07 \u202egnp.exe \x9b2J \x00 \ud83d [red]x[/red] :smile:"
SEEN = "\\x1b[31m\\x1b]0;owned\\x07 \\u202egnp.exe \\x9b2J \\x00 \\ud83d [red]x[/red] :smile:"

FOLDER = Path(opsharden.__file__).parent
WRITES = {("typer", "echo"), ("click", "echo"), ("stdout", "write"), ("stderr", "write"), ("rich", "print")}


def table() -> Table:
    made = Table("host", box=None)
    made.add_row(Text(ACTING))
    return made


THINGS = (ACTING, Text(ACTING), table(), Panel(Text(ACTING)))


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize("stream", [console.stdout, console.stderr])
def test_nothing_that_is_printed_acts(stream: object, thing: object, capfd: pytest.CaptureFixture[str]) -> None:
    assert callable(stream)
    stream().print(thing, markup=False, highlight=False, soft_wrap=True)
    printed = "".join(capfd.readouterr())
    assert not set(printed) & set(ACTING.replace("\n", "")) & set("\x1b\x07\u202e\x9b\x00\ud83d")
    assert "\\x1b[31m" in printed


def test_what_is_said_is_said_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    console.say(ACTING)
    assert capfd.readouterr().err == f"{SEEN}\n"


def test_colours_of_our_own_stay() -> None:
    text = StringIO()
    console._harmless(Console(file=text, force_terminal=True, color_system="standard", width=200)).print(
        Text(ACTING, "green")
    )
    assert text.getvalue().startswith("\x1b[32m\\x1b[31m")


def test_what_a_terminal_cannot_encode_is_no_crash() -> None:
    raw = BytesIO()
    with TextIOWrapper(raw, encoding="ascii") as file:
        console._harmless(Console(file=file, width=200)).print("  → grüße", markup=False)
        file.flush()
        assert raw.getvalue() == b"  \\u2192 gr\\xfc\\xdfe\n"


def other_ways(tree: ast.AST) -> Iterator[int]:
    """Lines that print in another way than through the consoles of cli/console.py."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in ("print", "Console"):
            yield node.lineno
        if isinstance(called, ast.Attribute):
            owner = called.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if (name, called.attr) in WRITES:
                yield node.lineno


@pytest.mark.parametrize("path", sorted((FOLDER / "cli").glob("*.py")), ids=lambda path: path.name)
def test_every_command_prints_through_the_two_consoles(path: Path) -> None:
    if path.name != "console.py":
        assert list(other_ways(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("room", sorted(each.name for each in FOLDER.iterdir() if (each / "__init__.py").exists()))
def test_no_room_below_prints(room: str) -> None:
    if room == "cli":
        return
    for path in (FOLDER / room).rglob("*.py"):
        # What runs on hosts or inside of Ansible has a protocol to speak, and no user in front of it.
        if not {"helper", "standby", "callback", "connection"} & set(path.parts) and path.name != "terminal.py":
            assert list(other_ways(ast.parse(path.read_text(encoding="utf-8")))) == [], path


def test_the_search_finds_what_it_looks_for() -> None:
    text = "print(1)\ntyper.echo(2)\nsys.stderr.write(3)\nConsole()\nconsole.print(4)\nrich.print(5)"
    assert sorted(other_ways(ast.parse(text))) == [1, 2, 3, 4, 6]
