"""The SSH server as it answers, not as one of its files says."""

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch

SAYS_SOMETHING = "test -s %s"


@pytest.mark.control("ssh-banner")
def test_banner(host, sshd, rules, values):
    """Any file that says something is a warning: what it says is the administrator's. Ours is the one declared."""

    def says(path):
        there = host.run(SAYS_SOMETHING, path) if path.lower() != "none" else None
        if there and there.rc > 1:
            raise Unanswered(f"Whether {path} says something cannot be seen: {there.stderr.strip()}.")
        return bool(there) and there.rc == 0

    declared = values["ssh_banner_file"]
    found = sshd.amiss("Banner", rules.text(f"a file with a warning, such as {declared}", says))
    line = sshd.decides("Banner")
    if not found and sshd.is_ours(line) and line.value != declared:
        found = [Mismatch("Banner", line.value, declared, line.place)]
    elif found and not found[0].by_hand and not says(declared):
        by_hand = f"{declared} is empty or not there; the control ban-texts writes the warning into it."
        found[0] = Mismatch("Banner", found[0].found, found[0].wanted, found[0].where, by_hand)
    assert found == []


@pytest.mark.control("ssh-ciphers")
def test_ciphers(sshd, rules, values):
    assert sshd.amiss("Ciphers", rules.none_of(values["ssh_ciphers_refused"])) == []


@pytest.mark.control("ssh-macs")
def test_macs(sshd, rules, values):
    assert sshd.amiss("MACs", rules.none_of(values["ssh_macs_refused"])) == []


@pytest.mark.control("ssh-kex")
def test_key_exchange(sshd, rules, values):
    assert sshd.amiss("KexAlgorithms", rules.none_of(values["ssh_kex_refused"])) == []


@pytest.mark.control("ssh-idle")
def test_idle(sshd, rules, values):
    """For sshd, 0 means never, in both."""
    interval = rules.from_to(1, int(values["ssh_alive_interval_seconds"]), " seconds")
    count = rules.from_to(1, int(values["ssh_alive_count_max"]))
    assert [*sshd.amiss("ClientAliveInterval", interval), *sshd.amiss("ClientAliveCountMax", count)] == []


@pytest.mark.control("ssh-no-legacy-auth")
def test_legacy_authentication(sshd, rules):
    wanted = {"GSSAPIAuthentication": "no", "HostbasedAuthentication": "no", "IgnoreRhosts": "yes"}
    found = [each for keyword, value in wanted.items() for each in sshd.amiss(keyword, rules.exactly(value))]
    assert found == []


@pytest.mark.control("ssh-grace")
def test_grace_time(sshd, rules, values):
    """For sshd, 0 means no limit."""
    assert sshd.amiss("LoginGraceTime", rules.from_to(1, int(values["ssh_login_grace_seconds"]), " seconds")) == []


@pytest.mark.control("ssh-loglevel")
def test_log_level(sshd, rules, values):
    assert sshd.amiss("LogLevel", rules.at_least(values["ssh_log_level"])) == []


@pytest.mark.control("ssh-max-tries")
def test_tries(sshd, rules, values):
    assert sshd.amiss("MaxAuthTries", rules.from_to(0, int(values["ssh_max_auth_tries"]))) == []


@pytest.mark.control("ssh-max-sessions")
def test_sessions(sshd, rules, values):
    """No session at all is as strict as it gets: an account that only forwards."""
    sessions = sshd.amiss("MaxSessions", rules.from_to(0, int(values["ssh_max_sessions"])))
    assert [*sessions, *sshd.amiss("MaxStartups", rules.startups(values["ssh_max_startups"]))] == []


@pytest.mark.control("ssh-no-empty-pw")
def test_empty_passwords(sshd, rules):
    assert sshd.amiss("PermitEmptyPasswords", rules.exactly("no")) == []


@pytest.mark.control("ssh-no-root")
def test_root_login(sshd, rules):
    assert sshd.amiss("PermitRootLogin", rules.exactly("no")) == []


@pytest.mark.control("ssh-no-userenv")
def test_user_environment(sshd, rules):
    assert sshd.amiss("PermitUserEnvironment", rules.exactly("no")) == []
