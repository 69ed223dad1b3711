"""The command `opsharden`: verbs are loaded when they are called, so that --help answers at once."""

from __future__ import annotations

import atexit
import gc
import importlib
import inspect
import os
import signal
import sys
import tempfile
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from opsharden import __version__
from opsharden.cli import misuse
from opsharden.errors import OpshardenError, UsageError
from opsharden.visible import visible

_OVERVIEW = f"{__name__}.overview"
"""Set in a context whose commands are only listed."""

VERBS = {
    "init": ("opsharden.cli.init", "init", "Make a folder to work in: settings, inventory, keys."),
    "bootstrap": ("opsharden.cli.bootstrap", "bootstrap", "Make new hosts ready: python3, automation account, key."),
    "verify": ("opsharden.cli.verify", "verify", "Look at every host and say which controls hold."),
    "apply": ("opsharden.cli.apply", "apply", "Bring about what fails, then verify again."),
    "runs": ("opsharden.cli.runs", "app", "What was done: list, show, diff."),
    "convert": ("opsharden.cli.convert", "convert", "Render a filed run again, in another format."),
    "controls": ("opsharden.cli.controls", "app", "The catalogue: list, show, new."),
    "config": ("opsharden.cli.config", "config", "The settings that hold here, and where each comes from."),
    "content": ("opsharden.cli.content", "content", "Where our roles and playbooks lie, for plain Ansible."),
    "lab": ("opsharden.cli.lab", "app", "Throwaway real hosts on this machine, to try things on."),
}
"""Verb to its module, its attribute there (a command's function or a typer app), and its line in the help."""


class _Verbs(TyperGroup):
    """A group that imports a verb's module when the verb is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs, in the order of their use."""
        return list(VERBS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The overview, which shows names and help lines only."""
        ctx.meta[_OVERVIEW] = True
        super().format_commands(ctx, formatter)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb's command; for the overview, a stand-in."""
        if cmd_name not in VERBS:
            return None
        module, attribute, line = VERBS[cmd_name]
        found = _stand_in if _OVERVIEW in ctx.meta else getattr(importlib.import_module(module), attribute)
        return _command(found, cmd_name, line)


def _command(found: Any, name: str, line: str) -> Any:
    app = found
    if not isinstance(found, typer.Typer):
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, short_help=line)(found)
    command = typer.main.get_command(app)
    command.name = name
    for each in (command, *getattr(command, "commands", {}).values()):
        each.help = _lines_kept(each.help or "")
    return command


def _lines_kept(text: str) -> str:
    """A help text whose examples are not run together: click keeps a paragraph as it is behind a backspace."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(f"\b\n{part}" if "\n  " in part else part for part in paragraphs)


def _stand_in() -> None: ...


app = typer.Typer(
    cls=_Verbs,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Bring the hosts of an Ansible inventory to a declared state, prove it from the outside, file the proof.",
    epilog="Exit codes: 0 clean, 1 our error, 2 usage, 3 findings, 4 incomplete.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from opsharden.cli.console import stdout  # noqa: PLC0415 - what prints takes time to load

        stdout().print(f"opsharden {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and leave."
    ),
) -> None:
    """Only for options that stand before any verb."""


def run() -> None:
    """Entry point: errors as sentences, Ctrl-C and SIGTERM alike, and the exit code."""
    # What is loaded at the start stays to the end: to look for garbage in it again and again takes a tenth of it.
    gc.set_threshold(200_000)
    # At the end Python would go through all of it once more, to free what the process gives back anyway.
    atexit.register(gc.freeze)
    # pydantic would look through every installed package for plugins of its own: none is wanted.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(app(args=_arguments(sys.argv[1:]), prog_name="opsharden", standalone_mode=False) or 0)
    except OpshardenError as error:
        _say(error)
        sys.exit(error.exit_code)
    except misuse.REFUSED as error:
        asked = misuse.help_asked(error)
        if asked:
            _say_line(asked)
        else:
            _say(misuse.explained(error, sys.argv[1:]))
        sys.exit(UsageError.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output is gone (`| head`): nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        _bug(error)
        sys.exit(1)


def _arguments(given: list[str]) -> list[str]:
    given = ["--output" if word == "-o" else word for word in given]
    if "--output" not in given:
        return given
    from opsharden.report.outputs import spread  # noqa: PLC0415 - only who asks for reports pays for them

    return spread(given)


def _interrupt(number: int, frame: Any) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one is harsher
    raise KeyboardInterrupt


def _say(error: OpshardenError) -> None:
    kind = "usage" if isinstance(error, UsageError) else "error"
    _say_line(f"opsharden: {kind}: {error.message}")
    if error.advice:
        _say_line(f"  → {error.advice}")


def _say_line(line: str) -> None:
    from opsharden.cli.console import say  # noqa: PLC0415 - what prints takes time to load

    say(line)


def _bug(error: Exception) -> None:
    """A mistake of ours: its traceback goes to a file that can be sent to us, not into the user's face."""
    from opsharden.cli.commandline import hushed  # noqa: PLC0415 - as above

    with tempfile.NamedTemporaryFile("w", prefix="opsharden-bug-", suffix=".txt", delete=False) as file:
        file.write(visible(hushed("".join(traceback.format_exception(error)), sys.argv[1:])))
    what = f"this is a mistake in opsharden itself: {type(error).__name__}: {error}"
    _say(OpshardenError(what, f"Please report it with {file.name}; what was filed before it is safe."))
