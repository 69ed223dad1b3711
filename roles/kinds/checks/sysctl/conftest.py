"""What the checks of this folder look at: the running kernel, the next boot, and who else sets what they judge."""

import functools
import re
from fnmatch import fnmatchcase
from types import MappingProxyType

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch
from opsharden.probe.reading.found import WHAT, looked, parsed
from opsharden.probe.reading.systemd import in_order

ONE = "cat %s"
THERE = "test ! -e %s || echo there"
EACH = "grep -rs '' %s --include=%s"  # one for each interface
# As systemd-sysctl(8) reads them; it is not asked itself, since it would wait at a pipe.
AT_BOOT = (
    "find -L /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d -maxdepth 1 -name '*.conf' "
    f"{WHAT} -type f -exec grep -aHnE '^[[:space:]]*[^#;[:space:]]' {{}} +"
)
# A firewall's own settings, and scripts that run when a network comes up. grep answers 2 where some are missing.
OTHERS = (
    "grep -RsnHE --devices=skip 'IPT_SYSCTL|(dev|fs|kernel|net|user|vm)[./]|/proc/sys/' /etc/default/ufw /etc/ufw "
    "/etc/network /etc/networkd-dispatcher /etc/NetworkManager/dispatcher.d /etc/rc.local || test $? -le 2"
)
UFW = "test ! -e /usr/sbin/ufw || echo there"
OF_UFW = re.sub("%(?!s)", "%%", f"find -L %s -maxdepth 0 {WHAT} -type f -exec grep -aHn = {{}} +")
WHEN = "What is set at boot"
SCRIPTED = re.compile(
    r"\b((?:dev|fs|kernel|net|user|vm)[./]\S+?)[\"']?\s*=\s*[\"']?(-?\d+)|\b(-?\d+)[\"']?\s*>+\s*/proc/sys/(\S+)"
)
IPV6 = "net/ipv6/"
LAST = "zz-opsharden.conf"  # behind it, only the administrator can change what counts
OWN = f"/etc/sysctl.d/{LAST}"


def _path(key):
    """A key of sysctl.d(5) as its path below /proc/sys: the first separator tells which way round it is written."""
    first = next((letter for letter in key if letter in "./"), "/")
    return "/".join(filter(None, (key.translate(str.maketrans("./", "/.")) if first == "." else key).split("/")))


@functools.lru_cache(maxsize=4096)  # many controls of many hosts ask it of the same
def _fits(path, pattern):
    """Whether a path is one of those that a pattern stands for: a `*` ends at a slash."""
    parts, signs = path.split("/"), pattern.split("/")
    return len(parts) == len(signs) and all(map(fnmatchcase, parts, signs))


def dotted(path):
    """A path below /proc/sys the way people write it."""
    return path.translate(str.maketrans("./", "/."))


class Wanted:
    """What a value has to be, as a control has it."""

    def __init__(self, exactly=None, one_of=(), at_least=None, at_most=None):
        self._named = [str(value) for value in (one_of or ([] if exactly is None else [exactly]))]
        self._least, self._most = at_least, at_most

    def holds(self, value):
        """Whether a value, as text, is right; none is not."""
        if value is None or self._named:
            return value in self._named
        number = int(value) if value.lstrip("-").isdigit() else None
        least, most = self._least, self._most
        return number is not None and (least is None or number >= least) and (most is None or number <= most)

    def __str__(self):
        """In words; of several that are right, the one that apply would write."""
        if self._named:
            return self._named[0]
        bounds = (f"at least {self._least}", self._least), (f"at most {self._most}", self._most)
        return " and ".join(words for words, bound in bounds if bound is not None)


@pytest.fixture
def live(host):
    """Of a setting, its value in the running kernel, by its path below /proc/sys; every interface has its own."""

    def look(path):
        folder, _, name = path.rpartition("/")
        # Their exit status says nothing: an interface may go while grep reads. What nothing is shown of is an error.
        if "*" not in path:
            said = host.run(ONE, f"/proc/sys/{path}")
            return {path: " ".join(said.stdout.split())} if said.rc == 0 else {}
        lines = host.run(EACH, f"/proc/sys/{folder.partition('/*')[0]}", name).stdout.splitlines()
        found = dict(line.removeprefix("/proc/sys/").rsplit(":", 1) for line in lines)
        return {each: value for each, value in found.items() if _fits(each, path)}

    return look


@functools.lru_cache(maxsize=32)  # every check of a host reads the same, and many hosts say the same
def _said(answered):
    """Path or pattern -> value and place, all files merged, and the patterns, the last word first."""
    found, said = parsed(answered), {}
    for file in in_order(found, "sysctl.d"):
        for number, line in found.lines.get(file, ()):
            key, equals, value = (part.strip() for part in line.strip().partition("="))
            if not key or not (equals or key[0] == "-"):
                continue
            path, value = _path(key.removeprefix("-").strip()), value if equals else None
            if path not in said or said[path][0] != value:  # one that repeats a value stays where it was
                said.pop(path, None)
                said[path] = (value, f"{file}:{number}")
    return MappingProxyType(said), tuple(path for path in reversed(said) if any(sign in path for sign in "*?["))


@pytest.fixture
def at_boot(host):
    """What systemd-sysctl(8) will set: exact paths, and for any path its value and place. No value: left alone."""
    answer = host.run(AT_BOOT)
    looked(answer, WHEN)
    said, patterns = _said(answer.stdout)

    def look_up(path):
        return said.get(path) or next((said[each] for each in patterns if _fits(path, each)), (None, ""))

    return [path for path in said if path not in patterns], look_up


