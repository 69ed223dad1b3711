from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsharden.catalogue import load_catalogue, roles_path
from opsharden.catalogue.kinds import KINDS, check_want, options_in
from opsharden.errors import CatalogueError


@pytest.mark.parametrize(
    "want",
    [
        {"net.ipv4.tcp_syncookies": {"exactly": 1}},
        {"net.ipv4.conf.*.log_martians": {"one_of": [1, 2]}},
        {"net.ipv4.conf.eth0-1.log_martians": {"at_least": 1}},
        {"kernel.core_pattern": {"exactly": "core"}, "vm.swappiness": {"at_least": 0, "at_most": 10}},
    ],
)
def test_what_a_sysctl_may_want(want: object) -> None:
    check_want("sysctl", want)


@pytest.mark.parametrize(
    ("want", "said"),
    [
        ({}, "at least 1 item"),
        ({"net.ipv4.x": {}}, "say `exactly`"),
        ({"net.ipv4.x": {"exactly": 1, "one_of": [1]}}, "say `exactly`"),
        ({"net.ipv4.x": {"exactly": 1, "at_most": 2}}, "say `exactly`"),
        ({"net.ipv4.x": {"one_of": []}}, "at least 1 item"),
        ({"net.ipv4.x": {"at_least": 3, "at_most": 2}}, "no number"),
        ({"net.ipv4.x": {"at_least": "3"}}, "valid integer"),
        ({"net.ipv4.x": {"exactly": True}}, "valid"),
        ({"net.ipv4.x": {"exactly": "{{ x }}"}}, "net.ipv4.x.exactly"),
        ({"net/ipv4/x": {"exactly": 1}}, "match pattern"),
        ({"net.ipv4.../../etc/passwd": {"exactly": 1}}, "match pattern"),
        ({"net.ipv4.x; reboot": {"exactly": 1}}, "match pattern"),
        ({"net.ipv4.x": 1}, "valid dictionary"),
    ],
)
def test_what_it_may_not(want: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_want("sysctl", want)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("kind: magic", "there is no kind magic; kinds are sysctl"),
        ("kind: sysctl", "want: "),
        ("want: {a: 1}", "`want` needs a `kind`"),
        ("kind: sysctl, want: {net.ipv4.x: {}}", "want of net.ipv4.x: "),
    ],
)
def test_a_slip_in_data_is_named_with_file_and_place(tmp_path: Path, rest: str, said: str) -> None:
    role = tmp_path / "mine"
    (role / "tasks").mkdir(parents=True)
    (role / "controls.yml").write_text(f"- {{id: own-x, title: x, why: x, severity: low, {rest}}}\n")
    with pytest.raises(CatalogueError) as refused:
        load_catalogue([tmp_path])
    assert "controls.yml, at 0" in refused.value.message
    assert said in refused.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_check_and_is_used(kind: str) -> None:
    assert list((roles_path() / "kinds" / "checks" / kind).glob("test_*.py"))
    assert load_catalogue().wants[kind]


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        ({"exactly": 1}, "net.ipv4.x = 0"),
        ({"exactly": 0}, "net.ipv4.x = 1"),
        ({"one_of": [0, 1]}, "net.ipv4.x = 2"),
        ({"at_least": 1}, "net.ipv4.x = 0"),
        ({"at_most": 0}, "net.ipv4.x = 1"),
    ],
)
def test_a_sysctl_is_broken_by_a_value_that_is_not_right(wanted: dict[str, Any], line: str) -> None:
    assert line in KINDS["sysctl"].break_({"net.ipv4.x": wanted})


def test_a_control_that_is_data_has_a_proof_without_a_word(tmp_path: Path) -> None:
    role = tmp_path / "mine"
    (role / "tasks").mkdir(parents=True)
    entry = "id: own-x, title: x, why: x, severity: low, kind: sysctl, want: {net.ipv4.x: {exactly: 1}}"
    (role / "controls.yml").write_text(f"- {{{entry}}}\n")
    assert "net.ipv4.x = 0" in load_catalogue([tmp_path]).roles["mine"].proofs["own-x"].break_


@pytest.mark.parametrize(
    "wanted",
    [
        {"exactly": "no"},
        {"at_most": 4},
        {"at_least": 1, "at_most": "{{ ssh_grace }}"},
        {"at_least": "VERBOSE"},
        {"none_of": ["*cbc*", "hmac-sha1*"]},
        {"none_of": "{{ ssh_refused }}"},
        {"says": "/etc/issue.net"},
        {"startups": {"start": 10, "rate": 30, "full": 60}},
    ],
)
def test_what_a_setting_of_sshd_may_be(wanted: object) -> None:
    check_want("sshd", {"MaxAuthTries": wanted})


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"exactly": "no", "at_most": 4},
        {"exactly": "no; reboot"},
        {"exactly": "no\nMatch all"},
        {"exactly": False},
        {"at_least": "VERBOSE", "says": "/etc/issue"},
        {"at_most": "{{ a + b }}"},
        {"none_of": []},
        {"says": "issue"},
        {"startups": {"start": 10}},
    ],
)
def test_what_it_may_not_be(wanted: object) -> None:
    with pytest.raises(ValueError, match="MaxAuthTries"):
        check_want("sshd", {"MaxAuthTries": wanted})


