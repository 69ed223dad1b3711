"""What a program is given, judged where the words are a small language of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsharden.probe.shell.arguments import Judge, Options
from opsharden.probe.shell.files import harmless_to_open, harmless_to_open_all

_TEST_COMPARES = re.compile(r"-(?:eq|ne|gt|ge|lt|le)")
_TEST_LOOKS = re.compile(r"-(?:[bcdefgGhkLnNOprsSuwxz]|nt|ot|ef|a|o)")
_NUMBER = re.compile(r"-?[0-9]+|\$\?")


def test(words: Sequence[str]) -> bool:
    """`test`: bash calculates what stands beside `-eq` or behind `-v`, and a calculation can run commands."""
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if _TEST_COMPARES.fullmatch(word):
            if not (_NUMBER.fullmatch(before) and _NUMBER.fullmatch(after)):
                return False
        elif word.startswith("-") and not (_TEST_LOOKS.fullmatch(word) or _NUMBER.fullmatch(word)):
            return False
    return True


def bracket(words: Sequence[str]) -> bool:
    """`[`: the same, with a bracket at the end."""
    return words[-1:] == ["]"] and test(words[:-1])


def printf(words: Sequence[str]) -> bool:
    """`printf`: bash sets a variable with `-v` and with `%n`, and that may be PATH."""
    return words[:1] != [] and not words[0].startswith("-") and not re.search(r"%[-+ #0-9.*'hlLjtz]*n", words[0])


_AWK_OPTIONS = Options("-F= -v=")
_AWK_ACTS = re.compile(r"system|getline|close|[|>@]|\\\n|ARGV")


def awk(words: Sequence[str]) -> bool:
    """`awk` with its program as a word; not one that runs commands, writes, or picks the files it reads."""
    given = _AWK_OPTIONS.sort(words)
    return given is not None and given.operands != [] and not _AWK_ACTS.search(given.operands[0])


_SED_OPTIONS = Options("-n -E -r -s -u -z -e= --quiet --silent --regexp-extended --expression=")
_SED_ADDRESS = r"(?:[0-9]+|\$|/(?:[^/\\\n]|\\[^\n])*+/)"
_SED_PART = r"(?:(?!(?P=mark))[^\\\n]|\\[^\n])*+(?P=mark)"
_SED_SCRIPT = re.compile(
    rf"(?:{_SED_ADDRESS}(?:,{_SED_ADDRESS})?)?!?(?:[pdq=]|s(?P<mark>[/|,:#]){_SED_PART}{_SED_PART}[gpiI0-9]*)"
)


def sed(words: Sequence[str]) -> bool:
    """`sed` with scripts of one command: p, d, q, = or s/…/…/ without the flags that write or run."""
    given = _SED_OPTIONS.sort(words)
    if given is None or any(operand.startswith("-") for operand in given.operands):
        return False
    scripts = [value for name, value in given.options if name in ("-e", "--expression")] or given.operands[:1]
    return scripts != [] and all(_SED_SCRIPT.fullmatch(script) for script in scripts)


_FIND_ALONE = re.compile(
    "-(?:H|L|P|mount|xdev|depth|daystart|noleaf|follow|empty|executable|readable|writable|nouser|nogroup|true|false"
    "|print0?|ls|prune|quit|o|or|a|and|not)"
)
_FIND_WITH_VALUE = re.compile(
    "-(?:m(?:ax|in)depth|x?type|i?name|i?path|i?wholename|i?lname|i?regex|regextype|perm|user|group|uid|gid|size|links"
    "|inum|samefile|fstype|used|[acm](?:time|min)|[ac]?newer|newer[aBcm][aBcmt]|printf)"
)
_FIND_VALUE = re.compile(r"[^-][\s\S]*|-[0-9]+\w?|-[ugoa]*[=+][rwxXst]+|")


def find(grep: Judge) -> Judge:
    """`find` without the actions that delete, write or run; it may only run false, ls, and grep, but not on devices.

    Args:
        grep: Judges what grep is given.
    """

    def judge(words: Sequence[str]) -> bool:
        rest, paths, greps = list(words), list[str](), False
        while rest:
            word = rest.pop(0)
            if _FIND_WITH_VALUE.fullmatch(word):
                if not rest or not _FIND_VALUE.fullmatch(rest.pop(0)):
                    return False
            elif word == "-exec":
                inner, rest = _until_end(rest)
                if not _only_reads(inner, grep):
                    return False
                greps = greps or inner[0] == "grep"
            elif word.startswith("-"):
                if not _FIND_ALONE.fullmatch(word):
                    return False
            elif word not in ("(", ")", "!", ","):
                paths.append(word)
        return not greps or (paths != [] and all(harmless_to_open_all(f"{path}/*") for path in paths))

    return judge


def _only_reads(inner: list[str], grep: Judge) -> bool:
    """Whether a command behind -exec does: ls, grep, or false, which serves for the exit status alone."""
    return inner[:1] in (["false"], ["ls"]) or (
        inner[:1] == ["grep"] and grep(inner[1:]) and all(map(harmless_to_open, inner))
    )


def _until_end(words: list[str]) -> tuple[list[str], list[str]]:
    """The command behind -exec, which ends at `;` or `{} +`, and the words after it; no command if it does not end."""
    for at, word in enumerate(words):
        if word == ";" or (word == "+" and words[at - 1] == "{}"):
            return words[:at], words[at + 1 :]
        if word == "+":
            break
    return [], []
