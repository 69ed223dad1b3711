from dataclasses import replace

import pytest

from opsharden.access import foresight
from opsharden.access.facts import Account, Facts, KeyFile
from opsharden.access.foresight import Plan
from opsharden.access.obstacle import Obstacle

KEY = "ssh-ed25519 AAAA me@here"
DAY = 86400
SVC = Account("svc", 1001, "", "/home/svc", "/bin/bash", "*", 20000, None, None, ("svc",), (0o755, 1001))
SEEN = Facts(
    now=20500 * DAY,
    sshd={"usepam": ("yes",), "strictmodes": ("yes",), "authorizedkeysfile": (".ssh/authorized_keys",)},
    sudo_reads=("/etc/sudoers.d",),
)
FILES = (KeyFile("/home/svc/.ssh/authorized_keys"),)


def login(account: Account | None, **changes: object) -> str:
    seen = replace(SEEN, account=account, **changes)  # type: ignore[arg-type]
    return "; ".join(f"{each.what} → {each.advice}" for each in foresight.of_the_login("svc", KEY, seen))


def test_a_good_host_is_not_in_the_way() -> None:
    assert login(None) == ""
    assert login(SVC) == ""
    assert list(foresight.of_the_system(SEEN)) == []
    assert list(foresight.of_sudo("svc", SEEN)) == []
    assert list(foresight.of_sudo("svc", replace(SEEN, sudo_reads=None))) == [], "sudo is about to be installed"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shell": "/usr/sbin/nologin"}, "lets nobody in → `usermod --shell /bin/bash svc`"),
        ({"shell": "/bin/false"}, "lets nobody in"),
        ({"shell": "/bin/zsh", "shell_missing": True}, "/bin/zsh, is not there"),
        ({"expires": 20499}, "has expired → `chage --expiredate -1 svc`"),
        ({"expires": 0}, "has expired"),
        ({"changed": 0}, "has to change its password"),
        ({"lasts": 90}, "too old"),
    ],
)
def test_an_account_that_lets_nobody_in(changes: dict[str, object], says: str) -> None:
    assert says in login(replace(SVC, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes", [{"expires": 20500}, {"lasts": 500}, {"lasts": None}, {"shell": ""}, {"password": "!x"}]
)
def test_an_account_that_still_does(changes: dict[str, object]) -> None:
    assert login(replace(SVC, **changes)) == ""  # type: ignore[arg-type]


def test_without_pam_a_lock_counts_and_an_age_does_not() -> None:
    plain = {**SEEN.sshd, "usepam": ("no",)}
    assert "is locked" in login(replace(SVC, password="!$y$hash"), sshd=plain)
    assert login(replace(SVC, password="!", changed=0), sshd=plain) == "", "that one is taken off"
    assert foresight.plan("svc", KEY, replace(SEEN, sshd=plain, account=SVC), FILES).unlock
    assert not foresight.plan("svc", KEY, replace(SEEN, account=SVC), FILES).unlock


def test_nologin_keeps_everybody_but_root_out() -> None:
    seen = replace(SEEN, nologin=("/etc/nologin", "Back at six."))
    (found,) = foresight.of_the_login("svc", KEY, seen)
    assert found.what == '/etc/nologin keeps everybody but root out ("Back at six.")'
    assert list(foresight.of_the_login("root", KEY, seen)) == []


def test_names_that_useradd_does_not_take_have_to_be_there() -> None:
    (found,) = foresight.of_the_login("svc.x", KEY, SEEN)
    assert "there is no account svc.x" in found.what


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"missing": ("python3", "sudo"), "apt": False, "system": "Fedora 41"}, "this is no Debian (Fedora 41)"),
        ({"readonly": ("/etc",)}, "/etc is on a read-only file system"),
        ({"full": ("/home",)}, "the file system of /home is full"),
    ],
)
def test_a_host_that_cannot_be_changed(changes: dict[str, object], says: str) -> None:
    assert says in " ".join(each.what for each in foresight.of_the_system(replace(SEEN, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sudo_broken": "/etc/sudoers.d/x:1: syntax error"}, "broken already: /etc/sudoers.d/x:1"),
        ({"sudo_reads": ("/etc/other",)}, "does not read /etc/sudoers.d"),
        ({"sudo_reads": ()}, "does not read /etc/sudoers.d"),
        ({"requiretty": ("/etc/sudoers:9:",)}, "requiretty, /etc/sudoers:9)"),
    ],
)
def test_sudo_that_would_not_let_it(changes: dict[str, object], says: str) -> None:
    seen = replace(SEEN, **changes)  # type: ignore[arg-type]
    assert says in " ".join(each.what for each in foresight.of_sudo("svc", seen))
    assert list(foresight.of_sudo("root", seen)) == []


@pytest.mark.parametrize(
    ("line", "is_in_the_way"),
    [
        (KEY, False),
        (f'from="10.*",no-pty {KEY}', False),
        (f'command="/bin/date -u" {KEY}', True),
        (f'restrict,COMMAND="echo \\"hi there\\"" {KEY}', True),
        (f'environment="X=command=1" {KEY.replace("me@here", "command=x")}', True),
        ("ssh-ed25519 AAAA command=x", False),
    ],
)
def test_a_key_that_may_run_one_command_only(line: str, is_in_the_way: bool) -> None:
    found = list(foresight.of_the_key("svc", [KeyFile("/k", ((4, line),))]))
    assert bool(found) is is_in_the_way
    assert not found or "/k line 4" in found[0].what


def in_the_file(wanted: Plan, seen: Facts) -> list[Obstacle]:
    return list(foresight.of_the_key_file(wanted, seen))


def test_the_key_goes_where_sshd_reads_it() -> None:
    seen = replace(SEEN, account=SVC)
    assert foresight.plan("svc", KEY, seen, FILES) == Plan(
        "svc", KEY, "/home/svc/.ssh/authorized_keys", "svc",
        "/etc/sudoers.d/opsharden-svc", "svc ALL=(ALL:ALL) NOPASSWD: ALL",
    )  # fmt: skip
    elsewhere = replace(seen, sshd={**SEEN.sshd, "authorizedkeysfile": ("/etc/ssh/all /etc/ssh/keys/%u",)})
    files = (KeyFile("/etc/ssh/all"), KeyFile("/etc/ssh/keys/svc"))
    there = foresight.plan("svc", KEY, elsewhere, files)
    assert (there.key_file, there.owner) == ("/etc/ssh/keys/svc", "root")
    assert in_the_file(there, elsewhere) == []


def test_a_key_that_is_there_is_left_as_it_is_written() -> None:
    line = f'from="10.*" {KEY.replace("me@here", "old comment")}'
    found = foresight.plan("svc", KEY, replace(SEEN, account=SVC), (KeyFile(FILES[0].path, ((1, line),)),))
    assert found.line == line


def test_a_file_of_all_accounts_is_not_for_our_key() -> None:
    shared = replace(SEEN, sshd={**SEEN.sshd, "authorizedkeysfile": ("/etc/ssh/all",)})
    wanted = foresight.plan("svc", KEY, shared, (KeyFile("/etc/ssh/all"),))
    (found,) = in_the_file(wanted, shared)
    assert "no file of this account alone (AuthorizedKeysFile /etc/ssh/all)" in found.what
    program = replace(SEEN, sshd={"authorizedkeysfile": ("none",), "authorizedkeyscommand": ("/bin/keys %u",)})
    (found,) = in_the_file(foresight.plan("svc", KEY, program, ()), program)
    assert "AuthorizedKeysCommand /bin/keys" in found.what


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"home_mode": None}, "does not exist"),
        ({"home_mode": (0o775, 1001)}, "mode 0775"),
        ({"home_mode": (0o757, 1001)}, "mode 0757"),
        ({"home_mode": (0o755, 1002)}, "somebody else's"),
    ],
)
def test_a_home_in_which_sshd_reads_no_keys(changes: dict[str, object], says: str) -> None:
    seen = replace(SEEN, account=replace(SVC, **changes))  # type: ignore[arg-type]
    wanted = foresight.plan("svc", KEY, seen, FILES)
    assert says in " ".join(each.what for each in in_the_file(wanted, seen))


def test_a_rule_of_its_own_that_is_broken_is_mended() -> None:
    seen = replace(SEEN, sudo_broken="/etc/sudoers.d/opsharden-svc: bad permissions", sudo_reads=None)
    assert list(foresight.of_sudo("svc", seen)) == []


def test_root_needs_no_rule() -> None:
    root = Account("root", 0, "root", "/root", "/bin/bash", home_mode=(0o700, 0))
    found = foresight.plan("root", KEY, replace(SEEN, account=root), (KeyFile("/root/.ssh/authorized_keys"),))
    assert (found.rule_file, found.owner) == ("", "root")


def test_words_are_safe_in_a_shell() -> None:
    assert Plan("a b", "it's").words == "'a b' 'it'\"'\"'s' '' '' '' '' ''"
