"""Words and variables as systemd reads them: systemd.exec(5), EnvironmentFile=; systemd.service(5), COMMAND LINES."""

from __future__ import annotations

import re
import shlex

# A value in quotes goes on over lines until its quote ends, or the file does.
_ASSIGNED = re.compile(
    r"""^[ \t]*(\w+)[ \t]*=[ \t]*(?:"((?:\\.|[^"\\])*)"?|'([^']*)'?|([^\n]*))""", re.MULTILINE | re.DOTALL
)


def assigned(text: str) -> dict[str, str]:
    """The variables that an environment file sets."""
    return {
        name: re.sub(r'\\(["\\`$])', r"\1", double) or single or plain.strip()
        for name, double, single, plain in _ASSIGNED.findall(text)
    }


def split(value: str) -> list[str]:
    """The words of a variable in a command line: a quote that does not end goes on to the end of the value."""
    lexer = shlex.shlex(value, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    found = []
    try:
        found.extend(lexer)
    except ValueError:  # no closing quotation, or nothing behind a backslash: what was read of the word is a word
        found.append(lexer.token)
    return [word for word in found if word is not None]
