"""Inventories as they are when something is wrong with them: one sentence, nothing lost in silence, no secret told.

No host is reached: all of it comes before the first connection.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from opsharden import settings
from opsharden.errors import OpshardenError, UsageError
from opsharden.inventory import VaultKeys
from opsharden.model import HostStatus
from opsharden.workflows.workplace import Access, Choice, choose, open_workplace

SECRET = "hunter2"
OK = "ansible_connection: local, ansible_become: false"
LOOKED = (0, 3, 4)
"""Exit codes where it came to a look; what this machine answers, a container for one, is not the point."""

ONE = f"web: {{hosts: {{ok: {{{OK}}}}}}}\n"


@dataclass
class Heard:
    """What a user would be told, and who would be looked at."""

    warnings: list[str] = field(default_factory=list)
    error: OpshardenError | None = None
    tested: set[str] = field(default_factory=set)
    left_out: dict[str, tuple[HostStatus, str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        reasons = (reason for _, reason in self.left_out.values())
        error = f"{self.error.message} {self.error.advice}" if self.error else ""
        return "\n".join((*self.warnings, *reasons, error))


Ask = Callable[..., Heard]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Lay out files in a folder, and choose hosts there as verify does."""
    monkeypatch.chdir(tmp_path)

    def asked(files: Mapping[str, str | bytes], source: str = "", access: Access | None = None, **flags: Any) -> Heard:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            if path.read_bytes().startswith(b"#!"):
                path.chmod(0o755)
        heard = Heard()
        try:
            found = settings.load(flags={"inventory": [source or next(iter(files))], **flags})
            place = open_workplace(found, access or Access(), heard.warnings.append)
            targets = choose(place, Choice(controls=("ssh-grace", "acc-umask", "time-source")))
            heard.tested = set(targets.wanted)
            heard.left_out = {each.host: (each.status, each.reason) for each in targets.excluded}
        except OpshardenError as error:
            heard.error = error
        assert SECRET not in heard.text
        assert heard.error is None or heard.error.exit_code == 2
        return heard

    return asked


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"h.yml": f"web: {{host: {{web1: , web2: }}}}\nok: {{hosts: {{ok: {{{OK}}}}}}}\n"}, "unexpected key (host)"),
        ({"h.yml": f"web: {{hosts: {{w1: }}}}\nweb: {{hosts: {{ok: {{{OK}}}}}}}\n"}, "duplicate mapping key 'web'"),
        (
            {"h.yml": f"web:\n  hosts:\n    a: {{{OK}}}\n    b: {{{OK}}}\n    a: {{{OK}}}\n"},
            "duplicate mapping key 'a'",
        ),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}}}, childern: {{db: {{hosts: {{d: }}}}}}}}\n"}, "(childern)"),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}}}}}\ndb: [d1, d2]\n"}, "'db'"),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}}}, host: w2}}\n"}, "(host)"),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}, vars: {{x: 1}}}}}}\n"}, "`vars:` stands where"),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}, children: {{db: {{hosts: {{d: }}}}}}}}}}\n"}, "`children:` stands"),
        (
            {"h.yml": f"web: {{hosts: {{ok: {{{OK}, children: {{db: {{hosts: {{d: }}}}}}}}}}}}\n"},
            "variable of the host ok",
        ),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}, 'w[3:1]': }}}}\n"}, "the range w[3:1], which names no host"),
        ({"h": f"[web]\nok {OK.replace(': ', '=').replace(',', '')}\nw[05:01]\n"}, "the range w[05:01], which"),
        (
            {"h": '#!/bin/sh\necho \'{"web": {"hosts": ["ok"], "childern": ["db"]}, "db": {"hosts": ["d"]}}\'\n'},
            "unexpected key (childern) in group (web)",
        ),
        ({"h": '#!/bin/sh\necho \'{"web": {"hosts": ["ok"]}, "db": {"host": ["d"]}}\'\n'}, "key (host) in group (db)"),
        (
            {"h": '#!/bin/sh\necho \'{"web": {"hosts": ["ok"], "children": {"db": {"hosts": {"d": {}}}}}}\'\n'},
            "below the children of the group web",
        ),
    ],
)
def test_what_loses_hosts_is_an_error_unless_told_otherwise(ask: Ask, files: dict[str, str], words: str) -> None:
    heard = ask(files)
    assert isinstance(heard.error, UsageError)
    assert words in heard.text
    assert "inventory_strict" in heard.error.advice
    heard = ask(files, inventory_strict=False)
    assert heard.error is None
    assert "ok" in heard.tested or "a" in heard.tested
    assert sum(words in text for text in heard.warnings) == 1


