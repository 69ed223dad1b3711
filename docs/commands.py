"""Writes docs/commands.md from the commands' own --help: `python docs/commands.py`. A test holds the two together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
    command = [sys.executable, "-m", "opsharden", *name.split(), "--help"]
    env = {**os.environ, "COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1"}
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    lines = said.replace("python -m opsharden", "opsharden").rstrip().splitlines()
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
