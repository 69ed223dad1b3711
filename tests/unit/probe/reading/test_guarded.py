"""Who can change files, with find and ls themselves, on folders of this test; what is above them is not judged here."""

from __future__ import annotations

import grp
import os
import pwd
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from testinfra import get_host

from opsharden.errors import Unanswered
from opsharden.model import Mismatch
from opsharden.probe.reading.guarded import Guarded
from opsharden.probe.reading.places import place
from opsharden.probe.shell.readonly import is_read_only

ME = "root" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
FORM = "-printf '%y"


class Here:
    """This machine, which keeps what it was asked."""

    def __init__(self) -> None:
        self._host = get_host("local://")
        self.asked: list[str] = []

    def run(self, command: str, *words: str) -> Any:
        self.asked.append(self._host.backend.quote(command, *words))
        return self._host.run(command, *words)


@pytest.fixture
def host() -> Here:
    return Here()


def amiss(host: Here, top: Path, want: dict[str, dict[str, Any]]) -> list[Mismatch]:
    """What is wrong below a folder; names in `want` are below it."""
    places = [place(f"{top}{path}", {"owner": ME, **wanted}) for path, wanted in want.items()]
    return [
        each for each in Guarded(host, places).amiss() if each.what.removeprefix("the folder ").startswith(f"{top}/")
    ]


def told(host: Here, top: Path, want: dict[str, str]) -> list[str]:
    """The same in short: which, and what it is."""
    modes = {path: {"mode": {"at_most": mode}} for path, mode in want.items()}
    return sorted(f"{each.what.replace(f'{top}/', '')}: {each.found.split(',')[0]}" for each in amiss(host, top, modes))


def made(top: Path, **modes: int) -> None:
    for name, mode in modes.items():
        path = top / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.chmod(mode)


def with_list(path: Path, rights: int) -> None:
    """An access list that gives somebody rights."""
    nobody = 2**32 - 1
    entries = [(1, 6, nobody), (2, rights, 2), (4, 0, nobody), (16, rights, nobody), (32, 0, nobody)]
    packed = b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + packed)
    except OSError:
        pytest.skip("no access lists on this file system")


def test_what_is_closed_or_stricter_is_fine(host: Here, tmp_path: Path) -> None:
    made(tmp_path, a=0o640, b=0o400)
    assert told(host, tmp_path, {"/a": "0640", "/b": "0640", "/none": "0600", "/no/folder": "0600"}) == []


def test_a_host_in_order_is_asked_little_and_only_what_may_be_asked_ahead(host: Here, tmp_path: Path) -> None:
    made(tmp_path, a=0o644, deep__b=0o644)
    assert told(host, tmp_path, {"/a": "0644", "/*": "0644", "/**": "0644"}) == []
    asked = [command for command in host.asked if FORM in command]
    assert len(asked) == 2
    assert all(map(is_read_only, asked))


def test_the_longest_path_counts(host: Here, tmp_path: Path) -> None:
    made(tmp_path, a=0o666, log_1=0o664, log_2=0o666)
    assert told(host, tmp_path, {"/**": "0640", "/log*": "0664", "/a": "0666"}) == ["log.2: mode 666"]


def test_patterns_end_at_a_slash_and_trees_do_not(host: Here, tmp_path: Path) -> None:
    made(tmp_path, one__a=0o666, one__two__b=0o666)
    assert told(host, tmp_path, {"/one/*": "0644"}) == ["one/a: mode 666"]
    assert told(host, tmp_path, {"/*/*": "0644"}) == ["one/a: mode 666"]
    assert told(host, tmp_path, {"/**": "0644"}) == ["one/a: mode 666", "one/two/b: mode 666"]


def test_of_a_tree_only_what_may_be_wrong_is_shown(host: Here, tmp_path: Path) -> None:
    made(tmp_path, a_log=0o640, b_log=0o666, deep__c_log=0o600)
    want = {f"{tmp_path}/**": {"mode": {"at_most": "0640"}, "by_list": "r"}}
    guarded = Guarded(host, [place(path, wanted) for path, wanted in want.items()])
    assert [Path(entry.path).name for entry in guarded.entries if entry.kind == "f"] == ["b.log"]
    wanted = {"mode": {"at_most": "0640"}, "absent": "wrong"}
    places = [*(place(path, each) for path, each in want.items()), place(f"{tmp_path}/a.log", wanted)]
    assert Guarded(host, places).is_there(places[-1])