SCRIPT = "#!/bin/sh\necho run >> runs\n"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"h.yml": "all:\n  hosts:\n    a: {\n"}, "not valid YAML at line 4"),
        ({"h.yml": f"all:\n\thosts: {SECRET}\n"}, "not valid YAML at line 2"),
        ({"h.yml": f"all: {{vars: {{p: *{SECRET}}}}}\n"}, "not valid YAML at line 1"),
        ({"h.yml": "all: {hosts: 3}\n"}, 'Invalid "hosts" entry for "all" group'),
        ({"h.yml": "all: {hosts: [a, b]}\n"}, "found a list instead"),
        ({"h.yml": "g: {hosts: {1: , 2: }}\n"}, "must be a string"),
        ({"h.yml": ""}, "No host matches all"),
        ({"h.yml": "web: {hosts: {a: }, children: {db: [d1]}}\n"}, "db"),
        ({"h.yml": "plugin: no.such.plugin\n"}, "unknown plugin 'no.such.plugin'"),
        ({"h.yml": "plugin: amazon.aws.aws_ec2\n"}, "ansible-galaxy collection install amazon.aws"),
        ({"h.yml": b"all: {hosts: {a: {x: b\xf6se}}}\n"}, "not written in UTF-8: see line 1"),
        ({"h": b"[a]\nok x=b\xf6se\n"}, "not written in UTF-8: see line 2"),
        ({"h.yml": "a: {children: {b: {children: {a: }}}}\n"}, "recursive dependency loop"),
        ({"h": "[a:children]\nb\n[b:children]\na\n"}, "recursive dependency loop"),
        ({"h": "[a:children]\nnosuch\n"}, "undefined group 'nosuch'"),
        ({"h": "[a]\nok these words\n"}, "got: these"),
        ({"h": "[a]\nweb[1:\n"}, "web[1:: what is in [ ] has to be a range"),
        ({"h": "[a]\nweb[1-3]\n"}, "web[1-3]: host range must be begin:end"),
        ({"h": "[a\nweb\n"}, "[a: what is in [ ]"),
        ({"h": "\ufeff[a]\nweb\n"}, "byte order mark"),
        ({"h.yml": "a: {hosts: {all: , b: }}\n"}, "host with same name: all"),
        ({"h": ""}, "No host matches all"),
        ({"h": f"{SCRIPT}echo 'cannot log in to the CMDB' >&2\nexit 3\n"}, "exit code 3. It said: cannot log in"),
        ({"h": f"{SCRIPT}echo hello\n"}, "could not be parsed as JSON"),
        ({"h": f"{SCRIPT}echo '[]'\n"}, "What it prints is a list; a program has to print a mapping of groups."),
        (
            {"h": f'{SCRIPT}echo \'{{"g": {{"hosts": {{"a": {{}}}}}}}}\'\n'},
            "What the group g has as hosts is a mapping;",
        ),
        ({"h": f"{SCRIPT}printf '\\377'\n"}, "UTF-8"),
        ({"h": f"{SCRIPT}false\n"}, "exit code 1"),
        ({"h": "#!/no/such/program\n"}, "is a program that does not work"),
        ({"i/h.yml": ONE, "i/#h.yml#": "web: {"}, "#h.yml#"),
        ({"i/h.yml": ONE, "i/README": "Our hosts\n"}, "README"),
        ({"i/h.yml": ONE, "i/b.yml": b"\xff\xfe"}, "b.yml is not written in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_reason(
    ask: Ask, tmp_path: Path, files: dict[str, str | bytes], words: str
) -> None:
    first = next(iter(files))
    heard = ask(files, first.partition("/")[0])
    assert isinstance(heard.error, UsageError)
    assert words in heard.text
    runs = tmp_path / "runs"
    assert not runs.exists() or runs.read_text() == "run\n", "a failing script is asked once"


