"""Which shell commands the helper can answer without running them, and the program it is sent for each.

A program is a few simple commands, each with how it follows the one before; `answers.py` says what becomes of it on the
host. Nothing here decides a verdict: the helper declines where anything is out of the ordinary, and runs the command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from opsharden.probe.shell.words import NotUnderstood, Simple, parse

_PAIR = 2  # commands of a pipe, words of a plain question
_PIPED = "sed"
_PART, _WORD = "\x1e", "\x1f"
_UNITS = ("systemctl-show", "systemctl-cat")
_FILES_OF_UNIT = "Id,LoadState,FragmentPath,DropInPaths,NeedDaemonReload"


def programs(commands: Sequence[str]) -> dict[str, str]:
    """The programs of those commands that have one.

    What is asked of systemd is asked once for all of them, so the programs belong to this set of commands.
    """
    parts = {command: found for command in commands if (found := _parts(command))}
    asked = [words for found in parts.values() for _, words in found if words[0] in _UNITS]
    properties = dict.fromkeys(name for words in asked for name in words[1].split(","))
    units = dict.fromkeys(unit for words in asked for unit in words[3:])
    everything = (",".join(properties), " ".join(units))
    return {command: _PART.join(_text(part, everything) for part in found) for command, found in parts.items()}


_Part = tuple[tuple[str, str], tuple[str, ...]]
"""How a command follows the one before and whether it is negated; its name and arguments."""


def _text(part: _Part, everything: tuple[str, str]) -> str:
    link, (name, *words) = part
    return _WORD.join((*link, name, *(everything if name in _UNITS else ()), *words))


@lru_cache(maxsize=4096)
def _parts(command: str) -> tuple[_Part, ...]:
    """The parts of a command's program; none where it has none. Many hosts are sent the same commands."""
    try:
        simple = parse(command)
    except NotUnderstood:
        return ()
    found: list[_Part] = []
    for each in simple:
        words = _own(each)
        # What is read from a pipe, and it alone, is what one command says.
        of_one = len(simple) == _PAIR and not simple[0].negated
        if words is None and len(simple) == 1:
            words = _alone(each)
        if words is None or (each.link == "|") != (words[0] == _PIPED) or (words[0] == _PIPED and not of_one):
            return ()
        found.append(((each.link, "!" if each.negated else ""), words))
    return tuple(found)


def _alone(simple: Simple) -> tuple[str, ...] | None:
    """One that is all there is to a command, and that the shell would only start."""
    plain = not (simple.negated or simple.redirections or any(word.glob or word.status for word in simple.words))
    words = tuple(word.text for word in simple.words)
    return ("run", *words) if plain and words[0] in _PROGRAMS else None


_PROGRAMS = ("awk", "find", "grep", "ls", "stat", "systemctl")  # none is a word of any shell's own


def _own(simple: Simple) -> tuple[str, ...] | None:
    """A simple command in our terms: its name, and its arguments as `answers.py` takes them."""
    if any(word.glob for word in simple.words) or set(simple.redirections) - {"2>/dev/null"}:
        return None
    name, *words = (word.text for word in simple.words)
    if any(_PART in word or _WORD in word for word in words):
        return None
    silent = "2>/dev/null" in simple.redirections
    recognise = _KNOWN.get(name)
    found = recognise(words, silent) if recognise else None
    # `$?` means something to a comparison only.
    if found is None or (found[0] != "test" and any(word.status for word in simple.words)):
        return None
    return found


def _cat(words: list[str], _: bool) -> tuple[str, ...] | None:
    return ("cat", *words) if words and not any(word.startswith("-") for word in words) else None


def _test(words: list[str], _: bool) -> tuple[str, ...] | None:
    if len(words) == 3 and words[0] == "!" and words[1] in _TESTS:
        return ("test-not", *words[1:])
    if len(words) == 2 and words[0] in _TESTS:
        return ("test", *words)
    if len(words) == 3 and words[1] in _COMPARISONS and words[2].isdigit():
        return ("test", *words)
    return None


_TESTS = ("-e", "-f", "-d", "-s", "-L", "-S", "-p")
_COMPARISONS = ("-eq", "-ne", "-le")


def _stat(words: list[str], _: bool) -> tuple[str, ...] | None:
    if len(words) <= _PAIR or words[0] not in ("-c", "-Lc"):
        return None
    form, paths = words[1], words[2:]
    for field in ("%a", "%u", "%g", "%U", "%G", "%s", "%n"):
        form = form.replace(field, "")
    plain = "%" not in form and "\\" not in form and not any(path.startswith("-") for path in paths)
    return ("stat", *words) if plain else None


def _getent(words: list[str], _: bool) -> tuple[str, ...] | None:
    named = len(words) == 2 and words[0] in ("passwd", "group") and not words[1].isdigit()
    return ("getent", *words) if named and not words[1].startswith("-") else None


def _sysctl(words: list[str], _: bool) -> tuple[str, ...] | None:
    plain = len(words) == 2 and words[0] == "-n" and words[1].replace(".", "").replace("_", "").isalnum()
    return ("sysctl", words[1]) if plain else None


def _date(words: list[str], _: bool) -> tuple[str, ...] | None:
    return ("date",) if words == ["+%s"] else None


