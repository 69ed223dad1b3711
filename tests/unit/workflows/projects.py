"""A project made of one inventory, for what opens projects."""

from __future__ import annotations

from pathlib import Path

from opsharden import settings
from opsharden.workflows.workplace import Access, Workplace, open_workplace


def place(text: str, *extra: str, **flags: object) -> Workplace:
    """The project in the folder one stands in, whose inventory is this text."""
    Path("h.yml").write_text(text)
    return open_workplace(settings.load(flags={"inventory": ["h.yml"], **flags}), Access(extra=extra))
