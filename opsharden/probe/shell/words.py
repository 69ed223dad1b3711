"""The plain part of the shell's language: simple commands joined by `;`, `&&`, `||`, `|` and newlines.

It reads what `sh`, dash and bash all read the same way, and refuses the rest: expansions, assignments, keywords,
groups, functions, comments, background jobs, here-documents, and any redirection but those to and from /dev/null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_END = r"(?=[ \t\n;&|]|\Z)"
_TOKEN = re.compile(
    rf"""
      (?P<blank>(?:[ \t]|\\\n)++)
    | (?P<joint>&&|\|\||[|;\n])
    | (?P<redirection>(?:2?>[ \t]*+/dev/null|<[ \t]*+/dev/null|2>&1){_END})
    | (?P<status>\$\?{_END})
    | (?P<not>![ \t](?:[ \t]|\\\n)*+(?=[^ \t\n;&|!]))
    | (?P<word>(?:[\w@%+=:,./^!*?\[\]-]|\{{\}}|'[^']*+'|"[^"$`\\]*+"|\\[\n\x20-#%-_a-~])++{_END})
    """,
    re.VERBOSE | re.ASCII,
)
_PIECE = re.compile(r"'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|\\(?P<escaped>[\s\S])|(?P<plain>[^'\"\\]+)")
_WILDCARD = re.compile(r"[*?]|\[.")


class NotUnderstood(ValueError):  # noqa: N818 - refusing is this module's work, not its failure
    """The line is more than this module reads."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command.

    Attributes:
        text: What the program gets, where the shell has nothing to put in its place.
        glob: Whether the shell puts the paths there that match it. All of them begin with a slash.
        status: Whether it is `$?`: the shell puts a number there.
    """

    text: str
    glob: bool = False
    status: bool = False


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command.

    Attributes:
        words: The program and what it is given.
        link: How it follows the one before: `;`, `&&`, `||` or `|`.
        negated: Whether `!` stands in front.
        redirections: Such as `2>/dev/null`, without blanks.
    """

    words: list[Word]
    link: str = ";"
    negated: bool = False
    redirections: tuple[str, ...] = ()


@lru_cache(maxsize=1024)  # whether it changes anything is asked, and whether it needs a process
def parse(line: str) -> tuple[Simple, ...]:
    """The simple commands of a line.

    Raises:
        NotUnderstood: The line has more in it, or nothing.
    """
    if not line.replace("\n", "").replace("\t", "").isprintable():
        raise NotUnderstood("a character that does not show")
    parts: list[tuple[str, list[re.Match[str]]]] = [(";", [])]
    for token in _tokens(line):
        link, part = parts[-1]
        if not token["joint"]:
            part.append(token)
        # Lines may be empty, and may break behind `&&`.
        elif part or token["joint"] != "\n":
            parts.append((token["joint"], []))
    link, part = parts[-1]
    if not part and link in (";", "\n"):
        parts.pop()
    if not parts:
        raise NotUnderstood("an empty line")
    return tuple(_simple(link, part) for link, part in parts)


def _tokens(line: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(line):
        token = _TOKEN.match(line, at)
        if token is None:
            raise NotUnderstood(f"the shell may read more into this: {line[at:]}")
        at = token.end()
        if not token["blank"]:
            yield token


def _simple(link: str, tokens: Sequence[re.Match[str]]) -> Simple:
    negated = bool(tokens and tokens[0]["not"])
    words = [_word(token) for token in tokens[negated:] if not token["redirection"]]
    if not words or (negated and link == "|"):
        raise NotUnderstood("the shell takes this for a mistake")
    redirections = tuple("".join(token["redirection"].split()) for token in tokens if token["redirection"])
    return Simple(words, ";" if link == "\n" else link, negated, redirections)


def simple_commands(line: str) -> list[list[Word]]:
    """The words of each simple command that a line may run.

    Raises:
        NotUnderstood: The line has more in it, or nothing.
    """
    return [command.words for command in parse(line)]


def _word(token: re.Match[str]) -> Word:
    if token["status"]:
        return Word("$?", status=True)
    text, pattern = "", ""
    for piece in _PIECE.finditer(token["word"] or "!"):
        quoted = piece["single"] or piece["double"] or (piece["escaped"] or "").removesuffix("\n")
        text += piece["plain"] or quoted
        pattern += piece["plain"] or "_"
    if not _WILDCARD.search(pattern):
        return Word(text)
    if not text.startswith("/"):
        raise NotUnderstood(f"what matches {pattern} may look like an option")
    return Word(text, glob=True)
