"""The kind `unit`: units of systemd that run now and at every start, that never run, or that run alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, model_validator

from opsharden.catalogue.kinds.kind import Entry, Kind
from opsharden.catalogue.kinds.package import Name as Package

Unit = Annotated[str, Field(pattern=r"^[A-Za-z0-9@_.:-]+\.(service|socket|timer|path|target|mount)$")]
"""By its whole name, as systemd.unit(5) has it."""


class Wanted(Entry):
    """What one unit is to do.

    Attributes:
        state: `running`: it runs, and does so again when the host has started; where neither it nor one of `or` is on a
            host, there is nothing to ask for. `off`: it does not run, and nothing starts it. `single`: of it and those
            in `or` no more than one runs or starts with the host.
        or_: Units of other programs that do the same; one of them is enough.
        package: The package that brings the unit, where every host is to have it.
    """

    state: Literal["running", "off", "single"]
    or_: Annotated[list[Unit] | None, Field(alias="or", min_length=1)] = None
    package: Package | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Wanted:
        if self.package and (self.or_ or self.state != "running"):
            raise ValueError("`package` goes with `state: running` and without `or`: it is for this one unit")
        if (self.state == "single") > bool(self.or_) or (self.state == "off" and self.or_):
            raise ValueError("`or` goes with `running`, and with `single`, which needs it")
        return self


def _break(want: Mapping[str, Mapping[str, Any]]) -> str:
    """What is to run is stopped for good; how one is started that is not to run, the data does not tell."""
    if any(wanted["state"] != "running" for wanted in want.values()):
        return ""
    return f"systemctl disable --now {' '.join(want)}"


KIND = Kind(
    TypeAdapter(Annotated[dict[Unit, Wanted], Field(min_length=1)]),
    _break,
    "fill-in.service: {state: running} # a unit's whole name; or off, or single; with or: [others], or package: name",
)