@pytest.mark.parametrize(
    ("want", "line"),
    [
        ({"PermitRootLogin": {"exactly": "no"}}, "PermitRootLogin yes"),
        ({"MaxAuthTries": {"at_most": 4}}, "MaxAuthTries 5"),
        ({"MaxAuthTries": {"at_most": "{{ tries }}"}}, ""),
        ({"PermitRootLogin": {"exactly": "no"}, "Ciphers": {"none_of": ["x"]}}, ""),
    ],
)
def test_sshd_is_broken_where_the_data_tells_how(want: object, line: str) -> None:
    script = KINDS["sshd"].break_(want)
    assert line in script
    assert bool(script) is bool(line)


def test_the_options_in_what_is_wanted_are_found_wherever_they_stand() -> None:
    want = {"A": {"at_most": "{{ most }}", "at_least": 1}, "B": {"one_of": ["{{ one }}", "x", "{{ a b }}"]}}
    assert list(options_in(want)) == ["most", "one"]


@pytest.mark.parametrize(
    "want", [{"absent": {"ftp": ["vsftpd"]}}, {"present": ["apparmor"]}, {"present": ["sudo | sudo-ldap", "aide"]}]
)
def test_what_a_package_control_may_want(want: object) -> None:
    check_want("package", want)


@pytest.mark.parametrize(
    "want",
    [
        {},
        {"absent": {}},
        {"absent": {"ftp": []}},
        {"absent": ["vsftpd"]},
        {"absent": {"ftp": ["vsftpd; reboot"]}},
        {"absent": {"FTP server": ["vsftpd"]}},
        {"absent": {"ftp": ["vsftpd"]}, "present": ["x1"]},
        {"present": ["-y"]},
        {"present": ["sudo |"]},
        {"present": ["sudo|sudo-ldap"]},
        {"absent": {"ftp": ["vsftpd | ftpd"]}},
    ],
)
def test_what_it_may_not_want(want: object) -> None:
    with pytest.raises(ValueError, match="want"):
        check_want("package", want)


def test_a_package_control_is_broken_by_the_first_it_names() -> None:
    assert KINDS["package"].break_({"absent": {"ftp": ["vsftpd", "x1"]}}).endswith("install vsftpd")
    assert KINDS["package"].break_({"present": ["sudo | sudo-ldap"]}).endswith("--force-depends sudo")


@pytest.mark.parametrize(
    "wanted",
    [
        {"state": "running"},
        {"state": "running", "or": ["cronie.service", "cron.target"]},
        {"state": "running", "package": "cron"},
        {"state": "off"},
        {"state": "single", "or": ["syslog-ng.service"]},
    ],
)
def test_what_a_unit_may_be_to_do(wanted: object) -> None:
    check_want("unit", {"cron.service": wanted})


@pytest.mark.parametrize(
    ("want", "said"),
    [
        ({}, "at least 1 item"),
        ({"cron": {"state": "running"}}, "match pattern"),
        ({"-H evil.service": {"state": "running"}}, "match pattern"),
        ({"cron.service": {}}, "cron.service.state"),
        ({"cron.service": {"state": "masked"}}, "cron.service.state"),
        ({"cron.service": {"state": "running", "or": []}}, "at least 1 item"),
        ({"cron.service": {"state": "running", "or": ["cronie.service"], "package": "cron"}}, "`package` goes with"),
        ({"cron.service": {"state": "off", "package": "cron"}}, "`package` goes with"),
        ({"cron.service": {"state": "off", "or": ["cronie.service"]}}, "`or` goes with"),
        ({"cron.service": {"state": "single"}}, "`or` goes with"),
    ],
)
def test_what_it_may_not_be_to_do(want: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_want("unit", want)


def test_a_unit_is_broken_for_good_where_the_data_tells_how() -> None:
    assert KINDS["unit"].break_({"cron.service": {"state": "running"}}) == "systemctl disable --now cron.service"
    assert KINDS["unit"].break_({"cron.service": {"state": "off"}}) == ""


@pytest.mark.parametrize(
    "wanted", [{"exactly": True}, {"at_most": 15}, {"at_most": "{{ minutes }}"}, {"kept": "/var/log/sudo.log"}]
)
def test_what_an_option_of_sudo_may_be(wanted: object) -> None:
    check_want("sudo", {"use_pty": wanted})


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"exactly": False},
        {"exactly": "yes"},
        {"at_most": 1, "exactly": True},
        {"kept": "sudo.log"},
        {"kept": "/a b"},
    ],
)
def test_what_an_option_of_sudo_may_not_be(wanted: object) -> None:
    with pytest.raises(ValueError, match="use_pty"):
        check_want("sudo", {"use_pty": wanted})