def _uname(words: list[str], _: bool) -> tuple[str, ...] | None:
    return ("uname", *words) if words in (["-s"], ["-m"]) else None


def _dpkg_query(words: list[str], silent: bool) -> tuple[str, ...] | None:
    form, names = "", []
    rest = iter(words)
    for word in rest:
        if word in ("-f", "--showformat"):
            form = next(rest, "")
        elif word.startswith("--showformat="):
            form = word.removeprefix("--showformat=")
        elif word in ("-W", "--show"):
            continue
        elif not word[:1].isalnum() or not set(word) <= _NAME:
            return None
        else:
            names.append(word)
    unknown = form
    for field in ("${Status}", "${db:Status-Status}", "${Package}", "${Version}", "\\n"):
        unknown = unknown.replace(field, "")
    plain = form and names and not set(unknown) & set("$\\")
    return ("dpkg-query", form, "silent" if silent else "", *names) if plain else None


_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")


def _sed(words: list[str], _: bool) -> tuple[str, ...] | None:
    """A word in place of any number but 0: that something was, and not when."""
    said = re.fullmatch(r"s/=\[1-9\]\[0-9\]\*/=(\w+)/", words[1]) if len(words) == _PAIR and words[0] == "-E" else None
    return (_PIPED, said[1]) if said else None


def _systemctl(words: list[str], _: bool) -> tuple[str, ...] | None:
    if len(words) == _PAIR and words[0] == "cat" and re.fullmatch(r"[\w-]+\.service", words[1]):
        return (_UNITS[1], _FILES_OF_UNIT, "", words[1])
    properties, value, units = "", "", []
    for word in words[1:]:
        if word.startswith("--property="):
            properties = word.removeprefix("--property=")
        elif word == "--value":
            value = "value"
        elif word.startswith("-") or any(sign in word for sign in "*?[ "):
            return None
        else:
            units.append(word)
    if words[:1] != ["show"] or not properties or not units or (value and "," in properties):
        return None
    return (_UNITS[0], properties, value, *units)


def _cat_config(words: list[str], _: bool) -> tuple[str, ...] | None:
    named = [word for word in words if word != "--no-pager"]
    plain = len(named) == 2 and named[0] == "cat-config" and set(named[1]) <= _NAME | {"/"}
    return ("cat-config", named[1]) if plain and not named[1].startswith(("/", "-")) else None


def _find(words: list[str], _: bool) -> tuple[str, ...] | None:
    rest = iter(words[1:] if words[:1] == ["-L"] else words)
    for word in rest:
        if (
            word.startswith("/")
            and (word == "/" or word.rstrip("/") == word)
            and not any(sign in word for sign in "*?[\\")
        ):
            continue
        if word in _FIND_SIGNS:
            continue
        fits = _FIND_TESTS.get(word)
        if fits is None or not fits(next(rest, "")):
            return None
    return ("find", *words) if words and (words[0].startswith("/") or words[:1] == ["-L"] != words) else None


def _pattern(value: str) -> bool:
    return bool(value) and not any(sign in value for sign in "?[\\")


def _form(value: str) -> bool:
    for field in ("%m", "%u", "%g", "%U", "%G", "%p", "%f", "%y", "%l", "\\n"):
        value = value.replace(field, "")
    return not set(value) & set("%\\")


def _grep(words: list[str], _: bool) -> tuple[str, ...] | None:
    """Every line of all files of one name below a folder: where settings of the kernel are, one of each interface."""
    # Where nothing is there, nothing is found, whatever is looked for; that grep may not take a pattern, grep says.
    flags, pattern, *paths = *words, *[""] * (_PAIR - len(words))
    if paths and re.fullmatch(r"-[rR][EHain]*s[EHain]*", flags) and re.fullmatch(r"[\w^|/=.][\w^|/=. -]*", pattern):
        return ("grep-nothing", *paths) if all(path.startswith("/") for path in paths) else None
    plain = len(words) == 4 and words[:2] == ["-rs", ""] and words[3].startswith("--include=")
    if not plain or not words[2].startswith("/proc/sys/") or words[2].endswith("/"):
        return None
    name = words[3].removeprefix("--include=")
    return ("grep", words[2], name) if set(name) <= _NAME | {"_"} and name else None


_FIND_SIGNS = ("(", ")", "!", "-o", "-print")
_FIND_TESTS: dict[str, Callable[[str], object]] = {
    "-maxdepth": str.isdigit,
    "-type": ("f", "d", "l").__contains__,
    "-name": _pattern,
    "-path": _pattern,
    "-user": str.isalpha,
    "-group": str.isalpha,
    "-perm": lambda value: value[:1] in ("-", "/") and value[1:].isdigit(),
    "-printf": _form,
}


_KNOWN: dict[str, Callable[[list[str], bool], tuple[str, ...] | None]] = {
    "cat": _cat,
    "test": _test,
    "stat": _stat,
    "getent": _getent,
    "sysctl": _sysctl,
    "date": _date,
    "uname": _uname,
    "dpkg-query": _dpkg_query,
    "systemctl": _systemctl,
    "sed": _sed,
    "systemd-analyze": _cat_config,
    "find": _find,
    "grep": _grep,
}
