"""Text beside a lead: a mark or a name, and what goes on below itself and not below the lead."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text


@dataclass(frozen=True)
class Hanging:
    """A line with something before it; where it is too long for the page, it goes on beside the lead.

    rich's table does the same and measures every cell several times, which for a page of findings costs more than the
    look at the hosts does.

    Attributes:
        lead: What stands before the first line.
        width: Columns kept free for it on every line.
        body: What hangs there. Each part begins a line.
    """

    lead: Text
    width: int
    body: tuple[RenderableType, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """See rich: the segments of all lines."""
        inner = options.update(width=max(options.max_width - self.width, 1))
        lead, gap = self.lead.copy(), Segment(" " * self.width)
        lead.pad_right(self.width - lead.cell_len)
        before = list(lead.render(console))
        for part in self.body:
            for line in console.render_lines(part, inner, pad=False, new_lines=False):
                yield from before
                yield from line
                yield Segment.line()
                before = [gap]
