"""What the module makes of the lines of start-up files, login.defs and PAM."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.loading import module


@pytest.fixture(scope="module")
def sessions() -> Any:
    return module("accounts", "session_settings")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("022", True),
        ("0027", False),
        ("077", False),
        ("2", True),
        ("u=rwx,g=rx,o=", False),
        ("u=rwx,g=rx,o=r", True),
        ("g-w,o-rwx", False),
        ("o+x", True),
        ("a=rx", True),
        ("=", False),
        ("$MASK", None),
        ("0x12", None),
        ("099", None),
    ],
)
def test_what_a_mask_loosens(sessions: Any, value: str, expected: bool | None) -> None:
    assert sessions.loosens(value, 0o027) is expected


@pytest.mark.parametrize(
    ("line", "default", "expected"),
    [
        ("session optional pam_umask.so\n", "nousergroups", "session optional pam_umask.so\n"),
        ("session optional pam_umask.so\n", "usergroups", "session optional pam_umask.so nousergroups\n"),
        (
            "session optional pam_umask.so umask=0022 # old\n",
            "nousergroups",
            "session optional pam_umask.so umask=0027 # old\n",
        ),
        ("session optional pam_umask.so umask=0077\n", "nousergroups", "session optional pam_umask.so umask=0077\n"),
        (
            "session optional pam_umask.so usergroups silent",
            "nousergroups",
            "session optional pam_umask.so silent nousergroups",
        ),
    ],
)
def test_options_of_pam_umask(sessions: Any, line: str, default: str, expected: str) -> None:
    assert sessions.pam_line(line, 0o027, default) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("umask 022\n", "umask 0027\n"),
        ("test -d /srv && umask 022; export A=1 # umask 022\n", "test -d /srv && umask 0027; export A=1 # umask 022\n"),
        ("if true; then umask u=rwx,g=rx,o=rx; fi\n", "if true; then umask g-w,o-rwx; fi\n"),
        ('umask "022"\n', "umask 0027\n"),
        ("(umask 022; make)\n", "(umask 022; make)\n"),
        ("echo umask 022\n", "echo umask 022\n"),
        ("umask 077\n", "umask 077\n"),
        ("umask\n", "umask\n"),
        ("umask -S > /dev/null\n", "umask -S > /dev/null\n"),
        ("umask 2>&1\n", "umask 2>&1\n"),
        ("case $- in *i*) umask 002 ;; esac\n", "case $- in *i*) umask 0027 ;; esac\n"),
        ("cat <<END\numask 022\nEND\numask 022\n", "cat <<END\numask 022\nEND\numask 0027\n"),
        ("cat > x <<- 'A B' # a\n\tumask 022\n\tA B\n", "cat > x <<- 'A B' # a\n\tumask 022\n\tA B\n"),
        ("cat <<A <<\\B\numask 022\nA\numask 022\nB\n", "cat <<A <<\\B\numask 022\nA\numask 022\nB\n"),
        ("cat <<END\numask 022\n", "cat <<END\numask 0027\n"),
        ("echo '<<END'\numask 022\nEND\n", "echo '<<END'\numask 0027\nEND\n"),
        ("# <<END\numask 022\nEND\n", "# <<END\numask 0027\nEND\n"),
        ("cat <<<END\numask 022\nEND\n", "cat <<<END\numask 0027\nEND\n"),
        ("echo $((1 <<x))\numask 022\nx\n", "echo $((1 <<x))\numask 0027\nx\n"),
        ("echo 'a; umask 022' \"; umask 022\"\n", "echo 'a; umask 022' \"; umask 022\"\n"),
        ("echo \\; umask 022; echo a#b; umask 022\n", "echo \\; umask 022; echo a#b; umask 0027\n"),
        ("echo '#'; umask 022 # don't\n", "echo '#'; umask 0027 # don't\n"),
        ("echo it's; umask 022\n", "echo it's; umask 0027\n"),
    ],
)
def test_masks_in_start_up_files(sessions: Any, tmp_path: Path, monkeypatch: Any, line: str, expected: str) -> None:
    profile = tmp_path / "profile"
    profile.write_text(line)
    for name in ("PROFILE", "BASHRC"):
        monkeypatch.setattr(sessions, name, str(profile))
    monkeypatch.setattr(sessions, "ROOTS", [])
    monkeypatch.setattr(sessions.glob, "glob", lambda _: [])
    files = sessions.Files()
    sessions.mask_in_shells(files, 0o027)
    assert "".join(files.lines(str(profile))) == expected
    assert files.left == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UMASK\t\t022\n", "UMASK\t\t027\n"),
        ("UMASK 077\n", "UMASK 077\n"),
        ("UMASK 27\n", "UMASK 027\n"),
        ("UMASK 077\nUMASK 022 # new\n", "UMASK 077\nUMASK 027 # new\n"),
        ("# UMASK 022\n", "# UMASK 022\nUMASK\t\t027\n"),
        ("UMASK none", "UMASK 027"),
    ],
)
def test_the_mask_of_login_defs(sessions: Any, tmp_path: Path, monkeypatch: Any, text: str, expected: str) -> None:
    path = tmp_path / "login.defs"
    path.write_text(text)
    monkeypatch.setattr(sessions, "LOGIN_DEFS", str(path))
    files = sessions.Files()
    sessions.mask_in_login_defs(files, 0o027)
    assert "".join(files.lines(str(path))) == expected


PROFILE = "for i in /etc/profile.d/*.sh; do . $i; done\n. /etc/bash.bashrc\n"


@pytest.mark.parametrize(
    ("bashrc", "root", "holds"),
    [
        ("readonly TMOUT=300\n", "", True),
        ("declare -xr TMOUT=900\n", "TMOUT=0\n", True),
        ("readonly TMOUT=901\n", "", False),
        ("TMOUT=300\n", "", False),
        ("TMOUT=300; readonly TMOUT\n", "", True),
        ("# readonly TMOUT=300\n", "", False),
        ('[ "$(id -u)" -eq 0 ] || readonly TMOUT\n', "export TMOUT=300\n", False),
        ("TMOUT=300\nunset TMOUT\nreadonly TMOUT\n", "", False),
        ("readonly TMOUT=300\ncat <<END\nTMOUT=0\nEND\n", "cat <<END\nunset TMOUT\nEND\n", True),
        ("cat <<END\nreadonly TMOUT=300\nEND\n", "", False),
    ],
)
def test_where_shells_end_nothing_is_changed(
    sessions: Any, tmp_path: Path, monkeypatch: Any, bashrc: str, root: str, holds: bool
) -> None:
    for name, text in {"bashrc": bashrc, "profile": PROFILE, "root": root}.items():
        (tmp_path / name).write_text(text.replace("/etc/bash.bashrc", str(tmp_path / "bashrc")))
    monkeypatch.setattr(sessions, "BASHRC", str(tmp_path / "bashrc"))
    monkeypatch.setattr(sessions, "PROFILE", str(tmp_path / "profile"))
    monkeypatch.setattr(sessions, "ROOTS", [str(tmp_path / "none"), str(tmp_path / "root")])
    monkeypatch.setattr(sessions.glob, "glob", lambda _: [])
    files = sessions.Files()
    sessions.timeout(files, 900)
    assert (files.changed() == {}) is holds


def test_a_rule_that_goes_on_in_the_next_line_is_left_and_named(
    sessions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option put behind the backslash would make a broken rule of the next line."""
    common = tmp_path / "common-session"
    common.write_text("session optional pam_umask.so usergroups \\\n  umask=0002\n")
    monkeypatch.setattr(sessions, "COMMON", (str(common),))
    monkeypatch.setattr(sessions, "SERVICES", ())
    files = sessions.Files()
    sessions.mask_in_pam(files, 0o027)
    assert files.changed() == {}
    assert [str(common) in sentence and "line 1" in sentence for sentence in files.left] == [True]


