"""How the fix reads the files of sshd: as sshd itself does."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.roles.kinds.sshd_samples import LINES, MAIN
from tests.unit.roles.loading import module

CONFIG = module("kinds", "opsharden_sshd_config", "module_utils")


@pytest.mark.parametrize(("line", "value"), LINES)
def test_a_line_is_read_as_sshd_reads_it(line: str, value: str | None) -> None:
    keyword, words = CONFIG.split(line)
    assert (words[:1] if keyword else []) == ([value] if value else [])


def test_includes_are_followed_as_sshd_follows_them(tmp_path: Path) -> None:
    files = {
        MAIN: "Include b.d/*\nMaxAuthTries 5\nMatch User bob\nInclude /etc/ssh/one\nMatch all\nMaxAuthTries 7",
        "/etc/ssh/b.d/2": "MaxAuthTries 2",
        "/etc/ssh/b.d/1": "Match User al\nMaxAuthTries 1",
        "/etc/ssh/one": "Match all\nMaxAuthTries 9",
    }
    config = CONFIG.Files(MAIN, files)
    assert [(line.words, line.conditional) for line in config.lines() if line.keyword == "maxauthtries"] == [
        (["1"], True),
        (["2"], False),
        (["5"], False),
        (["9"], True),
        (["7"], False),
    ]
    assert config.deciding("maxauthtries").words == ["7"], "what stands in a Match block beats what does not"
    staged = Path(config.stage(str(tmp_path))).read_text()
    main = files[MAIN].splitlines()
    assert staged.splitlines()[1:] == [*main[1:3], f"Include {tmp_path}/2", *main[4:]]
    assert (tmp_path / "2").read_text() == files["/etc/ssh/one"]


def test_quotes_that_do_not_end_are_read_as_systemd_reads_them(tmp_path: Path) -> None:
    (tmp_path / "ssh").write_text("# X=1\nSSHD_OPTS=\"-u0 -f /etc/ssh/other -o 'MaxAuthTries 9")
    shown = (
        "ExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS ; ignore_errors=no }\n"
        f"Environment=\nEnvironmentFiles={tmp_path / 'ssh'} (ignore_errors=yes)\n"
    )
    server = CONFIG.Server(SimpleNamespace(run_command=lambda words: (0, shown, "")))
    assert (server.main, server.options) == ("/etc/ssh/other", ["MaxAuthTries 9"])


def test_it_opens_no_pipe_and_passes_over_folders_as_sshd_does(tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.write_text(f"Include {tmp_path}/d/*\nMaxAuthTries 3\n")
    (tmp_path / "d" / "folder").mkdir(parents=True)
    os.mkfifo(tmp_path / "d" / "pipe")
    (tmp_path / "d" / "null").symlink_to("/dev/null")
    files = CONFIG.Files(str(main))
    assert [line.keyword for line in files.lines()] == ["maxauthtries"]
    assert files.odd == {str(tmp_path / "d" / "pipe"): "a pipe"}


def test_options_in_what_is_no_file_are_not_guessed_at(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ssh")
    shown = (
        "ExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS ; ignore_errors=no }\n"
        f"EnvironmentFiles={tmp_path / 'ssh'} (ignore_errors=yes)\n"
    )
    with pytest.raises(CONFIG.Trouble, match=r"ssh is a pipe, and ssh\.service takes"):
        CONFIG.Server(SimpleNamespace(run_command=lambda words: (0, shown, "")))
