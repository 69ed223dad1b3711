"""Lines of shell start-up files as a shell takes them: what is a command, and what is only text.

Not told apart: a function's body counts as run, and so does text in quotes that go over several lines.
"""

from __future__ import annotations

import re

_COMMANDS = re.compile(r"(^|[;&|(){}`]|\b(?:then|else|do)\b)(\s*)((?:builtin\s+|command\s+)?)(?=\S)")
_SOURCES = re.compile(r"(?:\.|source)\s+[\"']?((?:~|\$HOME|\$\{HOME\}|/)[^\s;&|\"'$*]*)")
_HERE = re.compile(r"<<(-?)[ \t]*")
_END_WORD = re.compile(r"(?:\\.|'[^']*'|\"[^\"]*\"|[^\s;&|<>()'\"\\])+")


def masked(line: str) -> str:
    """A line with blanks for its comment, and letters without meaning for what stands in quotes; as long as it was."""
    out, quote, escaped = [], "", False
    for at, letter in enumerate(line):
        if escaped:
            escaped = False
            out.append("_")
        elif quote:
            escaped = letter == "\\" and quote == '"'
            quote = "" if letter == quote else quote
            out.append("_" if quote else letter)
        elif letter == "#" and (not at or line[at - 1] in " \t;&|()"):
            break
        else:
            escaped = letter == "\\"
            quote = letter if letter in "'\"" else ""
            out.append("_" if escaped else letter)
    if quote:  # it ends in another line, or began there: what is text cannot be told, so all may be commands
        out = list(re.sub(r"(^|\s)#.*", r"\1", line.rstrip("\n")))
    return "".join(out).rstrip("\n").ljust(len(line))


def without_bodies(lines: list[str]) -> list[str]:
    """All lines, those of here-documents empty. One without an end is none: what is text there cannot be told."""
    out, at = list(lines), 0
    while at < len(lines):
        for word, tabs in end_words(lines[at]):
            body = [line.rstrip("\n").lstrip("\t" if tabs else "") for line in lines[at + 1 :]]
            if word in body:
                past = at + 1 + body.index(word)
                out[at + 1 : past + 1] = [""] * (past - at)
                at = past
        at += 1
    return out


def end_words(line: str) -> list[tuple[str, bool]]:
    """What ends each here-document that a line begins, and whether tabs may stand before it."""
    text, found = masked(line), []
    for here in _HERE.finditer(text):
        word = _END_WORD.match(line, here.end())
        calculated = text.count("((", 0, here.start()) > text.count("))", 0, here.start())
        if word and not calculated:
            found.append((re.sub(r"\\(.)|['\"]", r"\1", word[0]), bool(here[1])))
    return found


def commands(line: str) -> list[tuple[int, bool]]:
    """Where simple commands begin in a line, and whether in a subshell: what is set there ends with it."""
    found, deep = [], 0
    for match in _COMMANDS.finditer(masked(line)):
        if match[1] == "(":
            deep += 1
        elif match[1] == ")":
            deep = max(0, deep - 1)
        found.append((match.end(), deep > 0))
    return found


def settings(line: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """Where commands of a line begin with what a pattern describes."""
    return [match for at, in_subshell in commands(line) if not in_subshell and (match := pattern.match(line, at))]


def sources(line: str) -> list[str]:
    """The files that a line reads in and names."""
    named = [match[1] for match in settings(line, _SOURCES)]
    return [re.sub(r"^(?:~|\$HOME|\$\{HOME\})(?=/)", "/root", path) for path in named]
