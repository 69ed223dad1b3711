"""sudo as it works for everyone, all its files read."""

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch

# What Debian builds sudo with (`sudo -V`), for hosts where no file says otherwise.
DEBIANS_MINUTES = "15"
A_FILE = "test ! -e %s || test -f %s"
# A log there is lost at the next start, or at once.
NOT_KEPT = ("/dev/", "/proc/", "/run/", "/sys/", "/tmp/", "/var/tmp/")  # noqa: S108 - where no log is to be


@pytest.mark.control("sudo-installed", root=False)
def test_sudo_is_installed(host, values):
    name = values["sudo_package"]
    state = "installed" if host.package(name).is_installed else "not installed"
    assert ([] if state == "installed" else [Mismatch(f"package {name}", state, "installed")]) == []


@pytest.mark.control("sudo-pty")
def test_commands_get_their_own_terminal(settings, flag, own_terminal_by_default):
    by_default = settings.everyone("use_pty") is None and own_terminal_by_default()
    assert settings.amiss("use_pty", flag, by_default) == []


@pytest.mark.control("sudo-log")
def test_commands_are_logged(host, settings, flag, rule, values):
    """Any file that is kept is a log file of sudo's own. Ours is the one declared."""
    declared = values["sudo_log_file"]

    def kept(path):
        if not isinstance(path, str) or not path.startswith("/") or path.startswith(NOT_KEPT):
            return False
        there = host.run(A_FILE, path, path)
        if there.rc > 1:
            raise Unanswered(f"Whether {path} is a file cannot be seen: {there.stderr.strip()}.")
        return there.rc == 0

    shown = rule(f"a file that is kept, such as {declared}", kept, shown=lambda found: found or "no file")
    found = settings.amiss("logfile", shown, False)
    last = settings.everyone("logfile")
    if not found and settings.is_ours(last) and last.options["logfile"] != declared:
        found = [Mismatch("logfile", last.options["logfile"], declared, last.place)]
    assert [*found, *settings.amiss("log_allowed", flag, True), *settings.amiss("log_denied", flag, True)] == []


@pytest.mark.control("sudo-timeout")
def test_password_is_forgotten(settings, rule, values):
    """A negative number means never."""
    limit = int(values["sudo_timeout_minutes"])
    minutes = rule(
        f"0 to {limit} minutes",
        lambda found: 0 <= float(found) <= limit,
        lambda found, than: float(found) < float(than),
        lambda found: f"{found or 0} minutes",
    )
    assert settings.amiss("timestamp_timeout", minutes, DEBIANS_MINUTES) == []
