"""Files of known_hosts: which keys are pinned for a host. The format is in sshd(8), SSH_KNOWN_HOSTS FILE FORMAT."""

from __future__ import annotations

import base64
import hmac
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsharden.errors import OpshardenError
from opsharden.ssh.filecache import FileCache
from opsharden.ssh.hostkeys import HostKey, Pinned

_MARKERS = ("", "@revoked", "@cert-authority")


def known(paths: Sequence[Path], name: str) -> tuple[Pinned, ...]:
    """The keys pinned for a host, in all files, in their order.

    Certificate authorities are passed over; see `certified`.

    Args:
        paths: Files of known_hosts; those that do not exist hold nothing.
        name: The host as these files name it, see `hostkeys.place`.

    Raises:
        OpshardenError: A file that is there cannot be read.
    """
    return tuple(pinned for path in paths for pinned in _pinned(_files(path), name.lower()))


def certified(paths: Sequence[Path], name: str) -> bool:
    """Whether a certificate authority vouches for a host: then the host may show a certificate in place of a key.

    Args:
        paths: Files of known_hosts; those that do not exist hold nothing.
        name: The host as these files name it, see `hostkeys.place`.

    Raises:
        OpshardenError: A file that is there cannot be read.
    """
    return any(fits(name.lower()) for path in paths for fits in _files(path).authorities)


@dataclass
class _File:
    """The lines of a file, so that a fleet's thousandth host is found as fast as its first.

    Attributes:
        plain: Line numbers and keys by name.
        others: Lines whose names have to be tried: hashes, patterns.
        authorities: Whether a name is among those that an authority vouches for, for each of them.
    """

    plain: dict[str, list[tuple[int, Pinned]]] = field(default_factory=lambda: defaultdict(list))
    others: list[tuple[int, Callable[[str], bool], Pinned]] = field(default_factory=list)
    authorities: list[Callable[[str], bool]] = field(default_factory=list)


def _pinned(file: _File, name: str) -> list[Pinned]:
    # Asked with `get`: a lookup must not add to a file that other threads read.
    found = list(file.plain.get(name, ()))
    found += [(number, pinned) for number, fits, pinned in file.others if fits(name)]
    return [pinned for _, pinned in sorted(found, key=lambda entry: entry[0])]


def _read(path: Path) -> _File:
    file = _File()
    for number, names, pinned in _lines(path):
        if pinned is None:
            file.authorities.append(_hashed(names) if names.startswith("|1|") else _patterns(names))
        elif names.startswith("|1|"):
            file.others.append((number, _hashed(names), pinned))
        elif any(sign in names for sign in "*?!"):
            file.others.append((number, _patterns(names), pinned))
        else:
            for name in dict.fromkeys(names.lower().split(",")):
                file.plain[name].append((number, pinned))
    return file


_files = FileCache(_read)


def _lines(path: Path) -> Iterator[tuple[int, str, Pinned | None]]:
    """Number, names and key of each line; no key where it is an authority's."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OpshardenError(
            f"The host keys in {path} cannot be read: {error.strerror}.", "Check its owner and mode."
        ) from None
    for number, line in enumerate(lines, 1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or marker not in _MARKERS:
            continue
        pinned = Pinned(HostKey(fields[1], fields[2]), f"{path} line {number}", revoked=bool(marker))
        yield number, fields[0], None if marker == "@cert-authority" else pinned


def _patterns(text: str) -> Callable[[str], bool]:
    wanted: list[re.Pattern[str]] = []
    unwanted: list[re.Pattern[str]] = []
    for pattern in text.lower().split(","):
        like = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern.removeprefix("!"))
        (unwanted if pattern.startswith("!") else wanted).append(re.compile(like))

    def fits(name: str) -> bool:
        return any(like.fullmatch(name) for like in wanted) and not any(like.fullmatch(name) for like in unwanted)

    return fits


def _hashed(text: str) -> Callable[[str], bool]:
    """`|1|salt|hash`: HMAC-SHA1 is the format's, and hides names; no trust rests on it."""
    try:
        salt, digest = (base64.b64decode(part) for part in text.removeprefix("|1|").split("|"))
    except ValueError:
        return lambda _: False
    return lambda name: hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)