def test_an_option_of_sudo_is_broken_behind_our_file() -> None:
    script = KINDS["sudo"].break_({"use_pty": {"exactly": True}, "timestamp_timeout": {"at_most": 5}})
    assert "Defaults !use_pty" in script
    assert "Defaults timestamp_timeout=-1" in script
    assert "> /etc/sudoers.d/zzz-proof" in script, "it sorts behind zz-opsharden"


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/etc/cron.d/", "/etc/cron.*/*", "/etc/apt/**", "/etc/apt/**/", "/home/*/.ssh/", "/etc/x-"],
)
def test_what_a_path_of_the_kind_access_may_be(path: str) -> None:
    check_want("access", {path: {"owner": ["root", "syslog"], "mode": {"at_most": "0640"}, "by_list": "r"}})


@pytest.mark.parametrize(
    "path",
    [
        "etc/passwd",
        "/",
        "/**",
        "/*/x",
        "/etc/../x",
        "/etc/.",
        "/etc/**/x",
        "/etc/a**",
        "/etc/**/**",
        "/a b",
        "/x;y",
        "",
    ],
)
def test_what_it_may_not_be_as_a_path(path: str) -> None:
    with pytest.raises(ValueError, match="want"):
        check_want("access", {path: {"mode": {"at_most": "0640"}}})


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"owner": "root"},
        {"mode": "0640"},
        {"mode": {"at_most": 640}},
        {"mode": {"at_most": "u=rw"}},
        {"mode": {"at_most": "0640"}, "owner": []},
        {"mode": {"at_most": "0640"}, "group": "a b"},
        {"mode": {"at_most": "0640"}, "by_list": "all"},
        {"mode": {"at_most": "0640"}, "absent": "fine"},
    ],
)
def test_what_a_file_may_not_be_wanted_to_allow(wanted: object) -> None:
    with pytest.raises(ValueError, match="want of /etc/x"):
        check_want("access", {"/etc/x": wanted})


def test_a_control_of_access_is_broken_by_letting_all_write() -> None:
    mode = {"mode": {"at_most": "0640"}}
    assert KINDS["access"].break_({"/etc/x": mode}).endswith("touch /etc/x && chmod o+w /etc/x")
    assert "mkdir -p /etc/cron.proof && chmod o+w" in KINDS["access"].break_({"/etc/cron.*/": mode})
    assert KINDS["access"].break_({"/etc/a/**": mode}).startswith("mkdir -p /etc/a && touch /etc/a/proof")


@pytest.mark.parametrize(
    "wanted",
    [
        {"exactly": "persistent"},
        {"exactly": 0},
        {"exactly": True},
        {"one_of": ["YESCRYPT", "SHA512"]},
        {"at_least": 1, "at_most": "1month"},
        {"at_least": "{{ passwords_min_length }}"},
        {"exactly": "no", "beside": {"syslog.service": {"exactly": "yes"}}},
    ],
)
def test_what_a_setting_of_a_program_may_be(wanted: object) -> None:
    check_want("setting", {"journald": {"Storage": wanted}, "limits": {"hard core": wanted}})


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({}, "say `exactly`"),
        ({"exactly": "x", "at_most": 1}, "say `exactly`"),
        ({"exactly": False}, "a flag is set by its name alone"),
        ({"exactly": "two words"}, "Storage"),
        ({"exactly": "x\nSeal=no"}, "Storage"),
        ({"one_of": []}, "at least 1 item"),
        ({"exactly": "no", "beside": {}}, "at least 1 item"),
        ({"exactly": "no", "beside": {"syslog": {"exactly": "yes"}}}, "syslog"),
        ({"exactly": "no", "beside": {"a.service": {"beside": {"b.service": {"exactly": "yes"}}}}}, "beside"),
    ],
)
def test_what_a_setting_of_a_program_may_not_be(wanted: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_want("setting", {"journald": {"Storage": wanted}})


@pytest.mark.parametrize(
    ("want", "script"),
    [
        (
            {"journald": {"Seal": {"exactly": "yes"}}},
            "[Journal]\nSeal=no\n' > /etc/systemd/journald.conf.d/zzz-proof.conf",
        ),
        ({"pwquality": {"minlen": {"at_least": 14}}}, "minlen 13\n' >> /etc/security/pwquality.conf"),
        ({"login.defs": {"PASS_MAX_DAYS": {"at_least": 1, "at_most": 365}}}, "PASS_MAX_DAYS 366\n' >> /etc/login.defs"),
        ({"limits": {"hard core": {"exactly": 0}}}, "* hard core 1\n' > /etc/security/limits.d/zzz-proof.conf"),
        ({"journald": {"Storage": {"exactly": "persistent"}, "Seal": {"exactly": "no"}}}, "Seal=yes"),
        ({"journald": {"Storage": {"exactly": "persistent"}}}, ""),
        ({"pwquality": {"minlen": {"at_least": "{{ fewest }}"}, "enforce_for_root": {"exactly": True}}}, ""),
        ({"unheard-of": {"minlen": {"at_least": 3}}}, ""),
    ],
)
def test_a_setting_of_a_program_is_broken_where_it_counts_last(want: object, script: str) -> None:
    found = KINDS["setting"].break_(want)
    assert script in found
    assert bool(script) is bool(found)
