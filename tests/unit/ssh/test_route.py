import getpass
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh.route import Route, route
from opsharden.ssh.unsupported import Unsupported

ME = getpass.getuser()
HOST = Host("web1", "192.0.2.1", user="opsharden", key_file=Path("/keys/one"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, so that the ssh_config of whoever runs the tests does not count."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def with_args(text: str) -> Route:
    return route(replace(HOST, ssh_args=text))


def configure(home: Path, text: str) -> None:
    (home / ".ssh" / "config").write_text(text)


def test_a_plain_host() -> None:
    assert route(HOST) == Route("192.0.2.1", 22, "opsharden", (Path("/keys/one"),))


@pytest.mark.parametrize(
    "text", ["-o Port=2222", "-oPort=2222", "-o 'port 2222'", "-p 2222", "-p2222", "-o 'Port = 2222'"]
)
def test_options_in_all_spellings(text: str) -> None:
    assert with_args(text).port == 2222


def test_the_inventory_wins_over_arguments_and_they_over_ssh_config(home: Path) -> None:
    configure(home, "Host 192.0.2.1\n  Port 2200\n  User somebody\n  HostName 192.0.2.9\n")
    assert route(replace(HOST, user=None)) == Route("192.0.2.9", 2200, "somebody", (Path("/keys/one"),))
    assert route(replace(HOST, port=2022, ssh_args="-p 2222")).port == 2022
    assert with_args("-p 2222").port == 2222
    assert with_args("-l other").user == "opsharden"


def test_the_first_of_an_option_wins() -> None:
    assert with_args("-p 1 -o Port=2").port == 1


def test_key_and_known_hosts_files(home: Path) -> None:
    found = route(replace(HOST, key_file=None, ssh_args="-i ~/a -o IdentityFile=/b -o 'UserKnownHostsFile=~/k /l'"))
    assert found.keys == (home / "a", Path("/b"))
    assert found.known_hosts == (home / "k", Path("/l"))


def test_known_hosts_name() -> None:
    assert with_args("-p 2222").name == "[192.0.2.1]:2222"
    assert with_args("-p 2222 -o HostKeyAlias=web").name == "web"


def test_a_chain_of_jumps() -> None:
    found = with_args("-J a.example,joe@b.example:2222,ssh://[2001:db8::1]:23")
    assert [(hop.user, hop.address, hop.port) for hop in found.jumps] == [
        (ME, "a.example", 22),
        ("joe", "b.example", 2222),
        (ME, "2001:db8::1", 23),
    ]
    assert {hop.keys for hop in found.jumps} == {()}, "ssh offers the key of the host at the end to no jump host"


def test_a_jump_has_its_own_ssh_config_and_its_own_jump(home: Path) -> None:
    configure(home, "Host inner\n  HostName 192.0.2.7\n  User jim\n  IdentityFile ~/k\n  ProxyJump outer\n")
    found = with_args("-o ProxyJump=inner")
    assert [(hop.user, hop.address) for hop in found.jumps] == [(ME, "outer"), ("jim", "192.0.2.7")]
    assert found.jumps[1].keys == (home / "k",)


def test_jumps_in_a_circle_are_refused(home: Path) -> None:
    configure(home, "Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n")
    with pytest.raises(Unreachable, match="no host to jump over"):
        with_args("-J a")


def test_another_ssh_config(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("Host *\n  ProxyJump hub\nHost hub\n  HostName 192.0.2.8\n")
    assert [hop.address for hop in with_args(f"-F {tmp_path / 'other'}").jumps] == ["192.0.2.8"]


def test_no_host_is_its_own_jump(home: Path) -> None:
    configure(home, "Host *\n  ProxyJump 192.0.2.1\n")
    assert route(HOST).jumps == ()


def test_a_proxy_command_keeps_its_own_options() -> None:
    found = with_args("""-o ProxyCommand="ssh -o A=b -W %h:%p %r@hub" """)
    assert found.command == "ssh -o A=b -W 192.0.2.1:22 opsharden@hub"


def test_none_takes_a_jump_away(home: Path) -> None:
    configure(home, "Host *\n  ProxyJump hub\n")
    assert with_args("-o ProxyJump=none").jumps == ()


def test_none_of_the_ssh_config_takes_a_command_away(home: Path) -> None:
    configure(home, "Host 192.0.2.1\n  ProxyCommand none\nHost *\n  ProxyCommand false\n")
    assert route(HOST).command == ""


def test_what_ansible_adds_by_default_is_understood() -> None:
    assert with_args("-C -o ControlMaster=auto -o ControlPersist=60s -tt -A") == route(HOST)


def test_what_happens_after_the_login_or_is_ours_to_decide_is_passed_over(home: Path) -> None:
    configure(home, "Host *\n  GSSAPIAuthentication yes\n  SendEnv LANG\n  ControlPath ~/.ssh/c-%C\n")
    text = "-q -A -L 8080:localhost:80 -o StrictHostKeyChecking=no -o ServerAliveInterval=5 -S none"
    assert (
        with_args(f"{text} -o CertificateFile=none")
        == route(HOST)
        == Route("192.0.2.1", 22, "opsharden", (Path("/keys/one"),))
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-4", "argument -4"),
        ("-b 192.0.2.7", "argument -b"),
        ("-K", "argument -K"),
        ("-c aes128-ctr", "argument -c"),
        ("-I /usr/lib/pkcs11.so", "argument -I"),
        ("-o CertificateFile=~/c.pub", "argument certificatefile"),
        ("-o KexAlgorithms=+diffie-hellman-group1-sha1", "argument kexalgorithms"),
        ("-o 'PKCS11Provider /usr/lib/pkcs11.so'", "argument pkcs11provider"),
        ("-o GSSAPIAuthentication=yes", "argument gssapiauthentication"),
        ("-o HostName=%h.example.org", "argument hostname with %h.example.org"),
        ("-i ${KEYS}/one", "argument identityfile"),
    ],
)
def test_what_only_openssh_can_do(text: str, what: str) -> None:
    with pytest.raises(Unsupported, match=re.escape(what)):
        with_args(text)


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ("Host *\n  PKCS11Provider /usr/lib/p.so", "option pkcs11provider"),
        ('Match exec "true"\n  User joe', "Match exec"),
        ("Host *\n  ProxyJump hub\nHost hub\n  BindAddress 192.0.2.7", "option bindaddress"),
        ("Host *\n  ProxyJump hub\nHost hub\n  ProxyCommand connect %h", "ProxyCommand of the jump host hub"),
    ],
)
def test_what_only_openssh_can_do_of_an_ssh_config(config: str, what: str, home: Path) -> None:
    configure(home, config)
    with pytest.raises(Unsupported, match=what):
        route(HOST)
    configure(home, config.replace("Host *", "Host other").replace('exec "true"', 'host other exec "true"'))
    assert route(HOST) == Route("192.0.2.1", 22, "opsharden", (Path("/keys/one"),)), "it is about another host"


def test_keys_that_only_openssh_can_use(home: Path) -> None:
    kind = "OPENSSH PRIVATE KEY"
    (home / ".ssh" / "id_ed25519_sk").write_text(f"-----BEGIN {kind}-----\n")
    assert route(HOST).keys == (Path("/keys/one"),)
    assert route(replace(HOST, key_file=None, password=SecretStr("x"))).keys == ()
    with pytest.raises(Unsupported, match=r"kind of key in .*id_ed25519_sk"):
        route(replace(HOST, key_file=None))
    with pytest.raises(Unsupported, match=r"kind of key in .*id_ed25519_sk"):
        with_args("-J hub")


@pytest.mark.parametrize(
    "text", ["-Z", "-N", "elsewhere", "-o Port=1 elsewhere", "-W a:1", "-o 'x", "-o Port", "-p many", "-J 'a b@:x'"]
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(Unreachable):
        with_args(text)
