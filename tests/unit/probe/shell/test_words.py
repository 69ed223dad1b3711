"""Our reading of a line, held against that of real shells."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from opsharden.probe.shell.readonly import is_read_only
from opsharden.probe.shell.words import NotUnderstood, Word, simple_commands

# Random lines are made of these. What runs `told` with EVIL is what a shell would read into a line and we do not.
PIECES = [
    *(" ", " ", " ", "\t", "\n", ";", "&&", "||", "|", "&", "!", "\\\n", "\\", "'", "'", '"', '"', "#", "{}", "{", "}"),
    *("told ", "told ", "told ", " a", "-b", "c=d", "''", '"e f"', "'g\nh'", "\\ ", "\\;", "\\'", '\\"', "=", "(", ")"),
    *("\ntold EVIL\n", ";told EVIL;", "$(told EVIL)", "`told EVIL`", "{i,j}", "~", "*", "[k]", "$PWD", "$?", "2", "é"),
    *(
        '"$(told EVIL)"',
        '"`told EVIL`"',
        '"$PWD"',
        '"\\\\"',
        "'\\\\'",
        "{told,EVIL}",
        "told() { told EVIL; }",
        "told=EVIL",
    ),
    *(">/dev/null", " 2>/dev/null", " 2>&1", " </dev/null", ">EVIL", "<EVIL", "<<EVIL\n", " $'l'", "^m^", "%n", "\r"),
]
TOLD = """#!/bin/sh
printf '%s\\037' "$@" "$(printf '\\036')" >>"$TOLD"
"""

MORE_THAN_SIMPLE_COMMANDS = [
    "",
    "  ",
    "\n",
    ";",
    "ls;rm x",
    "ls\nrm x",
    "ls && rm x",
    "ls || rm x",
    "ls | tee y",
    "grep x f | tee y",
    "ls & rm x",
    "ls &",
    "ls &\\\n& ls",
    "ls ;; ls",
    "ls | | ls",
    "ls &&",
    "&& ls",
    "! rm x",
    "! ! rm x",
    "!",
    "echo a > b",
    "echo a >b",
    "echo a>b",
    "echo a >> b",
    "echo a >| b",
    "echo a >/dev/nullx",
    "echo a >/dev/null/../../tmp/x",
    "echo a >/dev/sda",
    "echo a 2>x",
    "echo a &>x",
    "echo a >&x",
    "echo a >&2x",
    "echo a 2>&1x",
    "echo a 3>/dev/null",
    "echo a 2>>/dev/null",
    "echo a >'/dev/null'x",
    "uniq a2>/dev/null",
    "cat <>f",
    "cat <f",
    "cat <<x\nrm y\nx",
    "cat <<<x",
    "cat <(rm x)",
    "ls >(rm x)",
    "echo $(rm x)",
    "echo `rm x`",
    'echo "$(rm x)"',
    'echo "`rm x`"',
    'echo "\\$(rm x)"',
    "echo 'a'\"$(rm x)\"",
    "echo 'a'$(rm x)'b'",
    "echo $HOME",
    "echo ${x:=y}",
    "echo $((x=1))",
    "echo $'a'",
    'echo $"a"',
    "echo \\$x",
    "echo $?",
    "test x$? = x",
    "test $?x -eq 1",
    "test $?;rm x",
    "test x -a $(rm y)",
    "echo 'a",
    'echo "a',
    "echo a'",
    "echo \\",
    "echo '\\'; rm x; ''",
    'echo "\'" ; rm x ; "\'"',
    "'ls;' rm",
    "l's' ; r\\m x",
    "A=b ls",
    "PATH=/tmp ls",
    "PATH=/tmp; ls",
    "if true; then ls; fi",
    "for x in a; do ls; done",
    "while true; do ls; done",
    "case x in x) ls;; esac",
    "{ ls; }",
    "( ls )",
    "(ls)",
    "((ls))",
    "[[ -e x ]]",
    "ls() { rm x; }",
    "ls() ( rm x ); ls",
    "function ls { rm x; }",
    "ls # comment",
    "ls #\nrm x",
    "sort {-o,x}",
    "cat {a,b}",
    "cat ~root/x",
    "cat *",
    "cat ?x",
    "sort -*",
    "cat [a-z]*",
    "cat etc/*",
    "sort /tmp/'x'*'y' -o z",
    "ls\r",
    "ls\rrm x",
    "ls\0rm x",
    "ls\x0brm x",
    "ls\x0crm x",
    "ls\x1b[2K",
    "ls\x85rm x",
    "ls\u00a0-l",
    "ls\u2028rm x",
    "ls\u202erm x",
    "ls \udc27; rm x",
    "cat 'x\udce2'",
    "ls ünquoted",
    "\uff4c\uff53",
    "cat\\\n x;\\\nrm y",
    "r\\\nm x",
]


def test_words_are_those_the_program_gets() -> None:
    line = "! stat -c '%U $x' \"a b\"c\\ d 2>/dev/null </dev/null || test $? -le 2; ls /etc/*.d '/etc/*' \\\n''\n"
    assert simple_commands(line) == [
        [Word("stat"), Word("-c"), Word("%U $x"), Word("a bc d")],
        [Word("test"), Word("$?", status=True), Word("-le"), Word("2")],
        [Word("ls"), Word("/etc/*.d", glob=True), Word("/etc/*"), Word("")],
    ]


@pytest.mark.parametrize("line", MORE_THAN_SIMPLE_COMMANDS, ids=ascii)
def test_what_the_shell_may_read_more_into_is_refused(line: str) -> None:
    assert not is_read_only(line)


@pytest.mark.parametrize("shell", ["/bin/dash", "/bin/bash", "/bin/bash --posix"])
def test_shells_read_no_more_into_a_line_than_we_do(tmp_path: Path, shell: str) -> None:
    told = tmp_path / "bin" / "told"
    told.parent.mkdir()
    told.write_text(TOLD)
    told.chmod(0o755)
    (tmp_path / "cwd").mkdir()
    choice = random.Random(shell)
    understood = 0
    for _ in range(2500):
        line = "told " + "".join(choice.choices(PIECES, k=choice.randint(1, 9)))
        try:
            commands = simple_commands(line)
        except NotUnderstood:
            continue
        if all(command[0].text == "told" and not any(word.status for word in command) for command in commands):
            understood += 1
            expected = [[word.text for word in command[1:]] for command in commands]
            assert_among(run(shell.split(), line, tmp_path), expected, line)
    assert understood > 50
    assert [path.name for path in (tmp_path / "cwd").iterdir()] == []


def run(shell: Sequence[str], line: str, folder: Path) -> list[list[str]]:
    """What the programs of a line were told, by a real shell, in order."""
    heard = folder / "heard"
    heard.write_text("")
    subprocess.run(
        [*shell, "-c", line],
        cwd=folder / "cwd",
        env={"PATH": f"{folder}/bin", "TOLD": str(heard), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10,
        check=False,
    )
    return [call.split("\x1f")[:-1] for call in heard.read_text(encoding="utf-8").split("\x1e\x1f")[:-1]]


def assert_among(heard: list[list[str]], expected: list[list[str]], line: str) -> None:
    """All that was heard was expected. What stands behind `||` may not run, and both sides of `|` run at once."""
    assert heard, line
    rest = list(expected)
    for call in heard:
        assert call in rest, (line, heard, expected)
        rest.remove(call)
