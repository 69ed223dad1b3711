"""Whom a run is about: the user's choice, held against the inventory and the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsharden.errors import HostError, InventoryError, NotOurs, VaultError
from opsharden.model import Host, HostStatus, Member
from opsharden.workflows.causes import cause
from opsharden.workflows.workplace import PROFILES, Workplace


@dataclass(frozen=True)
class Targets:
    """Whom a run is about.

    Attributes:
        wanted: Host to the controls it is to have; excluded hosts are not in it.
        excluded: Hosts that were named and are left out, with the reason: on purpose (`EXCLUDED`), or since what the
            inventory says of them is not to be worked with (`UNREACHABLE`).
        profiles: The names of all profiles in play.
        asked: The profiles asked for in place of those the hosts declare.
    """

    wanted: Mapping[str, tuple[str, ...]]
    excluded: tuple[Member, ...]
    profiles: tuple[str, ...]
    asked: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Choice:
    """What the user narrowed the run down to.

    Attributes:
        pattern: Hosts and groups, as Ansible writes them.
        limit: A further pattern.
        profiles: In place of those the hosts declare.
        controls: Only these.
    """

    pattern: str = "all"
    limit: str | None = None
    profiles: tuple[str, ...] | None = None
    controls: tuple[str, ...] = ()


def choose_hosts(place: Workplace, pattern: str, limit: str | None) -> tuple[tuple[Host, ...], tuple[Member, ...]]:
    """Turn a choice into hosts that can be worked with, and those that cannot, with the reason.

    Raises:
        UsageError: A pattern that means nothing, or no host is left to work with.
    """
    hosts: list[Host] = []
    left_out: list[Member] = []
    faults: list[HostError] = []
    for name in place.inventory.select(pattern, limit):
        try:
            hosts.append(place.host(name))
        except HostError as error:
            left_out.append(_left_out(name, error))
            faults.append(error)
    if not hosts:
        raise _nobody(faults)
    return tuple(hosts), tuple(left_out)


def choose(place: Workplace, choice: Choice) -> Targets:
    """Turn the user's choice into hosts and controls.

    Raises:
        UsageError: A pattern, profile or control that does not exist, or nothing that matches.
    """
    only = set(place.catalogue.known(choice.controls))
    for name in choice.profiles or ():
        place.catalogue.profile(name)
    wanted: dict[str, tuple[str, ...]] = {}
    excluded: list[Member] = []
    faults: list[HostError] = []
    profiles: dict[str, None] = {}
    for host in place.inventory.select(choice.pattern, choice.limit):
        chosen: tuple[str, ...] = ()
        try:
            controls = place.wanted(host, choice.profiles)
            chosen = tuple(control for control in controls if not only or control in only)
            if chosen:
                place.host(host)
                place.typed(host, choice.profiles)
                wanted[host] = chosen
                profiles.update(dict.fromkeys(choice.profiles or place.profiles(host)))
                continue
            reason = "none of the chosen controls is in its profiles" if controls else "it declares no profile"
            excluded.append(Member(host, HostStatus.EXCLUDED, reason))
        except HostError as error:
            excluded.append(_left_out(host, error, chosen))
            faults.append(error)
    if not wanted:
        raise _nobody(faults)
    return Targets(wanted, tuple(excluded), tuple(profiles), choice.profiles)


def _left_out(host: str, error: HostError, controls: tuple[str, ...] = ()) -> Member:
    reason = f"{error.message} {error.advice}".strip()
    if isinstance(error, NotOurs):
        return Member(host, HostStatus.EXCLUDED, reason)
    return Member(host, HostStatus.UNREACHABLE, reason, cause(reason, host), controls)


def _nobody(faults: Sequence[HostError]) -> InventoryError | VaultError:
    """Why nobody is left, by the first that is no mere matter of another kind of connection."""
    if not faults:
        return InventoryError(
            "None of the hosts that match has anything to be checked.",
            f"See the variable {PROFILES} of these hosts, and --profile and --control.",
        )
    first = next((each for each in faults if not isinstance(each, NotOurs)), faults[0])
    kind = VaultError if "vault" in first.advice else InventoryError
    others = f" (and {len(faults) - 1} more hosts are left out)" if len(faults) > 1 else ""
    return kind(f"{first.message.rstrip('.')}{others}, so there is no host to work with.", first.advice)
