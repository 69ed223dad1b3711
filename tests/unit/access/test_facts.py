import pytest

from opsharden.access.facts import Account, facts, key_files

LINES = """\
now 1795000000
system Debian GNU/Linux 12 (bookworm)
missing python3-apt
apt yes
homes /home
nologin /run/nologin
notice Back at six.
account svc.x:x:1001:1001:automation:/home/svc:/bin/bash
shadow svc.x:!:20000:0:90:7::20500:
group svc
group ssh users
home-is 750 1001
sshd usepam yes
sshd allowusers admin
sshd allowusers bob@10.0.0.0/8
sudo-reads /etc/sudoers.d /etc/more
requiretty /etc/sudoers:9:
""".splitlines()


def test_what_a_host_says_is_read() -> None:
    seen = facts(LINES, "192.0.2.1")
    assert (seen.now, seen.today, seen.missing, seen.apt, seen.peer) == (
        1795000000, 20775, ("python3-apt",), True, "192.0.2.1",
    )  # fmt: skip
    assert seen.nologin == ("/run/nologin", "Back at six.")
    assert seen.sshd["allowusers"] == ("admin", "bob@10.0.0.0/8")
    assert seen.sudo_reads == ("/etc/sudoers.d", "/etc/more")
    assert seen.requiretty == ("/etc/sudoers:9:",)
    assert seen.account == Account(
        "svc.x",
        1001,
        "automation",
        "/home/svc",
        "/bin/bash",
        "!",
        20000,
        90,
        20500,
        ("svc", "ssh users"),
        (0o750, 1001),
    )


def test_a_host_that_says_little_is_not_guessed_at() -> None:
    seen = facts(["now 5"], "")
    assert seen.account is None
    assert seen.sudo_reads is None
    assert not seen.apt
    assert dict(seen.sshd) == {}
    assert facts(["account a:b"], "").account is not None, "a broken line of passwd is no reason to fall over"


def test_lines_with_a_key_are_told_apart_by_file() -> None:
    first, second = key_files(["/a", "/b"], ["file 1 600 0", 'line 1 3 from="x y" ssh-ed25519 AAAA me'])
    assert first.lines == ()
    assert second.lines == ((3, 'from="x y" ssh-ed25519 AAAA me'),)


@pytest.mark.parametrize(
    "said",
    [
        "now soon",
        "now " + "9" * 5000,
        "account a:x:" + "9" * 5000,
        "shadow a:*:" + "9" * 5000,
        "shadow a:*:\u0663",
        "home-is 999 1000",
        "home-is 755 anna",
        "home-is 755",
        "sshd",
    ],
)
def test_what_no_host_says_counts_as_not_said(said: str) -> None:
    seen = facts(["account a:x:1000:1000::/home/a:/bin/sh", said], "192.0.2.1")
    assert (seen.now, seen.today) == (0, 0)
    assert seen.account is not None
    assert (seen.account.changed, seen.account.home_mode) == (None, None)


@pytest.mark.parametrize(
    "said", ["line", "line 0", "line 0 1", "line x 1 key", "line 0 x key", f"line 0 {'9' * 5000} key"]
)
def test_a_line_that_was_not_told_so_is_none(said: str) -> None:
    assert [file.lines for file in key_files(["/a"], [said])] == [()]