def test_an_empty_file_beside_others_is_told(ask: Ask) -> None:
    heard = ask({"i/h.yml": ONE, "i/prod": "\n"}, "i")
    assert heard.error is None
    assert ["prod is empty" in text for text in heard.warnings] == [True]


def test_a_localhost_that_the_inventory_names_is_reached_as_ansible_does(ask: Ask) -> None:
    heard = ask({"h": "[here]\n127.0.0.1:1\nlocalhost\n"}, "h")
    assert heard.tested == {"127.0.0.1", "localhost"}
    place = open_workplace(settings.load(flags={"inventory": ["h"]}), Access())
    assert [place.host(name).connection for name in sorted(heard.tested)] == ["ssh", "ssh"]


def test_what_is_no_file(ask: Ask, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "neither a file nor a folder" in ask({}, "pipe").text
    assert "There is no inventory at" in ask({}, "nowhere").text
    assert "cannot be read: Not a directory" in ask({"i/h.yml": ONE}, "i/h.yml/further").text


def test_a_plugin_that_breaks(ask: Ask, tmp_path: Path) -> None:
    plugin = (
        "from ansible.plugins.inventory import BaseInventoryPlugin\n\n\nclass InventoryModule(BaseInventoryPlugin):\n"
        "    NAME = 'bad'\n\n    def verify_file(self, path):\n        return True\n\n"
        "    def parse(self, *given, **how):\n        raise KeyError('zone')\n"
    )
    done = _called(
        tmp_path, {"h.yml": "plugin: bad\n", "p/bad.py": plugin, "ansible.cfg": "[defaults]\ninventory_plugins=p\n"}
    )
    assert done.returncode == 2
    assert "'zone' (KeyError)" in done.stderr


def test_files_with_variables(ask: Ask) -> None:
    assert "all.yml:2) cannot be read" in ask({"h.yml": ONE, "group_vars/all.yml": f"a:\n\tb: {SECRET}\n"}).text
    assert "all.yml) cannot be read" in ask({"h.yml": ONE, "group_vars/all.yml": b"a: b\xf6se\n"}).text
    heard = ask({"h.yml": ONE, "group_vars/all.yml": "a: 1\na: 2\n"})
    assert heard.tested == {"ok"}
    assert [text for text in heard.warnings if "duplicate mapping key 'a'" in text and "all.yml:2" in text]


def test_a_folder_with_what_editors_leave(ask: Ask) -> None:
    heard = ask(
        {"i/h.yml": ONE, "i/h.yml~": "web: {", "i/.h.yml.swp": "\0", "i/h.yml.bak": "{", "i/more.txt": "x"}, "i"
    )
    assert heard.tested == {"ok"}
    assert len(heard.warnings) == 1
    assert "more.txt is passed over" in heard.warnings[0]


FAULTS = {
    "undefined": ("ansible_host: '{{ nowhere }}'", "'nowhere' is undefined"),
    "port": ("ansible_port: abc", "the port 'abc'"),
    "far": ("ansible_port: 65536", "the port 65536"),
    "key": ("ansible_ssh_private_key_file: '~nosuchuser/key'", "no such user"),
    "web..example.com": ("x: 1", "no host name"),
    "l" * 64: ("x: 1", "no host name"),
    "option": ("ansible_host: '-oProxyCommand=id'", "no host name"),
    "user": ("ansible_user: '-l root'", "which cannot be one"),
    "vaulted": ("ansible_password: !vault x", "is vaulted"),
    "profile": ("opsharden_profiles: [nosuch]", "no profile nosuch"),
    "profiles": ("opsharden_profiles: {a: b}", "is no list"),
    "client": ("opsharden_ssh_client: putty", "putty"),
    "text": (f"{OK}, ssh_login_grace_seconds: abc", 'h.yml:14) is "abc"; it has to be a whole number'),
    "umask": (f"{OK}, accounts_umask: 022", "is 18; it has to be one of 027, 077"),
    "nothing": (f"{OK}, ssh_login_grace_seconds: ", "is empty"),
    "truth": (f"{OK}, ssh_login_grace_seconds: true", "is true; it has to be a whole number"),
    "map": (f"{OK}, time_servers: {{a: b}}", "it has to be a list"),
    "inner": (f"{OK}, ssh_max_startups: {{start: 1}}", "missing required arguments: full, rate"),
}


def test_one_host_does_not_stop_the_others(ask: Ask) -> None:
    lines = [f"    {name}: {{{variables}}}" for name, (variables, _) in FAULTS.items()]
    omitted = "ansible_user: '{{ nix | default(omit) }}', ansible_port: '{{ nix | default(omit) }}'"
    fine = [f"    ok: {{{OK}}}", f"    omits: {{{OK}, {omitted}}}", f"    one: {{{OK}, time_servers: ntp.example.org}}"]
    heard = ask({"h.yml": "\n".join(("g:", "  hosts:", *lines[:12], *lines[12:], *fine)) + "\n"})
    assert heard.tested == {"ok", "omits", "one"}
    for name, (_, words) in FAULTS.items():
        status, reason = heard.left_out[name]
        assert status is HostStatus.UNREACHABLE
        assert words.replace("h.yml:14", "h.yml:15") in reason, reason


def test_hosts_of_another_kind_are_left_out_with_the_reason(ask: Ask) -> None:
    kinds = ("winrm", "ansible.netcommon.network_cli", "community.docker.docker", "containers.podman.podman", "httpapi")
    lines = [f"h{number} ansible_connection={kind}" for number, kind in enumerate(kinds)]
    none = "w1 ansible_connection=winrm opsharden_profiles=[]"
    heard = ask({"h": "\n".join(("[g]", "ok ansible_connection=local ansible_become=false", *lines, none)) + "\n"})
    assert heard.tested == {"ok"}
    assert {status for status, _ in heard.left_out.values()} == {HostStatus.EXCLUDED}
    assert "network_cli" in heard.left_out["h1"][1]
    assert "no profile" in heard.left_out["w1"][1]


def test_where_nobody_is_left_it_is_the_command_that_is_wrong(ask: Ask) -> None:
    heard = ask({"h": "a ansible_port=abc\nb ansible_connection=winrm\n"})
    assert isinstance(heard.error, UsageError)
    assert "the port 'abc'" in heard.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("@nosuch", "No such file"),
        ("@.", "Is a directory"),
        ("@slip.yml", "no valid YAML at line 3"),
        ("@alias.yml", "no valid YAML at line 1"),
        ("@latin.yml", "not written in UTF-8"),
        ("@list.yml", "not a set of names and values"),
        ("@shut.yml", "is vaulted and no vault password"),
        (f"password {SECRET}", "not a set of names and values"),
        (f"{{password: {SECRET}", "no valid YAML"),
        (f"[{SECRET}]", "not a set of names and values"),
        (f"'{SECRET}", "no. 1"),
        ("ssh_max_auth_tries=abc", '-e ssh_max_auth_tries is "abc"; it has to be a whole number'),
        ("{accounts_umask: 022}", "is 18; it has to be one of 027, 077"),
        ("ssh_max_startups=5", "it has to be a mapping of start, rate, full"),
        ("{time_servers: [{a: b}]}", "it has to be a list"),
    ],
)
def test_extra_variables_that_mean_nothing(ask: Ask, given: str, words: str) -> None:
    files: dict[str, str | bytes] = {
        "h.yml": ONE,
        "slip.yml": f"a: 1\npassword: {{{SECRET}\n",
        "alias.yml": f"password: *{SECRET}\n",
        "latin.yml": f"password: {SECRET}".encode() + b"\xf6\n",
        "list.yml": f"- {SECRET}\n",
        "shut.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
    }
    heard = ask(files, access=Access(extra=(given,)))
    assert isinstance(heard.error, UsageError)
    assert words in heard.text


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (VaultKeys(files=(Path("nosuch"),)), "was not found"),
        (VaultKeys(files=(Path(),)), "directory"),
        (VaultKeys(files=(Path("empty"),)), "gives no password"),
        (VaultKeys(files=(Path("fails"),)), "returned non-zero (4)"),
        (VaultKeys(ids=("prod@some-client",)), "did not find a secret for vault-id=prod: no token"),
        (VaultKeys(ids=("plain",)), "is a program that may not be run"),
    ],
)
def test_vault_passwords_that_are_none(ask: Ask, tmp_path: Path, keys: VaultKeys, words: str) -> None:
    (tmp_path / "plain").write_text(f"#!/bin/sh\necho {SECRET}\n")
    files = {
        "h.yml": ONE,
        "empty": "",
        "fails": "#!/bin/sh\nexit 4\n",
        "some-client": "#!/bin/sh\necho no token >&2\nexit 2\n",
    }
    heard = ask(files, access=Access(vault=keys))
    assert isinstance(heard.error, UsageError)
    assert words in heard.text


