from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from opsharden.probe.guarded import ROOT, Limit, Listed, amiss, listed, open_folder

FOLDERS = "dr-xr-xr-x 1 0 0 4096  /\ndrwxr-xr-x 1 0 0 4096  /etc\n"
LIMIT = Limit(0o640, {"0": "root", "42": "shadow"})


@dataclass
class Answer:
    rc: int
    stdout: str


@dataclass
class Host:
    """What a host says of links; it is asked nothing where there are none."""

    namei: Answer = field(default_factory=lambda: Answer(126, ""))
    target: str = ""

    def run_expect(self, expected: list[int], command: str, path: str) -> Answer:
        assert command == "namei -l %s"
        assert self.namei.rc in expected
        return self.namei

    def check_output(self, command: str, path: str) -> str:
        assert command == "ls -ldnL --time-style=+ %s"
        return self.target


def told(text: str, host: Host | None = None, limit: Limit = LIMIT) -> list[str]:
    found = amiss(host or Host(), listed(FOLDERS + text), "/etc/shadow", limit)
    return [f"{each.what}: {each.found}" for each in found]


def test_what_ls_says_is_read_in_numbers() -> None:
    seen = listed("-rwsr-xr-t+ 1 0 42 9  /etc/a file\nlrwxrwxrwx 1 0 0 7  /etc/b -> /srv/b\n")
    assert seen["/etc/a file"] == Listed("-", 0o5755, "0", "42", has_list=True)
    assert seen["/etc/b"].target == "/srv/b"


def test_what_is_no_line_of_ls_is_an_error() -> None:
    with pytest.raises(ValueError, match="ls said"):
        listed("ls: Permission denied")


@pytest.mark.parametrize("line", ["-rw-r----- 1 0 42 9  /etc/shadow", "-r-------- 1 0 0 9  /etc/shadow"])
def test_what_is_closed_is_fine(line: str) -> None:
    assert told(line) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("-rw-r--r-- 1 0 42 9  /etc/shadow", "mode 644, root:42"),
        ("-rw-r----- 1 7 42 9  /etc/shadow", "mode 640, 7:42"),
        ("-rw-r----- 1 0 7 9  /etc/shadow", "mode 640, root:7"),
        ("-rwsr----- 1 0 42 9  /etc/shadow", "mode 4740, root:42"),
        ("drwxr-xr-x 2 0 0 9  /etc/shadow", "a folder"),
        ("-rw-r-----+ 1 0 42 9  /etc/shadow", "mode 640, root:42, and an access control list lets more accounts in"),
    ],
)
def test_what_lets_others_in_is_told(line: str, found: str) -> None:
    assert told(line) == [f"/etc/shadow: {found}"]


def test_an_access_list_that_gives_nothing_or_nothing_secret_is_fine() -> None:
    assert told("-rw-------+ 1 0 42 9  /etc/shadow") == []
    assert told("-rw-r--r--+ 1 0 0 9  /etc/shadow", limit=Limit(0o644, ROOT)) == []


def test_a_folder_that_others_can_write_counts() -> None:
    seen = listed("dr-xr-xr-x 1 0 0 4096  /\ndrwxrwxr-x 1 0 0 4096  /etc\n-rw------- 1 0 0 9  /etc/shadow\n")
    (found,) = amiss(Host(), seen, "/etc/shadow", LIMIT)
    assert (found.what, found.found) == ("the folder /etc", "mode 775, root:root")
    assert [found] == open_folder(seen, "/etc")
    assert open_folder(seen, "/") == open_folder(seen, "/nowhere") == []


LINK = "lrwxrwxrwx 1 0 0 9  /etc/shadow -> /srv/shadow"
WAY = """f: /etc/shadow
dr-xr-xr-x root root   /
drwxr-xr-x root root   etc
lrwxrwxrwx root root   shadow -> /srv/shadow
dr-xr-xr-x root root     /
drwx{} root root     srv
-rw-r----- root shadow   shadow
"""


def test_behind_a_link_the_file_there_counts() -> None:
    closed = Host(Answer(0, WAY.format("r-xr-x")), "-rw-r----- 1 0 42 9  /etc/shadow")
    assert told(LINK, closed) == []
    opened = Host(Answer(0, WAY.format("r-xr-x")), "-rw-rw-rw- 1 0 42 9  /etc/shadow")
    assert told(LINK, opened) == ["/etc/shadow: mode 666, root:42, /etc/shadow is a link to /srv/shadow"]


def test_behind_a_link_the_folders_there_count() -> None:
    host = Host(Answer(0, WAY.format("rwxrwx")), "-rw-r----- 1 0 42 9  /etc/shadow")
    assert told(LINK, host) == ["/etc/shadow, folder srv on its way: mode 777, root:root"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("prw-r----- 1 0 42 0  /etc/shadow", ["/etc/shadow: a pipe, /etc/shadow is a link to /srv/shadow"]),
        ("drwxr-xr-x 2 0 0 9  /etc/shadow", ["/etc/shadow: a folder, /etc/shadow is a link to /srv/shadow"]),
        ("crw-rw-rw- 1 0 0 1, 3  /etc/shadow", ["/etc/shadow: a device, /etc/shadow is a link to /srv/shadow"]),
    ],
)
def test_behind_a_link_what_is_no_file_is_named(line: str, found: list[str]) -> None:
    assert told(LINK, Host(Answer(0, WAY.format("r-xr-x")), line)) == found


def test_a_link_to_where_everything_is_lost_lets_nobody_in() -> None:
    null = Host(Answer(0, WAY.format("r-xr-x")), "crw-rw-rw- 1 0 0 1, 3  /etc/shadow")
    assert told(LINK.replace("/srv/shadow", "/dev/null"), null) == []


def test_behind_a_link_to_a_folder_the_folder_counts() -> None:
    folder = Host(Answer(0, WAY.format("r-xr-x")), "drwxrwxrwx 2 0 0 9  /etc/shadow")
    found = told(LINK, folder, Limit(0o755, ROOT, kind="d"))
    assert found == ["/etc/shadow: mode 777, root:root, /etc/shadow is a link to /srv/shadow"]


def test_a_link_to_nothing_is_told() -> None:
    assert told(LINK, Host(Answer(1, "")))[0].endswith("which is not there")


def test_a_link_that_could_not_be_followed_is_no_answer() -> None:
    with pytest.raises(AssertionError):
        told(LINK, Host(Answer(126, "")))
