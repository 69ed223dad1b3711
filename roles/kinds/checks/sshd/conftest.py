"""The settings that sshd works with, and what they have to be.

What applies to everyone sshd itself says (`sshd -T`); what applies to some, and which line decides, is in its files.
"""

import functools
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch
from opsharden.probe.reading import sshdfiles
from opsharden.probe.reading.sshd import effective, waits
from opsharden.probe.reading.wanting import Rule, meant

MAIN = "/etc/ssh/sshd_config"
OURS = "/etc/ssh/sshd_config.d/00-opsharden.conf"
SAYS_SOMETHING = "test -f %s && test -s %s"
EFFECTIVE_OF = "/usr/sbin/sshd -T -f %s"
EFFECTIVE_WITH = "/usr/sbin/sshd -T -f %s -o %s"

_LAST_WINS = "maxstartups"
# sshd -T says `silent` where a file says `quiet`.
_LEVELS = ("silent", "quiet", "fatal", "error", "info", "verbose", "debug", "debug1", "debug2", "debug3")


_SECONDS = ("clientaliveinterval", "logingracetime")


class Rules:
    """What settings have to be: one function for each way of saying it."""

    @classmethod
    def of(cls, keyword: str, wanted: Mapping[str, object]) -> Rule:
        """The rule for what a control wants of a setting."""
        if "at_most" in wanted:
            unit = " seconds" if keyword.lower() in _SECONDS else ""
            return cls.from_to(int(wanted.get("at_least", 0)), int(wanted["at_most"]), unit)
        ((way, value),) = wanted.items()
        return getattr(cls, way)(value)

    @staticmethod
    def exactly(value: str) -> Rule:
        """One word, in whatever case."""
        return Rule(value, lambda found: found.lower() == value.lower())

    @staticmethod
    def from_to(least: int, most: int, unit: str = "") -> Rule:
        """A number, or a time in one of sshd's formats. Some settings take 0 for no limit: `least` says whether."""
        return Rule(
            f"{least} to {most}{unit}",
            lambda found: least <= number(found) <= most,
            lambda value, than: number(value) < number(than),
            lambda found: f"{found}{unit if found.isdigit() else ''}",
        )

    @staticmethod
    def at_least(level: str) -> Rule:
        """A LogLevel. What DEBUG writes holds all that VERBOSE does, and more about users than they may want known."""
        enough = _LEVELS.index(level.lower())
        return Rule(
            f"{level} or more",
            lambda found: _LEVELS.index(found.lower()) >= enough,
            lambda value, than: _LEVELS.index(value.lower()) > _LEVELS.index(than.lower()),
        )

    @staticmethod
    def none_of(patterns: list[str]) -> Rule:
        """A list of algorithms without those that are refused."""
        patterns = patterns.split(",") if isinstance(patterns, str) else patterns

        def refused(found: str) -> list[str]:
            return [name for name in found.split(",") if any(fnmatchcase(name, pattern) for pattern in patterns)]

        def stricter(value: str, than: str) -> bool:
            return value[:1] not in "+-^" and set(value.split(",")) < set(than.split(","))

        return Rule(
            f"none of {', '.join(patterns)}",
            lambda found: not refused(found),
            stricter,
            lambda f: ", ".join(refused(f)),
        )

    @staticmethod
    def startups(limit: Mapping[str, int]) -> Rule:
        """MaxStartups. A higher rate refuses more, so it is the one part that may be larger."""
        start, rate, full = (int(limit[part]) for part in ("start", "rate", "full"))

        def parts(found: str) -> tuple[int, int, int]:
            first, *others = (int(part) for part in found.split(":"))
            return (first, -others[0], others[1]) if others else (first, -100, first)

        def within(value: tuple[int, int, int], limits: tuple[int, int, int]) -> bool:
            return all(part <= most for part, most in zip(value, limits, strict=True))

        return Rule(
            f"{start}:{rate}:{full} or stricter",
            lambda found: within(parts(found), (start, -rate, full)),
            lambda value, than: within(parts(value), parts(than)) and parts(value) != parts(than),
        )

    @staticmethod
    def text(wanted: str, holds: Callable[[str], bool]) -> Rule:
        """Something else, told by who asks."""
        return Rule(wanted, holds)


def number(value: str) -> int:
    """A number, or a time as seconds: sshd_config(5), TIME FORMATS."""
    units = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    parts = re.findall(r"(-?\d+)([smhdw]?)", value.lower())
    return sum(int(count) * units[unit] for count, unit in parts) if parts else -1


