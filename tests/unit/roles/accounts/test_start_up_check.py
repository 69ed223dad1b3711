"""What the checks of sessions take for commands in start-up files, and what they do not open."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.roles.loading import module


@pytest.fixture(scope="module")
def start_up() -> Any:
    return module("accounts", "conftest", "checks")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("umask 022", ["umask 022"]),
        ("test -d /srv && umask 022; true", ["test -d /srv", "umask 022", "true"]),
        ("builtin umask 022 # umask 002", ["umask 022"]),
        ("(umask 022; true)", []),
        ("echo 'a; umask 022' \"b; umask 022\"", ["echo 'a; umask 022' \"b; umask 022\""]),
        ("echo \\; umask 022", ["echo \\; umask 022"]),
        ("echo '#'; umask 022", ["echo '#'", "umask 022"]),
        ("echo it's; umask 022", ["echo it's", "umask 022"]),
        ("umask 022 \\", ["umask 022 \\"]),
    ],
)
def test_the_check_tells_commands_from_text(start_up: Any, line: str, found: list[str]) -> None:
    assert [each.text for each in start_up.commands("x:1", start_up.bare(line))] == found


class Shells:
    """A host whose start-up files these are: find and grep look at a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, command: str, *words: str) -> SimpleNamespace:
        asked = command % tuple(map(shlex.quote, words)) if words else command
        asked = re.sub(r"(?<![\w.])/(?=(?:etc|root|srv)/)", f"{self._folder}/", asked)
        # The depth that tells files from scripts counts from the root.
        asked = asked.replace("'/*/*/*'", f"'{self._folder}/*/*/*'")
        said = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, timeout=10, check=False)
        return SimpleNamespace(
            rc=said.returncode,
            stdout=said.stdout.replace(str(self._folder), ""),
            stderr=said.stderr.replace(str(self._folder), ""),
        )

    def run_expect(self, expected: list[int], command: str, *words: str) -> SimpleNamespace:
        answer = self.run(command, *words)
        assert answer.rc in expected, answer.stderr
        return answer


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("umask 022\n", [1]),
        ("cat <<END\numask 022\nEND\numask 022\n", [4]),
        ("cat > x <<- 'A B' # a\n\tumask 022\n\tA B\numask 022\n", [4]),
        ("cat <<\\A.B\numask 022\nAxB\numask 022\nA.B\n", []),
        ("cat <<END\numask 022\n", [2]),
        ("echo '<<END'\numask 022\nEND\n", [2]),
        ("# <<END\numask 022\nEND\n", [2]),
        ("cat <<<END\numask 022\nEND\n", [2]),
        ("cat <<A\numask 022\ncat <<B\nA\numask 022\nB\n", [5]),
    ],
)
def test_the_check_passes_over_here_documents(start_up: Any, tmp_path: Path, text: str, numbers: list[int]) -> None:
    (tmp_path / "etc" / "profile.d").mkdir(parents=True)
    (tmp_path / "root").mkdir()
    (tmp_path / "etc" / "profile.d" / "x.sh").write_text(text)
    found = start_up.StartUp(Shells(tmp_path)).lines.get("/etc/profile.d/x.sh", ())
    assert [number for number, line in found if "umask" in line] == numbers


def test_the_check_opens_no_pipe_and_names_what_is_none_of_its_files(start_up: Any, tmp_path: Path) -> None:
    scripts = tmp_path / "etc" / "profile.d"
    scripts.mkdir(parents=True)
    (tmp_path / "root" / ".bashrc").mkdir(parents=True)
    (tmp_path / "srv").mkdir()
    os.mkfifo(scripts / "pipe.sh")
    os.mkfifo(scripts / "pipe.txt")
    os.mkfifo(tmp_path / "srv" / "more")
    (scripts / "masked.sh").symlink_to("/dev/null")
    (scripts / "closed.sh").write_text(". /srv/more; umask 027")
    (scripts / "closed.sh").chmod(0o600)
    seen = start_up.StartUp(Shells(tmp_path))
    assert seen.all_files() == ["/etc/profile.d/closed.sh", "/srv/more"]
    assert [each.roots for each in seen.commands("/etc/profile.d/closed.sh")] == [True, True]
    assert {each.what: each.found for each in seen.unreadable()} == {
        "/etc/profile.d/pipe.sh": "a pipe",
        "/root/.bashrc": "a folder",
        "/srv/more": "a pipe",
    }
