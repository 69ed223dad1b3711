"""What a host says of itself before anything is changed on it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

# What is written otherwise was not said by our scripts, and counts as not said.
_NUMBER = re.compile(r"[0-9]{1,12}")
_MODE = re.compile(r"([0-7]{1,5}) ([0-9]{1,12})")
_LYING = re.compile(r"line ([0-9]{1,6}) ([0-9]{1,12}) (.*)")


@dataclass(frozen=True)
class Account:
    """An account that is there: passwd(5) and shadow(5).

    Attributes:
        name: As the host writes it.
        uid: Its number.
        comment: Its GECOS field.
        home: Its home directory.
        shell: Its login shell; empty means /bin/sh.
        password: The password field of shadow(5); empty where it cannot be read.
        changed: The day its password was changed last, counted from 1970; None where that is not said.
        lasts: Days until its password has to be changed; None where it never has to.
        expires: The day after which it lets nobody in; None where there is none.
        groups: The names of its groups.
        home_mode: Permission bits of its home directory and who owns it; None where there is none.
        shell_missing: Whether its shell is not there or is no program.
    """

    name: str
    uid: int
    comment: str
    home: str
    shell: str
    password: str = ""
    changed: int | None = None
    lasts: int | None = None
    expires: int | None = None
    groups: tuple[str, ...] = ()
    home_mode: tuple[int, int] | None = None
    shell_missing: bool = False


@dataclass(frozen=True)
class Facts:
    """A host, as `look.sh` found it.

    Attributes:
        now: Its clock, seconds since 1970.
        system: What it calls itself.
        missing: Debian packages that automation needs and that are not there.
        apt: Whether it has apt-get.
        readonly: Folders that nothing can be written to.
        full: Folders whose file system has no room.
        homes: Where useradd makes homes.
        nologin: The file that keeps everybody but root out, and what it says; empty where there is none.
        account: The account in question, where it is there.
        sshd: What `sshd -T` says for a login of it from here: keyword to its values; empty where it said nothing.
        peer: The address that our login came from.
        sudo_broken: What visudo complains about.
        sudo_reads: Folders that sudo's files include; None where there is no sudo.
        requiretty: Where sudo's files ask for a terminal.
    """

    now: int = 0
    system: str = ""
    missing: tuple[str, ...] = ()
    apt: bool = True
    readonly: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    homes: str = "/home"
    nologin: tuple[str, str] | None = None
    account: Account | None = None
    sshd: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    peer: str = ""
    sudo_broken: str = ""
    sudo_reads: tuple[str, ...] | None = None
    requiretty: tuple[str, ...] = ()

    def one(self, keyword: str, default: str = "") -> str:
        """What sshd has for a keyword that it says once."""
        return self.sshd.get(keyword, (default,))[0]

    @property
    def today(self) -> int:
        """Its day, counted from 1970."""
        return self.now // 86400


@dataclass(frozen=True)
class KeyFile:
    """A file in which sshd looks for the account's keys.

    Attributes:
        path: Where it is.
        lines: Number and text of the lines in it that hold our key.
    """

    path: str
    lines: tuple[tuple[int, str], ...] = ()


def facts(lines: Iterable[str], peer: str) -> Facts:
    """What `look.sh` printed.

    Args:
        lines: Its lines.
        peer: The address that our login came from.
    """
    said: dict[str, list[str]] = defaultdict(list)
    sshd: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "sshd":
            keyword, _, value = rest.partition(" ")
            sshd[keyword.lower()].append(value.strip())
        else:
            said[word].append(rest.strip())

    def one(word: str) -> str:
        return said.get(word, [""])[0]

    return Facts(
        now=_number(one("now")) or 0,
        system=one("system"),
        missing=tuple(said["missing"]),
        apt=bool(said["apt"]),
        readonly=tuple(dict.fromkeys(said["readonly"])),
        full=tuple(dict.fromkeys(said["full"])),
        homes=one("homes") or "/home",
        nologin=(one("nologin"), one("notice")) if said["nologin"] else None,
        account=_account(said) if said["account"] else None,
        sshd={keyword: tuple(values) for keyword, values in sshd.items()},
        peer=peer,
        sudo_broken=one("sudo-broken"),
        sudo_reads=tuple(one("sudo-reads").split()) if said["sudo-reads"] else None,
        requiretty=tuple(said["requiretty"]),
    )


def key_files(paths: Sequence[str], lines: Iterable[str]) -> tuple[KeyFile, ...]:
    """What `files.sh` printed about these paths."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for line in lines:
        if told := _LYING.fullmatch(line):
            found[int(told[1])].append((int(told[2]), told[3]))
    return tuple(KeyFile(path, tuple(found[index])) for index, path in enumerate(paths))


def _account(said: Mapping[str, Sequence[str]]) -> Account:
    passwd = (said["account"][0].split(":") + [""] * 7)[:7]
    shadow = ((said.get("shadow") or [""])[0].split(":") + [""] * 9)[:9]
    mode = _MODE.fullmatch((said.get("home-is") or [""])[0])
    lasts = _number(shadow[4])
    return Account(
        name=passwd[0],
        uid=_number(passwd[2]) or 0 if passwd[2] == "0" else _number(passwd[2]) or 65534,
        comment=passwd[4],
        home=passwd[5],
        shell=passwd[6],
        password=shadow[1],
        changed=_number(shadow[2]),
        lasts=None if lasts is None or lasts >= 9999 else lasts,
        expires=_number(shadow[7]),
        groups=tuple(said.get("group", ())),
        home_mode=(int(mode[1], 8), int(mode[2])) if mode else None,
        shell_missing=bool(said.get("shell-is")),
    )


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
