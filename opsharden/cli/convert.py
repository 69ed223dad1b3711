"""opsharden convert: a filed run in another format."""

from __future__ import annotations

from typing import Annotated

import typer

from opsharden import settings
from opsharden.cli import options
from opsharden.cli.console import say, stdout
from opsharden.report import outputs
from opsharden.workflows import runs


def convert(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="A run id, the beginning of one, or `latest`.")
    ] = "latest",
    output: options.Output = None,
    verbose: options.Verbose = False,
) -> None:
    """Render a filed run again, in any format and with all its observations. No host is asked.

    Examples:
      opsharden convert latest -o html:report.html
      opsharden convert 20261124-1430 -o json:run.json junit:run.xml

    The exit code is 0 whatever the run came to.
    """
    wanted = outputs.parse(output or ())
    record = runs.shown(settings.load().database, run, observations=outputs.show_observations(wanted))
    for path in outputs.write(wanted, record, stdout(), verbose=verbose):
        say(f"written to: {path}")