@dataclass(frozen=True)
class Settings:
    """What sshd works with.

    Attributes:
        effective: Keyword in lower case -> its values for everyone, as sshd says them.
        lines: All lines that sshd reads, in its order.
        forced: Keyword -> where sshd's command line sets it.
        main: The file that sshd is started with.
    """

    effective: Mapping[str, tuple[str, ...]]
    lines: tuple[object, ...]
    forced: Mapping[str, str]
    main: str

    def value(self, keyword: str) -> str:
        """What applies to everyone."""
        if keyword.lower() not in self.effective:
            raise Unanswered(f"sshd shows no setting {keyword}.")
        return self.effective[keyword.lower()][0]

    def decides(self, keyword: str) -> object | None:
        """The line that sets what applies to everyone; none where sshd's default or command line does."""
        return next(iter(self._for_everyone(keyword)), None)

    def is_ours(self, line: object | None) -> bool:
        """Whether a line stands in the role's own file."""
        return line is not None and line.path == OURS

    def _for_everyone(self, keyword: str) -> list[object]:
        """The one that counts first."""
        lines = [line for line in self.lines if line.keyword == keyword.lower() and not line.blocks]
        if keyword.lower() == _LAST_WINS:
            return lines[::-1]
        return [line for line in lines if line.matched] + [line for line in lines if not line.matched]

    def exceptions(self, keyword: str) -> Iterator[object]:
        """What applies to some: of lines with the same condition, the first; none behind a `Match all`."""
        seen = set()
        for line in self.lines:
            if line.keyword != keyword.lower() or not line.matched:
                continue
            if not line.blocks:
                return
            if line.blocks not in seen:
                seen.add(line.blocks)
                yield line

    def amiss(self, keyword: str, rule: Rule) -> list[Mismatch]:
        """Where a setting is not as a rule has it: for everyone, and for some."""
        found = []
        line, forced = self.decides(keyword), self.forced.get(keyword.lower(), "")
        place = forced or (line.place if line else "")
        value = self.value(keyword)
        if not rule.holds(value):
            by_hand = ""
            if forced:
                by_hand = f"{place} sets {keyword} on sshd's command line, which beats every file: take it out there."
            elif line and line.matched:
                by_hand = (
                    f"{place} sets {keyword} in a Match block for all, which beats all other lines: change it there."
                )
            found.append(Mismatch(keyword, rule.shown(value), rule.wanted, place, by_hand))
        elif line and line.path == OURS and not forced:
            found += [
                Mismatch(keyword, rule.shown(value), f"{rule.shown(each.value)}, as {each.place} has it", place)
                for each in itertools.islice(self._for_everyone(keyword), 1, None)
                if each.path != OURS and rule.holds(each.value) and rule.stricter(each.value, value)
            ][:1]
        found += [
            Mismatch(
                f"{keyword} for {' and '.join(each.blocks)}",
                rule.shown(each.value),
                rule.wanted,
                each.place,
                f"{each.place} sets {keyword} in a Match block; what was decided for some is left to you: "
                "change the line or take it out.",
            )
            for each in self.exceptions(keyword)
            if not rule.holds(each.value)
        ]
        return found


@functools.lru_cache(
    maxsize=64
)  # every check of a host reads the same, and many hosts say the same; nothing changes it
def _effective(said: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in said.splitlines():
        keyword, _, value = line.partition(" ")
        found[keyword] = (*found.get(keyword, ()), value)
    return MappingProxyType(found)


def _said(answer: object) -> Mapping[str, tuple[str, ...]]:
    """What sshd says it works with."""
    if answer.rc != 0:
        said = answer.stderr.strip().splitlines()
        raise Unanswered(f"sshd does not say how it works: {said[-1].rstrip('.') if said else 'it cannot be run'}.")
    return _effective(answer.stdout)


def _forced(host: object, start: object) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What the command line sets: keyword, place, value; sshd takes the first."""
    seen = set()
    for option, place in start.options:
        keyword = re.split(r"[\s=]", option.strip(), maxsplit=1)[0].lower()
        if keyword not in seen and keyword not in ("include", "match"):
            seen.add(keyword)
            effective = _said(host.run(EFFECTIVE_WITH, start.main, option))
            if keyword in effective:
                yield keyword, place, effective[keyword]


@pytest.fixture
def sshd(host) -> Settings:
    """The settings in force."""
    reading, start = sshdfiles.reading(host), sshdfiles.started(host)
    lines = tuple(reading.follow(start.main))
    answer, pipes = effective(host, reading.reads)
    wrong = [
        Mismatch(path, "a pipe, at which sshd waits", "a file", by_hand=waits(path))
        for path in sorted({*pipes, *reading.pipes})
    ]
    by_hand = "{} is no file, and ssh.service takes sshd's options from it: take it away, or put a file in its place."
    wrong += [Mismatch(path, "no file", "a file", by_hand=by_hand.format(path)) for path in start.no_files]
    assert wrong == []
    said = _said(answer)
    if not said:
        pytest.skip("no SSH server is installed")
    if start.main != MAIN:
        said = _said(host.run(EFFECTIVE_OF, start.main))
    forced = {}
    for keyword, place, value in _forced(host, start):
        said = {**said, keyword: value}
        if keyword != _LAST_WINS:
            forced[keyword] = place
    return Settings(said, lines, forced, start.main)


@pytest.fixture
def amiss(host, sshd, values):
    """Where a setting is not as a control wants it: for everyone, and for some."""

    def look(keyword: str, wanted: Mapping[str, object]) -> list[Mismatch]:
        wanted = meant(wanted, values)
        return (
            _silent(host, sshd, keyword, wanted["says"])
            if "says" in wanted
            else sshd.amiss(keyword, Rules.of(keyword, wanted))
        )

    return look


def _silent(host: object, sshd: Settings, keyword: str, declared: str) -> list[Mismatch]:
    """Any file that says something is a warning: what it says is the administrator's. Ours is the one declared."""

    def says(path: str) -> bool:
        there = host.run(SAYS_SOMETHING, path, path) if path.lower() != "none" else None
        if there and there.rc > 1:
            raise Unanswered(f"Whether {path} says something cannot be seen: {there.stderr.strip()}.")
        return bool(there) and there.rc == 0

    found = sshd.amiss(keyword, Rules.text(f"a file with a warning, such as {declared}", says))
    line = sshd.decides(keyword)
    if not found and sshd.is_ours(line) and line.value != declared:
        return [Mismatch(keyword, line.value, declared, line.place)]
    if found and not found[0].by_hand and not says(declared):
        by_hand = f"{declared} is empty, not there or no file; the control ban-texts writes the warning into it."
        found[0] = Mismatch(keyword, found[0].found, found[0].wanted, found[0].where, by_hand)
    return found