def whole(sessions: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module's files in a folder of the test, nothing in them."""
    for name in ("PROFILE", "BASHRC", "OWN", "OWN_MASK", "LOGIN_DEFS"):
        monkeypatch.setattr(sessions, name, str(folder / name))
    monkeypatch.setattr(sessions, "ROOTS", [str(folder / "none"), str(folder / "none")])
    monkeypatch.setattr(sessions.glob, "glob", lambda _: [])
    return sessions.Files()


@pytest.mark.parametrize("name", ["OWN", "BASHRC"])
def test_nothing_is_put_in_the_place_of_a_pipe_nor_is_anybody_sent_there(
    sessions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    files = whole(sessions, tmp_path, monkeypatch)
    os.mkfifo(tmp_path / name)
    sessions.timeout(files, 900)
    assert list(files.changed()) == ([] if name == "OWN" else [str(tmp_path / "OWN")])
    assert [f"{tmp_path / name} is a pipe" in sentence for sentence in files.left] == [True]


@pytest.mark.parametrize("target", ["/dev/null", "nowhere"])
def test_no_link_leads_what_is_written_astray(
    sessions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    files = whole(sessions, tmp_path, monkeypatch)
    (tmp_path / "LOGIN_DEFS").symlink_to(target)
    sessions.mask_in_login_defs(files, 0o027)
    assert files.changed() == {}
    assert len(files.left) == 1


def test_what_others_cannot_read_sets_nothing_for_them(
    sessions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = whole(sessions, tmp_path, monkeypatch)
    (tmp_path / "PROFILE").write_text("umask 027\n")
    (tmp_path / "PROFILE").chmod(0o640)
    sessions.mask_in_login_shells(files, 0o027)
    assert list(files.changed()) == [str(tmp_path / "OWN_MASK")]
    (tmp_path / "OWN_MASK").write_text(files.changed()[str(tmp_path / "OWN_MASK")][1])
    (tmp_path / "OWN_MASK").chmod(0o600)
    again = whole(sessions, tmp_path, monkeypatch)
    sessions.mask_in_login_shells(again, 0o027)
    assert (again.changed(), again.to_open) == ({}, [str(tmp_path / "OWN_MASK")])
