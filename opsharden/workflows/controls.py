"""Looking at the catalogue: list the controls that fit, show one with all that is known of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from opsharden.catalogue import KINDS, Catalogue, ProofEntry, load_catalogue, unknown
from opsharden.catalogue.kinds import options_in
from opsharden.model import Control, Severity
from opsharden.settings import Settings


@dataclass(frozen=True, slots=True)
class Filters:
    """Which controls are meant. Each filter lets through what fits any of its values; an empty one, everything.

    Attributes:
        roles: Names of roles.
        profiles: Names of profiles.
        kinds: Names of kinds.
        severities: Severities.
        levels: Levels; 0 where no benchmark has it.
        frameworks: `NAME` or `NAME:NUMBER` of a reference; a number also means what is numbered below it.
    """

    roles: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    levels: tuple[int, ...] = ()
    frameworks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One control with what is known of it beside what it says itself.

    Attributes:
        control: The control.
        profiles: The profiles that name it, themselves or by what they extend.
        proof: How it is broken for its proof; None where nothing says.
        cases: How many ways a host can be are recorded for it.
        options: The options of its role that its check reads, with their defaults; None where only the check knows.
    """

    control: Control
    profiles: tuple[str, ...]
    proof: ProofEntry | None
    cases: int
    options: Mapping[str, object] | None


def listed(here: Settings, filters: Filters) -> tuple[Control, ...]:
    """The controls that pass all filters, role by role.

    Raises:
        CatalogueError: The content is malformed, or a filter names what there is not.
    """
    catalogue = load_catalogue(here.roles, here.profile_dirs)
    for what, names, there in (("role", filters.roles, catalogue.roles), ("kind", filters.kinds, KINDS)):
        for name in names:
            if name not in there:
                raise unknown(what, name, there)
    inside = set(catalogue.selected(filters.profiles))
    numbered = [_numbered(each, catalogue.controls.values()) for each in filters.frameworks]
    return tuple(
        each
        for each in catalogue.controls.values()
        if (not filters.roles or each.role in filters.roles)
        and (not filters.profiles or each.id in inside)
        and (not filters.kinds or each.kind in filters.kinds)
        and (not filters.severities or each.severity in filters.severities)
        and (not filters.levels or each.level in filters.levels)
        and (not filters.frameworks or any(each.id in ids for ids in numbered))
    )


def shown(here: Settings, control: str) -> Shown:
    """One control in full.

    Raises:
        CatalogueError: The content is malformed, or there is no such control; the advice names the nearest.
    """
    catalogue = load_catalogue(here.roles, here.profile_dirs)
    (control,) = catalogue.known([control])
    found = catalogue.controls[control]
    role = catalogue.roles[found.role]
    return Shown(
        found,
        _profiles(catalogue, control),
        role.proofs.get(control),
        len(role.cases().get(control, ())),
        {name: role.defaults.get(name) for name in options_in(found.want)} if found.kind else None,
    )


def _profiles(catalogue: Catalogue, control: str) -> tuple[str, ...]:
    return tuple(name for name, profile in catalogue.profiles.items() if control in profile.controls)


def _numbered(framework: str, controls: Collection[Control]) -> set[str]:
    """The ids of those that a reference of the framework, or of a number in it, leads to."""
    name, _, number = framework.partition(":")
    of_it = {each.id: each.references[name] for each in controls if name in each.references}
    if not of_it:
        raise unknown("framework", name, {each for control in controls for each in control.references})
    found = {control for control, numbers in of_it.items() if any(_below(number, each) for each in numbers)}
    if not found:
        there = {each for numbers in of_it.values() for each in numbers}
        advice = f"`opsharden controls list --framework {name}` lists all that have one."
        raise unknown("number", number, there, of=f" in {name}", otherwise=advice)
    return found


def _below(wanted: str, number: str) -> bool:
    """Whether a number is the wanted one, or a part of it: 5.1.12 is in 5.1, and CP-9(1) in CP-9."""
    return not wanted or number == wanted or number.startswith((f"{wanted}.", f"{wanted}("))
