from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from opsharden.ssh.posix import through_any_shell

COMMANDS = [
    "echo plain",
    "printf '%s\\n' \"it's\" 'a \"b\"' '\\\\' '\\n' '!' '!!'",
    "for each in 1 2\ndo\n  echo \"$each $(id -u)\" # `not run` $0\ndone\nprintf '%s' 'last\n'",
    "echo 'käse % %s %% $HOME ~ * ? [a] {b}'",
    "cat; exit 7",
    "echo a\rb",
]
SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh", "tcsh", "csh", "fish", "busybox") if shutil.which(shell)]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_shell_runs_what_sh_would_run(shell: str, command: str) -> None:
    how = [shell, "sh", "-c"] if shell == "busybox" else [shell, "-c"]
    wanted = subprocess.run(["/bin/sh", "-c", command], input=b"in", capture_output=True, check=False)
    found = subprocess.run([*how, through_any_shell(command)], input=b"in", capture_output=True, check=False)
    assert (found.returncode, found.stdout) == (wanted.returncode, wanted.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_in_it_that_a_shell_would_not_leave_alone_in_quotes(command: str) -> None:
    line = through_any_shell(command)
    assert not set(line) & set("!\n\r")
    assert re.fullmatch(r"exec /bin/sh -c '[^'\\]*' sh '(?:[^'\\]|\\0[0-7]{3})*'", line), line


def test_an_error_of_the_shell_does_not_quote_what_it_ran() -> None:
    said = subprocess.run(["/bin/sh", "-c", through_any_shell("exec /nowhere MARK")], capture_output=True, check=False)
    assert b"MARK" not in said.stderr
