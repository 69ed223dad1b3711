"""What a measurement comes to: a row of the table, before and after it is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """A row before it is measured.

    Attributes:
        measure: What is measured, with its unit where it is no ratio.
        at_most: What it is to be at the most; None for a figure that only explains others.
        unit: Empty for a ratio, else `s` or `ms`.
    """

    measure: str
    at_most: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read for an aim.

    Attributes:
        value: In the aim's unit; None where it could not be measured.
        how: What was done and seen, or why there is no value.
    """

    value: float | None
    how: str


@dataclass(frozen=True, slots=True)
class Row:
    """An aim and what was read for it."""

    aim: Aim
    reading: Reading

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none, or no value."""
        if self.aim.at_most is None or self.reading.value is None:
            return None
        return self.reading.value <= self.aim.at_most

    def plain(self) -> dict[str, object]:
        """The row for results.json."""
        return {
            "measure": self.aim.measure,
            "value": self.reading.value,
            "aim": self.aim.at_most,
            "met": self.met,
            "how": self.reading.how,
        }
