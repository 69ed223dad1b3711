"""The SSH server as it answers, not as one of its files says."""

from fnmatch import fnmatchcase

import pytest

FILES = (
    r"find /etc/ssh -type f \( -name sshd_config -o -path '/etc/ssh/sshd_config.d/*' -o -name 'ssh_host_*_key*' \)"
    r" -printf '%m %u:%g %p\n'"
)


def refused(offered, patterns):
    """What is offered and should not be."""
    return [name for name in offered if any(fnmatchcase(name, pattern) for pattern in patterns)]


def within(observed, limit):
    """What would be right: the same where it is from 1 to the limit, the limit where it is not; 0 means none at all."""
    return {who: number if 0 < number <= limit else limit for who, number in observed.items()}


@pytest.mark.control("ssh-files")
def test_files(host):
    wrong = {}
    for line in host.check_output(FILES).splitlines():
        mode, owner, path = line.split(maxsplit=2)
        too_much = int(mode, 8) & ~(0o644 if path.endswith(".pub") else 0o600)
        if too_much or owner != "root:root":
            wrong[path] = f"{mode} {owner}"
    assert wrong == {}


@pytest.mark.control("ssh-banner")
def test_banner(host, sshd, values):
    path = values["ssh_banner_file"]
    assert sshd["banner"] == {"everyone": path}
    assert host.run(f"test -s {path}").rc == 0, f"{path} is empty or not there"


@pytest.mark.control("ssh-ciphers")
def test_ciphers(sshd, values):
    assert refused(sshd.offered("ciphers"), values["ssh_ciphers_refused"]) == []


@pytest.mark.control("ssh-macs")
def test_macs(sshd, values):
    assert refused(sshd.offered("macs"), values["ssh_macs_refused"]) == []


@pytest.mark.control("ssh-kex")
def test_key_exchange(sshd, values):
    assert refused(sshd.offered("kexalgorithms"), values["ssh_kex_refused"]) == []


@pytest.mark.control("ssh-idle")
def test_idle(sshd, values):
    interval, count = sshd.numbers("clientaliveinterval"), sshd.numbers("clientalivecountmax")
    assert interval == within(interval, values["ssh_alive_interval_seconds"])
    assert count == within(count, values["ssh_alive_count_max"])


@pytest.mark.control("ssh-no-legacy-auth")
def test_legacy_authentication(sshd):
    expected = {"gssapiauthentication": "no", "hostbasedauthentication": "no", "ignorerhosts": "yes"}
    assert {name: sshd[name] for name in expected} == {name: {"everyone": value} for name, value in expected.items()}


@pytest.mark.control("ssh-grace")
def test_grace_time(sshd, values):
    grace = sshd.numbers("logingracetime")
    assert grace == within(grace, values["ssh_login_grace_seconds"])


@pytest.mark.control("ssh-loglevel")
def test_log_level(sshd, values):
    assert sshd["loglevel"] == {"everyone": values["ssh_log_level"]}


@pytest.mark.control("ssh-max-tries")
def test_tries(sshd, values):
    tries = sshd.numbers("maxauthtries")
    assert tries == within(tries, values["ssh_max_auth_tries"])


@pytest.mark.control("ssh-max-sessions")
def test_sessions(sshd, values):
    sessions, limit = sshd.numbers("maxsessions"), values["ssh_max_startups"]
    assert sessions == within(sessions, values["ssh_max_sessions"])
    start, rate, full = map(int, sshd["maxstartups"]["everyone"].split(":"))
    # A higher rate refuses more, so it is the one number that may be larger.
    assert [start, rate, full] == [min(start, limit["start"]), max(rate, limit["rate"]), min(full, limit["full"])]


@pytest.mark.control("ssh-no-empty-pw")
def test_empty_passwords(sshd):
    assert sshd["permitemptypasswords"] == {"everyone": "no"}


@pytest.mark.control("ssh-no-root")
def test_root_login(sshd):
    assert sshd["permitrootlogin"] == {"everyone": "no"}


@pytest.mark.control("ssh-no-userenv")
def test_user_environment(sshd):
    assert sshd["permituserenvironment"] == {"everyone": "no"}
