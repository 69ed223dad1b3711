"""sudo as it works for everyone, all its files read."""

import pytest

# What Debian builds sudo with (`sudo -V`), for hosts where no file says otherwise.
DEBIANS_MINUTES = 15


@pytest.mark.control("sudo-installed", root=False)
def test_sudo_is_installed(host, values):
    state = "installed" if host.package(values["sudo_package"]).is_installed else "not installed"
    assert state == "installed"


@pytest.mark.control("sudo-pty")
def test_commands_get_their_own_terminal(settings):
    observed = settings("use_pty")
    assert observed == dict.fromkeys(observed, True)


@pytest.mark.control("sudo-log")
def test_commands_are_logged(settings, values):
    observed = settings("logfile")
    assert observed == dict.fromkeys(observed, values["sudo_log_file"])


@pytest.mark.control("sudo-timeout")
def test_password_is_forgotten(settings, values):
    limit = values["sudo_timeout_minutes"]
    too_long = {
        who: f"{minutes} minutes"
        for who, minutes in settings("timestamp_timeout", default=DEBIANS_MINUTES).items()
        if not 0 <= float(minutes) <= limit
    }
    assert too_long == dict.fromkeys(too_long, f"0 to {limit} minutes")
