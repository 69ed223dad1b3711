"""What roles/kinds makes of files and of the folders above them: run as Ansible runs it, on folders of this test."""

from __future__ import annotations

import errno
import os
import stat
import struct
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.roles.loading import Run, module


@pytest.fixture
def closing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module, for whom root is whoever runs this test, and which never leaves its folder."""
    loaded = module("kinds", "file_access")

    class Closing(loaded.Closing):  # type: ignore[misc,name-defined]  # it is loaded by its path
        def _plan(self, path: str, found: os.stat_result, mode: int, owner: int, group: int, *rest: Any) -> None:
            if Path(path).is_relative_to(tmp_path / "etc"):
                super()._plan(path, found, mode, found.st_uid, found.st_gid, *rest)

    monkeypatch.setattr(loaded, "Closing", Closing)
    return loaded


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    (folder / "security").mkdir(parents=True)
    for path in (folder, folder / "security"):
        path.chmod(0o755)
    return folder


def made(path: Path, mode: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(mode)
    return path


def want(etc: Path, **more: str) -> list[dict[str, Any]]:
    """Names below the folder to the mode that they may have; `_` stands for a slash."""
    return [{f"{etc}{name}": {"mode": {"at_most": mode}} for name, mode in more.items()}]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("check", [True, False])
def test_a_folder_above_two_files_is_named_once(closing: ModuleType, etc: Path, run: Run, check: bool) -> None:
    (etc / "security").chmod(0o777)
    for name in ("opasswd", "opasswd.old"):
        made(etc / "security" / name, 0o600)
    wanted = want(etc, **{"/security/opasswd": "0600", "/security/opasswd.old": "0600"})
    said = run(closing, check, want=wanted)
    assert said["changed"] is True
    assert said["opsharden_note"] == [f"{etc / 'security'}: mode 777 to 755."]
    assert mode(etc / "security") == (0o777 if check else 0o755)
    ids = f"{os.getuid()}:{os.getgid()}"
    assert said["diff"] == {"before": f"777 {ids} {etc}/security\n", "after": f"755 {ids} {etc}/security\n"}
    if not check:
        assert run(closing, want=wanted)["changed"] is False


def test_what_is_left_is_said_as_what_was_done_is(closing: ModuleType, etc: Path, run: Run) -> None:
    os.mkfifo(etc / "issue", 0o600)
    (etc / "motd").mkdir(0o777)
    made(etc.parent / "elsewhere", 0o666)
    (etc / "link").symlink_to("../elsewhere")
    made(etc / "open", 0o666)
    said = run(closing, want=want(etc, **dict.fromkeys(("/issue", "/motd", "/link", "/open", "/none/x"), "0600")))
    assert said["left"] == [
        f"{etc / 'issue'} is a pipe and was left as it is.",
        f"{etc / 'link'} is a link and was left as it is.",
        f"{etc / 'motd'} is a folder and was left as it is.",
    ]
    assert said["opsharden_note"] == [f"{etc / 'open'}: mode 666 to 600.", *said["left"]]


def test_behind_a_folder_that_is_a_link_nothing_is_changed(closing: ModuleType, etc: Path, run: Run) -> None:
    (etc / "security").rename(etc.parent / "security")
    (etc / "security").symlink_to("../security")
    made(etc / "security" / "opasswd", 0o666)
    said = run(closing, want=want(etc, **{"/security/opasswd": "0600", "/security/*": "0600"}))
    assert (said["changed"], said["left"]) == (
        False,
        [f"{etc / 'security'} is a link, and nothing behind it was changed."],
    )


def test_trees_and_patterns_name_what_they_say_and_the_one_that_says_most_counts(
    closing: ModuleType, etc: Path, run: Run
) -> None:
    made(etc / "a", 0o666)
    made(etc / "b.log", 0o666)
    made(etc / "deep" / "down" / "c", 0o666)
    (etc / "deep").chmod(0o777)
    (etc / "deep" / "down").chmod(0o755)
    run(closing, want=want(etc, **{"/**": "0640", "/*.log": "0660", "/**/": "0755"}))
    assert [mode(etc / name) for name in ("a", "b.log", "deep/down/c", "deep")] == [0o640, 0o660, 0o640, 0o755]
    run(closing, want=want(etc, **{"/*/*": "0600", "/de*/": "0700"}))
    assert [mode(etc / name) for name in ("a", "deep/down/c", "deep")] == [0o640, 0o640, 0o700]


def test_what_several_controls_want_of_a_file_all_holds(closing: ModuleType, etc: Path, run: Run) -> None:
    for first, second in (("0640", "0660"), ("0660", "0640"), ("0604", "0660")):
        path = made(etc / "a", 0o666)
        run(closing, want=[*want(etc, **{"/a": first}), *want(etc, **{"/**": second})])
        assert mode(path) == int(first, 8) & int(second, 8)
    (etc / "security").chmod(0o777)
    made(etc / "security" / "b", 0o600)
    run(closing, want=[*want(etc, **{"/security/": "0750"}), *want(etc, **{"/security/b": "0600"})])
    assert mode(etc / "security") == 0o750


def test_links_in_a_tree_are_left_and_named_only_where_they_lead_to_something_open(
    closing: ModuleType, etc: Path, run: Run
) -> None:
    made(etc / "key.pgp", 0o666)
    for name, target in {"key.gpg": "key.pgp", "null": "/dev/null", "none": "nothing", "loop": "loop"}.items():
        (etc / name).symlink_to(target)
    made(etc.parent / "open", 0o666)
    made(etc.parent / "closed", 0o644)
    (etc / "to open").symlink_to("../open")
    (etc / "to closed").symlink_to("../closed")
    said = run(closing, want=want(etc, **{"/**": "0644"}))
    assert said["opsharden_note"] == [
        f"{etc}/key.pgp: mode 666 to 644.",
        f"{etc}/to open is a link and was left as it is.",
    ]


def test_what_a_folder_keeps_from_others_may_be_readable_and_not_writable(
    closing: ModuleType, etc: Path, run: Run
) -> None:
    for name in ("shut/a", "shut/deep/b", "open/c"):
        made(etc / name, 0o644)
    made(etc / "shut" / "w", 0o646)
    (etc / "shut").chmod(0o750)
    run(closing, want=want(etc, **{"/**": "0640"}))
    assert [mode(etc / name) for name in ("shut/a", "shut/deep/b", "open/c", "shut/w")] == [0o644, 0o644, 0o640, 0o644]


def entries(path: Path) -> list[tuple[int, int, int]]:
    raw = os.getxattr(path, "system.posix_acl_access")
    return list(struct.iter_unpack("<HHI", raw[4:]))


def with_list(path: Path, *named: tuple[int, int], mask: int = 7) -> None:
    """An access list that gives users rights."""
    nobody = 2**32 - 1
    users = [(2, rights, user) for user, rights in named]
    said = [(1, 6, nobody), *users, (4, 4, nobody), (16, mask, nobody), (32, 0, nobody)]
    try:
        packed = b"".join(struct.pack("<HHI", *entry) for entry in said)
        os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + packed)
    except OSError:
        pytest.skip("no access lists on this file system")


def test_of_an_access_list_goes_what_goes_too_far(closing: ModuleType, etc: Path, run: Run) -> None:
    path = made(etc / "log", 0o640)
    with_list(path, (2, 6), (5, 0), (6, 2), mask=6)
    said = run(closing, want=[{f"{etc}/log": {"mode": {"at_most": "0640"}, "by_list": "r"}}])
    assert [(number, rights) for tag, rights, number in entries(path) if tag == 2] == [(2, 4), (5, 0)]
    assert mode(path) == 0o640
    assert said["opsharden_note"] == [f"{etc}/log: mode 660 to 640, its access list was cut down."]


def test_what_several_controls_want_of_a_list_all_holds(closing: ModuleType, etc: Path, run: Run) -> None:
    plain: dict[str, str] = {}
    readable = {"by_list": "r"}
    for wanted in ((readable, plain), (plain, readable)):
        path = made(etc / "log", 0o640)
        with_list(path, (2, 6))
        run(closing, want=[{f"{etc}/log": {"mode": {"at_most": "0640"}, **each}} for each in wanted])
        assert "system.posix_acl_access" not in os.listxattr(path)
        assert mode(path) == 0o640


def test_a_list_that_names_nobody_any_more_goes_and_the_group_has_what_it_had(
    closing: ModuleType, etc: Path, run: Run
) -> None:
    path = made(etc / "shadow", 0o640)
    with_list(path, (2, 6))
    assert mode(path) == 0o670
    run(closing, want=want(etc, **{"/shadow": "0660"}))
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert mode(path) == 0o640


def test_a_list_that_only_forbids_stays(closing: ModuleType, etc: Path, run: Run) -> None:
    path = made(etc / "shadow", 0o640)
    with_list(path, (2, 0), mask=4)
    assert run(closing, want=want(etc, **{"/shadow": "0640"}))["changed"] is False
    assert (2, 0, 2) in entries(path)


@pytest.mark.parametrize(
    ("number", "why"), [(errno.EPERM, "is immutable"), (errno.EROFS, "is on a file system that is mounted read-only")]
)
def test_what_cannot_be_closed_is_said_and_the_rest_goes_on(
    closing: ModuleType, etc: Path, run: Run, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    change = closing.change

    def refused(path: str, *rest: Any) -> Any:
        if path.endswith("/a"):
            raise OSError(number, "no", path)
        return change(path, *rest)

    monkeypatch.setattr(closing, "change", refused)
    made(etc / "a", 0o666)
    made(etc / "b", 0o666)
    said = run(closing, want=want(etc, **{"/a": "0600", "/b": "0600"}))
    assert said["left"][0].startswith(f"{etc}/a {why}")
    assert mode(etc / "b") == 0o600


def test_where_no_file_can_have_a_list_modes_are_all_there_is(
    closing: ModuleType, etc: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(*_: Any, **__: Any) -> list[str]:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "listxattr", without)
    made(etc / "a", 0o660)
    assert run(closing, want=want(etc, **{"/a": "0600"}))["changed"] is True
    assert mode(etc / "a") == 0o600


def test_what_cannot_be_looked_at_is_said(
    closing: ModuleType, etc: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lstat = os.lstat

    def refused(path: Any, **rest: Any) -> os.stat_result:
        if str(path).endswith("/a"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return lstat(path, **rest)

    monkeypatch.setattr(os, "lstat", refused)
    (etc / "a").touch()
    made(etc / "b", 0o666)
    said = run(closing, want=want(etc, **{"/a": "0600", "/b": "0600"}))
    assert said["left"] == [f"{etc}/a cannot be looked at (Permission denied), and was left as it is."]
    assert stat.S_IMODE(lstat(etc / "b").st_mode) == 0o600


def test_an_owner_that_may_not_be_is_the_first_that_may(closing: ModuleType) -> None:
    assert closing.numbers(["no-such-account", "root"], {"root": 0}.__getitem__) == [0]
    assert closing.numbers("no-such-account", {}.__getitem__) == [0]
    assert closing.numbers(None, {}.__getitem__) == []
    assert closing.numbers(["a", "b"], {"a": 7, "b": 8}.__getitem__) == [7, 8]
