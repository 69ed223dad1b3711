"""What a program is given, judged by a list of the options that only read.

An option that is not on the list is refused, and so are the abbreviations GNU programs take: `--outp` is not listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Judge = Callable[[Sequence[str]], bool]
"""Whether a program that is given these words certainly only reads."""


@dataclass(frozen=True, slots=True)
class Given:
    """Words sorted into options and operands.

    Attributes:
        options: Name and value of each option; the value is empty where it has none.
        operands: The rest. Where POSIXLY_CORRECT is set, what looks like an option behind an operand is an operand
            too, so it is here as well.
    """

    options: list[tuple[str, str]] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)


class Options:
    """The options a program may be given.

    Args:
        known: Their names: `-n` stands alone, `-k=` has a value, `--color[=]` may have one, `--devices=skip` only
            this one, `-#` is `-0` to `-9`.
    """

    def __init__(self, known: str) -> None:
        entries = [re.fullmatch(r"(--?[^=\[]+)(\[=\]|=[a-z]*|)", entry) for entry in known.split()]
        self._values = {entry[1]: entry[2] for entry in entries if entry}
        if "-#" in self._values:
            self._values.update(dict.fromkeys((f"-{digit}" for digit in range(10)), ""))

    def sort(self, words: Sequence[str]) -> Given | None:
        """Tell options from operands; nothing where an option is not known or has no value that it needs.

        A value of its own word must not look like an option: so a mistake in our list hides none.
        """
        given, rest = Given(), iter(words)
        for word in rest:
            if word == "--":
                given.operands.extend(rest)
                break
            if not word.startswith("-") or word == "-":
                given.operands.append(word)
                continue
            if given.operands:
                given.operands.append(word)
            found = self._long(word) if word.startswith("--") else self._cluster(word)
            if not found:
                return None
            name, value = found[-1]
            if value is None:
                value = next(rest, "-")
                if value.startswith("-"):
                    return None
            given.options.extend((earlier, "") for earlier, _ in found[:-1])
            given.options.append((name, value))
        return given

    def _long(self, word: str) -> list[tuple[str, str | None]]:
        """Name and value of a long option; no value yet where the next word has it; empty where it is refused."""
        name, equals, value = word.partition("=")
        takes = self._values.get(name)
        if takes is None or (equals and not takes) or takes not in ("", "[=]", "=", f"={value}"):
            return []
        return [(name, None if takes == "=" and not equals else value)]

    def _cluster(self, word: str) -> list[tuple[str, str | None]]:
        """The same for `-nk2`: only the last one can have a value."""
        found: list[tuple[str, str | None]] = []
        for at, letter in enumerate(word[1:], start=2):
            takes = self._values.get(f"-{letter}")
            if takes is None:
                return []
            if takes:
                value = word[at:]
                return [*found, (f"-{letter}", None if takes == "=" and not value else value)]
            found.append((f"-{letter}", ""))
        return found


def anything(words: Sequence[str]) -> bool:
    """For a program that cannot write, whatever it is given."""
    return True


def nothing(words: Sequence[str]) -> bool:
    """For a program that only reads when it is given nothing."""
    return not words


def options(known: str, *, needs: str = "", operands: int | str = r"[\s\S]*") -> Judge:
    """For a program that only reads with these options.

    Args:
        known: The options, as `Options` has them.
        needs: Options of which one must be given: without them the program does something else.
        operands: How many there may be at most, or the pattern each of them has.
    """
    known_options, needed = Options(known), set(needs.split())

    def judge(words: Sequence[str]) -> bool:
        given = known_options.sort(words)
        if given is None or (needed and needed.isdisjoint(name for name, _ in given.options)):
            return False
        if isinstance(operands, int):
            return len(given.operands) <= operands
        return all(re.fullmatch(operands, operand) for operand in given.operands)

    return judge


def sentence(pattern: str) -> Judge:
    """For a program whose words stand in a certain order.

    Args:
        pattern: What all of them together look like; each space in it is the border between two words.
    """
    compiled = re.compile(pattern.replace(" ", r"\n"), re.ASCII)

    def judge(words: Sequence[str]) -> bool:
        return not any("\n" in word for word in words) and compiled.fullmatch("\n".join(words)) is not None

    return judge


def verbs(names: str, known: str = "") -> Judge:
    """For a program whose first operand says what it does, like systemctl: with these verbs it only reads."""
    known_options, known_verbs = Options(known), names.split()

    def judge(words: Sequence[str]) -> bool:
        given = known_options.sort(words)
        return given is not None and given.operands[:1] != [] and given.operands[0] in known_verbs

    return judge
