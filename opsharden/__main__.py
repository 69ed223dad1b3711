"""`python -m opsharden`."""

from opsharden.cli.main import run

run()
