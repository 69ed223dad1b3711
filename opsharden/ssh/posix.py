"""A command for a POSIX shell, in words that every login shell takes as they are."""

from __future__ import annotations

_ESCAPED = str.maketrans({sign: f"\\0{ord(sign):03o}" for sign in "\\'!\n\r"})
"""What no quotes keep from csh (`!`, line ends) or fish (`\\`, `'`). printf(1), `%b`: an octal number behind `\\0`."""


def through_any_shell(command: str) -> str:
    """One line that runs a command by `/bin/sh`, whichever shell the account has: sh, csh, fish and their kin.

    sshd hands what it is given to the account's own shell, which reads its start-up files first (bash its .bashrc, csh
    its .cshrc); nobody who logs in can avoid that. From this line on it runs nothing more.
    """
    return f"""exec /bin/sh -c 'eval "$(printf %b "$1")"' sh '{command.translate(_ESCAPED)}'"""