def _called(
    folder: Path, files: Mapping[str, str | bytes], *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The program itself, for what Ansible reads when it is loaded."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    words = arguments or ("verify", "-i", "h.yml", "--control", "ssh-grace")
    done = subprocess.run(
        [sys.executable, "-m", "opsharden", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "mistake in opsharden" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (f"rubbish {SECRET}\n", "Ansible's own settings cannot be read"),
        (f"[defaults]\n= {SECRET}\n", "Ansible's own settings cannot be read"),
        ("[defaults]\nforks = many\n", "DEFAULT_FORKS"),
        ("[inventory]\nenable_plugins = aws_ec2\n", "collection of amazon"),
        ("[inventory]\nenable_plugins = nosuch\n", "nosuch"),
    ],
)
def test_settings_of_ansible_that_mean_nothing(tmp_path: Path, config: str, words: str) -> None:
    done = _called(tmp_path, {"h.yml": ONE, "ansible.cfg": config})
    assert done.returncode == 2, done.stderr
    assert words in done.stderr


def test_settings_of_ansible_that_are_not_heeded_are_named(tmp_path: Path) -> None:
    config = "[defaults]\nremote_user = bob\nvault_identity_list = dev@nosuch, prod@secret\n"
    done = _called(tmp_path, {"h.yml": ONE, "ansible.cfg": config, "secret": "open\n"})
    assert done.returncode in LOOKED
    assert "remote_user" in done.stderr
    assert "ansible_user" in done.stderr
    assert "nosuch was not found" in done.stderr


@pytest.mark.parametrize(("verb", "limit"), [("apply", "@empty"), ("bootstrap", ""), ("verify", "@blank")])
def test_a_limit_that_names_nobody(tmp_path: Path, verb: str, limit: str) -> None:
    words = () if verb == "bootstrap" else ("--control", "ssh-grace")
    done = _called(tmp_path, {"h.yml": ONE, "empty": "", "blank": "\n\n"}, verb, "-i", "h.yml", "-l", limit, *words)
    assert "names no host, which means all hosts" in done.stderr
    assert done.returncode in (LOOKED if verb == "verify" else (2,))


@pytest.mark.parametrize(("limit", "words"), [("@nosuch", "No such file"), ("@.", "Is a directory"), ("@b", "UTF-8")])
def test_a_limit_that_cannot_be_read(tmp_path: Path, limit: str, words: str) -> None:
    done = _called(tmp_path, {"h.yml": ONE, "b": b"\xff"}, "verify", "-i", "h.yml", "-l", limit)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_script_that_hangs_is_told_of_and_ended(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("#!/bin/sh\necho $$ > pid\nsleep 300 &\nwait\n")
    (tmp_path / "h").chmod(0o755)
    done = _called(tmp_path, {}, "verify", "-i", "h", OPSHARDEN_INVENTORY_TIMEOUT="6")
    assert done.returncode == 2
    assert "Still waiting for the inventory: h, sleep" in done.stderr
    assert "not read within 6 seconds" in done.stderr
    _gone(tmp_path)


def test_a_script_that_hangs_is_ended_with_us(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("#!/bin/sh\necho $$ > pid\nsleep 300\n")
    (tmp_path / "h").chmod(0o755)
    words = [sys.executable, "-m", "opsharden", "verify", "-i", "h"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _until((tmp_path / "pid").exists)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130
    _gone(tmp_path)


def _gone(folder: Path) -> None:
    pid = int((folder / "pid").read_text())
    _until(lambda: not Path(f"/proc/{pid}").exists())


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
