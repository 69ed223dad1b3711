"""opsharden controls: the catalogue."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from opsharden import settings
from opsharden.catalogue import KINDS
from opsharden.catalogue.schema import ProofEntry
from opsharden.cli.console import say, stdout, table
from opsharden.cli.listing import ListOutput, Output, print_json
from opsharden.model import Control, Severity
from opsharden.model.plain import plain
from opsharden.workflows import controls
from opsharden.workflows.new_control import MARK, new_control

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Look at the catalogue of controls, and add to it.",
    no_args_is_help=True,
)

_KINDS = f"{', '.join(KINDS)}."


@app.command("list")
def list_command(
    role: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Of this role.")] = None,
    profile: Annotated[list[str] | None, typer.Option(metavar="NAME", help="In this profile.")] = None,
    kind: Annotated[list[str] | None, typer.Option(metavar="KIND", help=f"Of this kind: {_KINDS}")] = None,
    severity: Annotated[
        list[Severity] | None, typer.Option(metavar="SEVERITY", help="low, medium, high or critical.")
    ] = None,
    level: Annotated[
        list[int] | None, typer.Option(metavar="LEVEL", min=0, max=2, help="1 or 2; 0: no benchmark has it.")
    ] = None,
    framework: Annotated[
        list[str] | None, typer.Option(metavar="NAME[:NUMBER]", help="Asked for by this benchmark or catalogue.")
    ] = None,
    output: ListOutput = Output.TABLE,
) -> None:
    """List the controls that pass every filter given.

    A filter given several times lets through what fits any of its values. A number of a framework means what is
    numbered below it, too.

    Examples:
      opsharden controls list --role ssh --severity high --severity critical
      opsharden controls list --framework cis-debian-12-v1.1.0:5.1
    """
    filters = controls.Filters(
        roles=tuple(role or ()),
        profiles=tuple(profile or ()),
        kinds=tuple(kind or ()),
        severities=tuple(severity or ()),
        levels=tuple(level or ()),
        frameworks=tuple(framework or ()),
    )
    found = controls.listed(settings.load(), filters)
    if output is Output.JSON:
        print_json(plain(found))
    else:
        table().print(_table(found))
    if not found:
        say("No control passes all of these filters.")


@app.command("show")
def show_command(
    control: Annotated[str, typer.Argument(metavar="ID", help="The control.")], output: ListOutput = Output.TABLE
) -> None:
    """Show one control in full.

    What it asks for and why, which profiles name it, how it is broken for its proof, how many cases there are of it.

    Example: opsharden controls show ssh-no-root
    """
    found = controls.shown(settings.load(), control)
    if output is Output.JSON:
        print_json({**plain(found.control), **_beside(found)})
    else:
        _print_in_full(found)


@app.command("new")
def new_command(
    control: Annotated[str, typer.Argument(metavar="ID", help="The id it is to have, a word of yours first.")],
    kind: Annotated[str, typer.Option(metavar="KIND", help=f"What it is made of: {_KINDS}")],
    role: Annotated[str, typer.Option(metavar="NAME", help="Your role that it is to be in.")] = "own",
) -> None:
    """Add a control of your own that is data.

    Its entry is written into your role's controls.yml, to be filled in. What is missing of the role is made, in the
    first folder of the setting `roles`. Nothing that is there is changed.

    Example: opsharden controls new house-rfc1337 --kind sysctl
    """
    here = settings.load()
    made = new_control(here, control, kind, role)
    for path in made.files:
        say(f"made: {os.path.relpath(path)}")
    say(f"added: {control}, in {os.path.relpath(made.entry)} from line {made.line} on")
    say(f"next: write what is marked {MARK} there.")
    if made.setting:
        say(f"next: put the line {made.setting} into {settings.FILE}, so that the role takes part.")
    say(f"next: `opsharden verify --control {control}`.")


def _table(found: tuple[Control, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("id", "role", "severity", "level", "kind", "title"):
        table.add_column(name, no_wrap=name != "title")
    for each in found:
        title = Text(" ".join(each.title.split()))
        table.add_row(each.id, each.role, each.severity.value, str(each.level or ""), each.kind, title)
    return table


def _beside(found: controls.Shown) -> dict[str, object]:
    proof = found.proof and {
        "given": found.proof.given,
        "break": found.proof.break_,
        "where": found.proof.where,
        "mend": found.proof.mend,
    }
    options = None if found.options is None else dict(found.options)
    return {"profiles": list(found.profiles), "options": options, "proof": proof, "cases": found.cases}


def _print_in_full(found: controls.Shown) -> None:
    for sentence in (Text(f"{found.control.id}: {found.control.title}", style="bold"), Text(found.control.why)):
        table().print(sentence)
    for name, value in _facts(found):
        # Scripts are not broken anew: they are to be copied.
        stdout().print(Text(f"  {name}:{_indented(value)}"), soft_wrap=True)


def _indented(text: str) -> str:
    lines = text.splitlines()
    return f" {text}".rstrip() if len(lines) < 2 else "".join(f"\n    {line}" for line in lines)


def _facts(found: controls.Shown) -> Iterator[tuple[str, str]]:
    """What there is to say of a control, whatever fields it has, under a name each."""
    fields = plain(found.control)
    for name in ("id", "title", "why"):
        del fields[name]
    references, wanted = fields.pop("references"), fields.pop("want")
    for name, value in fields.items():
        if value != "":
            yield name, _said(value)
    if wanted:
        yield "wants", _lines(wanted)
    if found.options:
        yield "options by default", _lines(found.options)
    yield "profiles", ", ".join(found.profiles) or "none"
    for name, numbers in references.items():
        yield name, ", ".join(numbers)
    yield from _proof(found.proof)
    yield "cases", str(found.cases)


def _proof(proof: ProofEntry | None) -> Iterator[tuple[str, str]]:
    """How a control is broken on a live host, and mended."""
    if proof is None:
        yield "broken for its proof by", "nothing, it has none"
        return
    if proof.given:
        yield "made to apply for its proof by", proof.given
    yield "broken for its proof by", proof.break_
    if proof.where:
        yield "broken on", f"the host that {proof.where} names"
    if proof.mend:
        yield "mended by hand by", proof.mend


def _lines(values: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {_said(value)}" for name, value in values.items())


def _said(value: object) -> str:
    """A value of the catalogue in words: `at most 10`, `owner root, mode at most 0644`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{str(name).replace('_', ' ')} {_said(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    return str(value).removeprefix("{{ ").removesuffix(" }}")  # an option by its name
