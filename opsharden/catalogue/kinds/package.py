"""The kind `package`: packages of Debian that are on a host, or are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, model_validator

from opsharden.catalogue.kinds.kind import Entry, Kind

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
"""Of a package, as Debian's policy has it (5.6.7)."""

Names = Annotated[list[Name], Field(min_length=1)]
Choice = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]+( \| [a-z0-9][a-z0-9+.-]+)*$")]
"""A package, or several of which one is enough, as dependencies are written: `sudo | sudo-ldap`."""

Purpose = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class Wanted(Entry):
    """What is to be there, or not.

    Attributes:
        absent: Purpose to the packages that serve it; a host that declares it (`services_declared`) keeps them.
        present: Packages, each of them or one that does the same; where there is none, the first one comes.
    """

    absent: Annotated[dict[Purpose, Names], Field(min_length=1)] | None = None
    present: Annotated[list[Choice], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Wanted:
        if (self.absent is None) == (self.present is None):
            raise ValueError("say `absent` or `present`")
        return self


def _break(want: Mapping[str, Any]) -> str:
    """One that is not to be there is installed, or one that is to be there removed."""
    if "present" in want:
        return f"dpkg --remove --force-depends {want['present'][0].split(' | ')[0]}"
    first = next(iter(want["absent"].values()))[0]
    install = f"DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install {first}"
    return f"apt-get -qq update\n{install}"


KIND = Kind(
    TypeAdapter(Wanted),
    _break,
    "present: [fill-in] # packages that are to be there, `one | another`; or absent: {purpose: [package]}",
)
