"""Writes docs/commands.md from the commands' own --help: `python docs/commands.py`. A test holds the two together."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from opsharden.cli.main import app

_WIDTH = 78
"""What help takes of a terminal of 80."""

PAGE = Path(__file__).with_name("commands.md")
COMMANDS = (
    "",
    "init",
    "bootstrap",
    "verify",
    "apply",
    "runs list",
    "runs show",
    "runs diff",
    "convert",
    "controls list",
    "controls show",
    "controls new",
    "config",
    "content",
    "lab up",
    "lab list",
    "lab down",
)


def page() -> str:
    """The whole page."""
    blocks = [f"## opsharden {name}".rstrip() + f"\n\n```\n{_help(name)}\n```\n" for name in COMMANDS]
    return "# Commands\n\nEach command's own `--help`.\n\n" + "\n".join(blocks)


def _help(name: str) -> str:
    words = [*name.split(), "--help"]
    with patch.object(sys, "argv", ["opsharden", *words]):
        said = CliRunner().invoke(app, words, prog_name="opsharden", terminal_width=_WIDTH).stdout
    return "\n".join(line.rstrip() for line in said.rstrip().splitlines())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
