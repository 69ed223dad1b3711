"""Verify cannot lie: where sudo does not let us become root, nobody looked, and that is what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.trouble import Trouble

PASSWORD = "a rather long one"
RULES = "/etc/sudoers.d/opsharden"


def rule(trouble: Trouble, lines: str) -> None:
    """Other rules for the automation account, for as long as the test lasts."""
    before = trouble.project.exec(trouble.bad, f"cat {RULES}")
    write = f"cat > {RULES} <<'END'\n{{}}\nEND\nvisudo -cq"
    trouble.make(write.format(lines), undo=write.format(before.strip()))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("Defaults:opsharden !authenticate", "not in the sudoers file"),
        ("opsharden ALL=(ALL:ALL) NOPASSWD: /bin/true\nDefaults:opsharden !authenticate", "not allowed to execute"),
        ("opsharden ALL=(ALL:ALL) NOPASSWD: ALL\nDefaults requiretty", "you must have a tty"),
    ],
)
def test_sudo_refuses(trouble: Trouble, lines: str, words: str) -> None:
    rule(trouble, lines)
    trouble.unseen(trouble.verify(), f"sudo on {trouble.bad} refused", words)


def test_there_is_no_sudo(trouble: Trouble) -> None:
    trouble.make("mv /usr/bin/sudo /usr/bin/sudo.gone", undo="mv /usr/bin/sudo.gone /usr/bin/sudo")
    trouble.unseen(trouble.verify(), "sudo", "not found")


def test_sudo_wants_a_password(trouble: Trouble, tmp_path: Path) -> None:
    password = tmp_path / "password"
    trouble.make(f"echo 'opsharden:{PASSWORD}' | chpasswd", undo="usermod --password '*' opsharden")
    rule(trouble, "opsharden ALL=(ALL:ALL) ALL")

    trouble.unseen(trouble.verify(), f"sudo on {trouble.bad} wants a password and none was given")

    password.write_text("the wrong one\n")
    seen = trouble.verify("--become-password-file", password)
    trouble.unseen(seen, f"sudo on {trouble.bad} did not accept the password")
    assert "the wrong one" not in str(seen.record)

    password.write_text(f"{PASSWORD}\n")
    trouble.unmoved(trouble.verify("--become-password-file", password))
