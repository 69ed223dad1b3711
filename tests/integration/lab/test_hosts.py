import json
import subprocess
import sys
from pathlib import Path

import paramiko
import pytest
import yaml

from opsharden import lab

pytestmark = pytest.mark.lab

NAMES = ["deb12-1", "deb13-1", "hub"]


def ask(here: lab.Lab, name: str, script: str) -> str:
    answer = here.exec(name, script)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def host_variables(here: lab.Lab) -> dict[str, dict[str, str]]:
    program = Path(sys.executable).with_name("ansible-inventory")
    command = [str(program), "--inventory", str(here.inventory), "--list"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    variables: dict[str, dict[str, str]] = json.loads(answer.stdout)["_meta"]["hostvars"]
    return variables


def login(here: lab.Lab, name: str, user: str, password: str) -> paramiko.SSHClient:
    """Log in with nothing but the password; only the host key that the inventory names is taken."""
    client = paramiko.SSHClient()
    expected = host_variables(here)[name]["bootstrap_host_key_fingerprint"]

    class Exactly(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, _client: paramiko.SSHClient, _name: str, key: paramiko.PKey) -> None:
            assert key.fingerprint == expected

    client.set_missing_host_key_policy(Exactly())
    address = here.host(name).address
    client.connect(address, username=user, password=password, look_for_keys=False, allow_agent=False, timeout=60)
    return client


@pytest.mark.parametrize("name", NAMES)
def test_a_host_is_as_an_installer_leaves_it(here: lab.Lab, name: str) -> None:
    assert ask(here, name, "systemctl is-system-running") == "running"
    assert ask(here, name, "hostname") == name
    assert ask(here, name, "passwd --status root | cut -d ' ' -f 2") == "L"
    assert "sudo" in ask(here, name, "id --name --groups admin").split()
    installed = ask(here, name, "dpkg-query --show --showformat '${db:Status-Abbrev} ${Package}\\n' | grep ^ii").split()
    assert not {"python3-apt", "cron", "curl"} & set(installed)
    assert ask(here, name, "command -v python3") == "/usr/bin/python3"


def test_hosts_run_the_release_they_are_named_after(here: lab.Lab) -> None:
    versions = {name: ask(here, name, ". /etc/os-release; echo $VERSION_ID") for name in NAMES}
    assert versions == {"deb12-1": "12", "deb13-1": "13", "hub": "12"}


def test_no_two_hosts_share_keys_or_machine_id(here: lab.Lab) -> None:
    for script in ("cat /etc/ssh/ssh_host_ed25519_key.pub", "cat /etc/ssh/ssh_host_rsa_key.pub", "cat /etc/machine-id"):
        assert len({ask(here, name, script) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_admin_logs_in_with_the_password_and_becomes_root(here: lab.Lab, name: str) -> None:
    with login(here, name, "admin", here.password) as client:
        stdin, stdout, _ = client.exec_command("sudo --stdin --prompt= id --user", timeout=60)
        stdin.write(f"{here.password}\n")
        stdin.channel.shutdown_write()
        assert stdout.read().strip() == b"0"


def test_root_does_not_log_in(here: lab.Lab) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        login(here, "deb12-1", "root", here.password)


def test_hosts_see_each_other_and_the_hub_by_name(here: lab.Lab) -> None:
    assert here.host("hub").address in ask(here, "deb13-1", "getent hosts hub")


def test_the_inventory_is_one_that_ansible_reads(here: lab.Lab) -> None:
    variables = host_variables(here)
    assert {name: entry["ansible_host"] for name, entry in variables.items()} == {
        host.name: host.address for host in here.hosts
    }
    assert {entry["bootstrap_user"] for entry in variables.values()} == {"admin"}
    assert variables["deb12-1"]["monitoring_server"] == "hub"


def test_the_fingerprints_are_those_of_the_hosts(here: lab.Lab) -> None:
    listed = (here.home / "fingerprints").read_text().split()
    for name in NAMES:
        shown = ask(here, name, "for key in /etc/ssh/*.pub; do ssh-keygen -l -f $key; done")
        assert {line.split()[1] for line in shown.splitlines()} <= set(listed)


def test_a_script_finds_its_own_input_empty_and_is_on_no_command_line(here: lab.Lab) -> None:
    script = "word=pass; word=${word}phrase; cat; tr '\\0' ' ' < /proc/$$/cmdline; exit 7"
    answer = here.exec("hub", script)
    assert answer.returncode == 7
    assert answer.stdout.strip() == 'sh -c eval "$(cat)"'
    assert not any("phrase" in part for part in answer.args)


def test_a_reboot_keeps_disk_address_and_keys_and_nothing_else(here: lab.Lab) -> None:
    before = yaml.safe_load((here.inventory / "hosts.yml").read_text())
    key = ask(here, "deb13-1", "cat /etc/ssh/ssh_host_ed25519_key.pub")
    ask(here, "deb13-1", "touch /etc/kept /run/lost; ip route add blackhole 192.0.2.0/24")
    here.reboot("deb13-1")
    assert (
        ask(here, "deb13-1", "ls /etc/kept; ls /run/lost 2>/dev/null || true; ip route show type blackhole")
        == "/etc/kept"
    )
    assert ask(here, "deb13-1", "cat /etc/ssh/ssh_host_ed25519_key.pub") == key
    with login(here, "deb13-1", "admin", here.password):
        pass
    assert yaml.safe_load((here.inventory / "hosts.yml").read_text()) == before


def test_a_host_without_python_is_one(lab_id: str, tmp_path: Path) -> None:
    spec = lab.LabSpec(lab_id, debian12=1, debian13=1, without_python=1, directory=tmp_path)
    with lab.up(spec) as bare:
        for host in bare.hosts:
            assert bare.exec(host.name, "command -v python3 || ls /usr/bin/python*").returncode != 0
            with login(bare, host.name, "admin", bare.password):
                pass