def test_folders_are_judged_as_folders(host: Here, tmp_path: Path) -> None:
    made(tmp_path, one__a=0o666, one__two__b=0o666)
    (tmp_path / "one" / "two").chmod(0o777)
    assert told(host, tmp_path, {"/one/**/": "0755"}) == ["one/two: mode 777"]
    assert told(host, tmp_path, {"/one/": "0700"}) == [f"one: mode {(tmp_path / 'one').stat().st_mode & 0o777:o}"]
    assert told(host, tmp_path, {"/on*/": "0700"}) == told(host, tmp_path, {"/one/": "0700"})


def test_a_folder_on_the_way_that_others_can_write_is_open(host: Here, tmp_path: Path) -> None:
    made(tmp_path, one__a=0o644)
    (tmp_path / "one").chmod(0o1777)
    found = told(host, tmp_path, {"/one/a": "0644", "/one/b": "0644"})
    assert "the folder one: mode 1777" in found


@pytest.mark.skipif(ME != "root", reason="the way is root's")
def test_it_is_said_once(host: Here, tmp_path: Path) -> None:
    made(tmp_path, one__a=0o644)
    (tmp_path / "one").chmod(0o777)
    assert told(host, tmp_path, {"/one/a": "0644", "/one/b": "0644"}) == ["the folder one: mode 777"]


def test_what_is_no_file_is_named_where_one_is_meant(host: Here, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    os.mkfifo(tmp_path / "open")
    (tmp_path / "open").chmod(0o622)
    (tmp_path / "folder").mkdir()
    assert told(host, tmp_path, {"/pipe": "0644", "/folder": "0644"}) == ["folder: a folder", "pipe: a pipe"]
    # Of several, what they may do counts.
    (left,) = amiss(host, tmp_path, {"/*": {"mode": {"at_most": "0644"}}})
    assert (left.found.split(",")[0], left.by_hand) == (
        "mode 622",
        f"{tmp_path}/open is a pipe, which apply leaves alone: close it yourself.",
    )


def test_what_a_link_leads_to_counts_and_is_left(host: Here, tmp_path: Path) -> None:
    made(tmp_path, etc__a=0o644, srv__open=0o666, srv__closed=0o644)
    for name, target in {
        "b": "../srv/open",
        "c": "../srv/closed",
        "d": "c",
        "n": "/dev/null",
        "l": "l",
        "m": "x",
    }.items():
        (tmp_path / "etc" / name).symlink_to(target)
    found = amiss(host, tmp_path, {f"/etc/{name}": {"mode": {"at_most": "0644"}} for name in "abcdnlm"})
    (wrong,) = [each for each in found if not each.what.startswith("the folder")]
    assert wrong.what == f"{tmp_path}/srv/open"
    assert f"{tmp_path}/etc/b is a link to ../srv/open" in wrong.found
    assert "apply changes nothing elsewhere" in wrong.by_hand


def test_a_whole_tree_may_lie_behind_a_link(host: Here, tmp_path: Path) -> None:
    made(tmp_path, srv__log__a=0o666, srv__log__deep__b=0o666, srv__one=0o666)
    (tmp_path / "log").symlink_to("srv/log")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "in").symlink_to("../srv/log/deep")
    (tmp_path / "var" / "one").symlink_to(tmp_path / "srv" / "one")
    everything = ["srv/log/a: mode 666", "srv/log/deep/b: mode 666"]
    assert [each for each in told(host, tmp_path, {"/log/**": "0640"}) if "folder" not in each] == everything
    assert [each for each in told(host, tmp_path, {"/log/a": "0640"}) if "folder" not in each] == everything[:1]
    behind = [each for each in told(host, tmp_path, {"/var/**": "0640"}) if "folder" not in each]
    assert behind == [everything[1], "srv/one: mode 666"]


def test_a_link_to_a_neighbour_that_is_looked_at_anyway_costs_nothing(host: Here, tmp_path: Path) -> None:
    made(tmp_path, key_pgp=0o666)
    (tmp_path / "key.gpg").symlink_to("key.pgp")
    assert told(host, tmp_path, {"/**": "0644"}) == ["key.pgp: mode 666"]
    assert len([command for command in host.asked if FORM in command]) == 2