@pytest.fixture
def unreadable(host, ufw):
    """What is read at boot, or by ufw, and is no file. The boot passes over folders; in our own place one is amiss."""
    found = looked(host.run(AT_BOOT), WHEN)
    odd = {path: what for path in in_order(found, "sysctl.d") if (what := found.odd(path))}
    odd = {path: what for path, what in odd.items() if path == OWN or what in ("a pipe", "a device")}
    odd |= {path: what for path in ufw.kinds if (what := ufw.odd(path))}
    by_hand = "{} is {}, and what it sets nobody can tell: take it away, or put a file in its place."
    return [Mismatch(path, what, "a file", by_hand=by_hand.format(path, what)) for path, what in odd.items()]


@pytest.fixture
def scripted(host):
    """Place, number and text of each line of others that may matter, comments left out."""
    lines = [line.split(":", 2) for line in host.check_output(OTHERS).splitlines()]
    return [(place, number, text.strip()) for place, number, text in lines if text.strip()[:1] not in ("#", ";")]


@pytest.fixture
def ufw(host, scripted):
    """The file of settings that ufw loads, where there is ufw."""
    named = [found[1] for *_, text in scripted if (found := re.match(r"IPT_SYSCTL=[\"']?([^\"'\s#]*)", text))][-1:]
    if not any(named) or not host.check_output(UFW):
        return parsed("")
    return looked(host.run(OF_UFW, named[0]), "What ufw loads")


@pytest.fixture
def others(scripted, ufw):
    """What is set after boot by others: path or pattern, value, place, and who does it."""
    by_scripts = [_said_by(*each) for each in scripted if not each[0].startswith(("/etc/default/", "/etc/ufw/"))]
    by_ufw = [_said_by_ufw(path, *line) for path, lines in ufw.lines.items() for line in lines]
    return list(filter(None, [*by_scripts, *by_ufw]))


def _said_by_ufw(path, number, text):
    key, _, value = text.strip().partition("=")
    if key[:1] in ("#", ";"):
        return None
    return _path(key.strip().removeprefix("-")), value.strip(), f"{path}:{number}", "ufw"


def _said_by(place, number, text):
    if not (found := SCRIPTED.search(text)):
        return None
    path, value = (_path(found[1]), found[2]) if found[1] else (found[4].strip("\"'"), found[3])
    return path, value, f"{place}:{number}", ""


@pytest.fixture
def astray(host, live, at_boot, others, unreadable):
    """Where a setting is not what it should be."""
    exact, look_up = at_boot

    def look(key, **said):
        pattern, wanted = _path(key), Wanted(**said)
        here = live(pattern)
        if not here and pattern.startswith(IPV6) and not host.check_output(THERE, f"/proc/sys/{IPV6}"):
            return []  # a kernel may do without
        if not here:
            raise Unanswered(f"The kernel shows no setting {key}.")
        paths = sorted({*here, *(path for path in exact if _fits(path, pattern))})
        return [
            *(found for path in paths if (found := _amiss(host, path, here.get(path), look_up(path), wanted))),
            *(
                _set_later(host, *each, wanted)
                for each in others
                if _fits(each[0], pattern) and not wanted.holds(each[1])
            ),
            *unreadable,
        ]

    return look


def _amiss(host, path, now, boot, wanted):
    """What is wrong with one setting, now or at boot."""
    value, place = boot
    if (now is None or wanted.holds(now)) and wanted.holds(value):
        return None
    at_boot = value if value is not None else "left alone" if place else "not set"
    by_hand = _left(host, path, place) if place and not wanted.holds(value) else ""
    if not by_hand and now is not None and not wanted.holds(now) and not path.startswith("net/"):
        by_hand = _machines_own(host, path)
    now = "no such interface" if now is None else f"{now} now"
    where = place if not wanted.holds(value) else ""
    return Mismatch(dotted(path), f"{now}, {at_boot} at boot", f"{wanted} now, {wanted} at boot", where, by_hand)


def _machines_own(host, path):
    """Why apply leaves the running kernel as it is; empty where it does not."""
    if not host.check_output(THERE, "/run/systemd/container"):
        return ""
    return f"{dotted(path)} is the machine's that runs this container, so apply sets it for the next boot only."


def _left(host, path, place):
    """Why apply leaves the line that decides; empty where it does not."""
    file = place.rpartition(":")[0]
    if file.rpartition("/")[2] <= LAST:
        return ""
    real = host.check_output("readlink -f %s", file)
    if real.startswith("/etc/"):
        return ""
    named = f"{place} (a link to {real})" if file.startswith("/etc/") else place
    return (
        f"{named} sets {dotted(path)} behind our own file and does not lie in /etc, so apply leaves it: change it "
        f"there, or put a file named {file.rpartition('/')[2]} into /etc/sysctl.d, which takes its place."
    )


def _set_later(host, path, value, place, who, wanted):
    """What is wrong with what somebody sets after boot."""
    if not who:
        by_hand = f"{place} sets {dotted(path)} to {value}; apply changes no scripts: take it out there."
        return Mismatch(dotted(path), f"{value} whenever this script runs", str(wanted), place, by_hand)
    file = place.rpartition(":")[0]
    real = host.check_output("readlink -f %s", file)
    named = place if real == file else f"{place} (a link to {real})"
    by_hand = f"{named} is outside /etc, so apply leaves it: change the line, or IPT_SYSCTL in /etc/default/ufw."
    by_hand = "" if real.startswith("/etc/") else by_hand
    return Mismatch(dotted(path), f"{value} whenever {who} starts", str(wanted), place, by_hand)
