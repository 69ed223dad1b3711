from __future__ import annotations

import io

from rich.console import Console

from opsharden.cli import waterfall
from opsharden.workflows.timings import Step, Timings


def test_bars_share_one_scale_and_every_figure_is_there() -> None:
    hosts = [
        Timings("web1", 0.0, [Step("log in", 0.0, 0.1), Step("judge", 0.1, 0.1)], (30, 2)),
        Timings("web2", 0.0, [Step("log in", 0.2, 0.1), Step("wait for answers", 0.3, 0.1)], (31, 0)),
    ]
    stream = io.StringIO()
    waterfall.show(hosts, Console(file=stream, width=80))
    head, first, second, legend = stream.getvalue().splitlines()
    assert "0 to 400 ms" in head
    assert first.split()[-3:] == ["200", "30", "2"]
    assert second.index("=") >= first.rindex("*")
    assert second.split()[-3:] == ["200", "31", "0"]
    assert "log in 100 ms a host" in legend


def test_no_host_at_all_is_no_mistake() -> None:
    stream = io.StringIO()
    waterfall.show([], Console(file=stream, width=80))
    assert stream.getvalue()
