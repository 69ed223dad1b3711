"""Whether sshd would let an account in with a key, by what `sshd -T` says: sshd_config(5)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from opsharden.access.facts import Facts
from opsharden.access.obstacle import Obstacle

_SEE = "See `sshd -T -C user={account},host={peer},addr={peer}` there"


def obstacles(account: str, groups: Sequence[str], key_type: str, seen: Facts) -> Iterator[Obstacle]:
    """What in sshd's settings keeps the account out, whatever key it has.

    Args:
        account: Its name.
        groups: The groups it is in, or will be in once it is made.
        key_type: What the key is called in authorized_keys: `ssh-ed25519`.
        seen: The host. Where its sshd said nothing, nothing is known.
    """
    if not seen.sshd:
        return
    see = _SEE.format(account=account, peer=seen.peer or "ADDRESS")
    yield from _lists(account, groups, seen)
    if seen.one("pubkeyauthentication") == "no":
        yield Obstacle("its sshd takes no keys (PubkeyAuthentication no)", "Set PubkeyAuthentication yes for it")
    elif not takes_key_alone(seen.one("authenticationmethods", "any")):
        wants = seen.one("authenticationmethods")
        yield Obstacle(
            f"its sshd wants more than a key (AuthenticationMethods {wants})",
            f"Add to sshd_config there, at its end: Match User {account}, AuthenticationMethods publickey",
        )
    accepted = seen.one("pubkeyacceptedalgorithms") or seen.one("pubkeyacceptedkeytypes")
    if accepted and not _accepts(accepted, key_type):
        yield Obstacle(
            f"its sshd takes no key of the type {key_type} (PubkeyAcceptedAlgorithms)",
            "Allow that type, or name another key in ansible_ssh_private_key_file",
        )
    if seen.one("forcecommand", "none") != "none":
        command = seen.one("forcecommand")
        yield Obstacle(f"its sshd runs something else at every login of it (ForceCommand {command})", see)
    if seen.one("chrootdirectory", "none") != "none":
        where = seen.one("chrootdirectory")
        yield Obstacle(f"its sshd locks it into a folder (ChrootDirectory {where})", see)
    if account == "root" and seen.one("permitrootlogin") in ("no", "forced-commands-only"):
        setting = seen.one("permitrootlogin")
        yield Obstacle(
            f"its sshd does not let root in (PermitRootLogin {setting})", "Name another account in ansible_user"
        )


def key_paths(account: str, uid: int | None, home: str, seen: Facts) -> tuple[tuple[str, bool], ...]:
    """The files in which sshd looks for this account's keys, and of each whether it is for this account alone.

    Args:
        account: Its name.
        uid: Its number, where it is there already.
        home: Its home directory.
        seen: The host. Where its sshd said nothing, sshd's defaults are taken.
    """
    found: list[tuple[str, bool]] = []
    tokens = {"%%": "%", "%h": home, "%u": account, "%U": str(uid)}
    for pattern in seen.one("authorizedkeysfile", ".ssh/authorized_keys").split():
        if pattern == "none" or ("%U" in pattern and uid is None):
            continue
        path = re.sub("%.", lambda token: tokens.get(token[0], token[0]), pattern)
        own = not pattern.startswith("/") or any(token in pattern for token in ("%u", "%U", "%h"))
        found.append((path if path.startswith("/") else f"{home}/{path}", own))
    return tuple(found)


def takes_key_alone(methods: str) -> bool:
    """Whether one of these AuthenticationMethods is a key and nothing else."""
    return any(way in ("any", "publickey") for way in methods.split())


def _lists(account: str, groups: Sequence[str], seen: Facts) -> Iterator[Obstacle]:
    """AllowUsers, DenyUsers, AllowGroups, DenyGroups, in sshd's order: sshd_config(5)."""
    denied = next((each for each in seen.sshd.get("denyusers", ()) if _is_user(account, seen.peer, each)), None)
    if denied:
        yield Obstacle(f"its sshd denies it (DenyUsers {denied})", f"Take {account} out of DenyUsers in sshd_config")
    users = seen.sshd.get("allowusers", ())
    if users and not any(_is_user(account, seen.peer, each) for each in users):
        yield Obstacle(
            f"its sshd does not list it in AllowUsers ({' '.join(users)})",
            f"Add {account} to AllowUsers in sshd_config",
        )
    barred = next(
        (each for each in seen.sshd.get("denygroups", ()) if any(fnmatchcase(group, each) for group in groups)), None
    )
    if barred:
        yield Obstacle(
            f"its sshd denies one of its groups (DenyGroups {barred})", f"Take {account} out of the group {barred}"
        )
    allowed = seen.sshd.get("allowgroups", ())
    if allowed and not any(fnmatchcase(group, each) for each in allowed for group in groups):
        enter = f"usermod -aG {allowed[0]} {account}" if seen.account else f"useradd -m -G {allowed[0]} {account}"
        yield Obstacle(
            f"none of its groups ({' '.join(groups)}) is listed in AllowGroups ({' '.join(allowed)}) of its sshd",
            f"Put it into one of them (`{enter}`), or add its group to AllowGroups in sshd_config",
        )


def _is_user(account: str, peer: str, pattern: str) -> bool:
    """A pattern of AllowUsers: a name, or a name and where it comes from."""
    name, at, place = pattern.rpartition("@")
    if not at or fnmatchcase(account, pattern):  # a name may hold an @ itself
        return fnmatchcase(account, pattern)
    return fnmatchcase(account, name) and (not peer or _is_from(peer, place))


def _is_from(peer: str, place: str) -> bool:
    if fnmatchcase(peer, place):
        return True
    try:
        return ipaddress.ip_address(peer) in ipaddress.ip_network(place, strict=False)
    except ValueError:
        # A host's name: sshd looks it up only with UseDNS, and then the host itself has to say.
        return not re.fullmatch(r"[0-9a-fA-F.:*?/]+", place)


def _accepts(algorithms: str, key_type: str) -> bool:
    wanted = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}.get(key_type, (key_type,))
    return any(fnmatchcase(each, pattern) for pattern in algorithms.split(",") for each in wanted)