def test_links_in_a_circle_come_to_an_end(host: Here, tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b/x")
    (tmp_path / "b").symlink_to("a/x")
    assert told(host, tmp_path, {"/a": "0644", "/b/**": "0644"}) == []


def test_what_only_the_folders_own_group_reaches_may_be_readable_and_not_writable(host: Here, tmp_path: Path) -> None:
    made(tmp_path, shut__a=0o644, shut__b=0o646, shut__deep__c=0o644, open__d=0o644)
    (tmp_path / "shut").chmod(0o750)
    (tmp_path / "open").chmod(0o755)
    assert told(host, tmp_path, {"/**": "0640"}) == ["open/d: mode 644", "shut/b: mode 646"]


def test_an_access_list_counts(host: Here, tmp_path: Path) -> None:
    made(tmp_path, a=0o600, b=0o600)
    with_list(tmp_path / "a", 6)
    with_list(tmp_path / "b", 4)
    want = {"/*": {"mode": {"at_most": "0660"}}}
    lists = {each.what: each.found.partition(", and ")[2] for each in amiss(host, tmp_path, want)}
    assert lists == {
        f"{tmp_path}/a": "an access list lets user 2 read and write",
        f"{tmp_path}/b": "an access list lets user 2 read",
    }
    want["/*"]["by_list"] = "r"  # type: ignore[assignment]
    lists = {each.what: each.found.partition(", and ")[2] for each in amiss(host, tmp_path, want)}
    assert lists == {f"{tmp_path}/a": "an access list lets user 2 write"}


def test_owners_and_groups(host: Here, tmp_path: Path) -> None:
    made(tmp_path, a=0o600)
    group = grp.getgrgid((tmp_path / "a").stat().st_gid).gr_name
    group = "root" if (tmp_path / "a").stat().st_gid == 0 else group
    mode = {"mode": {"at_most": "0600"}}
    assert amiss(host, tmp_path, {"/a": {**mode, "owner": ["nobody", ME], "group": ["nogroup", group]}}) == []
    (wrong,) = amiss(host, tmp_path, {"/a": {**mode, "owner": "nobody", "group": group}})
    assert (wrong.found, wrong.wanted) == (f"mode 600, {ME}:{group}", f"mode 600 or stricter, nobody:{group}")
    (wrong,) = amiss(host, tmp_path, {"/a": {**mode, "group": ["nogroup", "shadow"]}})
    assert "nogroup or" in wrong.wanted


def test_what_is_absent_may_be_wrong(host: Here, tmp_path: Path) -> None:
    want = {"mode": {"at_most": "0600"}, "absent": "wrong"}
    for name, target in {"b": "nothing", "c": "/dev/null"}.items():
        (tmp_path / name).symlink_to(target)
    found = amiss(host, tmp_path, {f"/{name}": want for name in "abc"})
    assert [each.found for each in found] == ["not there"] * 3
    assert all("apply makes none" in each.by_hand for each in found)


def test_a_line_break_in_a_name_hides_nothing(host: Here, tmp_path: Path) -> None:
    made(tmp_path, a=0o666)
    (tmp_path / f"x\nf 600 0 0 root:root:{tmp_path}/a").parent.mkdir(parents=True)
    (tmp_path / f"x\nf 600 0 0 root:root:{tmp_path}/a").touch()
    found = Guarded(host, [place(f"{tmp_path}/**", {"mode": {"at_most": "0644"}})]).amiss()
    assert f"{tmp_path}/a" in [each.what for each in found]
    assert "an odd name" in [each.found for each in found]


def test_a_name_with_other_ends_of_lines_hides_no_list(host: Here, tmp_path: Path) -> None:
    (tmp_path / "a\x0cb\u2028c").touch(0o600)
    with_list(tmp_path / "a\x0cb\u2028c", 6)
    (wrong,) = amiss(host, tmp_path, {"/**": {"mode": {"at_most": "0660"}}})
    assert "an access list lets user 2" in wrong.found


@pytest.mark.parametrize(
    ("rc", "stderr"), [(126, "sh: find: Permission denied"), (1, "find: '/x': Permission denied"), (127, "")]
)
def test_who_cannot_look_says_so(rc: int, stderr: str) -> None:
    class Broken:
        def run(self, *_: str) -> Any:
            return SimpleNamespace(rc=rc, stdout="", stderr=stderr)

    with pytest.raises(Unanswered, match="cannot be seen"):
        Guarded(Broken(), [place("/etc/passwd", {"mode": {"at_most": "0644"}})])
