"""Lab hosts: systemd containers that ssh, Ansible and apt take for machines."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from opsharden.errors import LabError
from opsharden.lab import podman
from opsharden.lab.machine import Cgroups, Machine
from opsharden.lab.spec import HostSpec, LabHost, Suite

ADMIN = "admin"
# What is ours carries these labels; nothing without them is ever touched.
LAB_LABEL = "opsharden.lab"
HOME_LABEL = "opsharden.lab.home"
_HOST_LABEL = "opsharden.lab.host"
_SUITE_LABEL = "opsharden.lab.suite"
_ADDRESS_LABEL = "opsharden.lab.address"
START_TIMEOUT = 300.0
_FIRST_ADDRESS = 10

# Keys of its own at the first start, as an installer does it; at later starts ssh-keygen finds them and keeps them.
# Without cgroup v2, systemd in a container is not told when a cgroup is empty: a user's own manager then takes 90 s to
# end, and every login of that user waits for it. Logins work the same without such managers.
_INIT = (
    "/bin/sh",
    "-c",
    "[ -e /sys/fs/cgroup/cgroup.controllers ] || ln -sf /dev/null /etc/systemd/system/user@.service; "
    "ssh-keygen -A; exec /sbin/init",
)

_NOT_UP = 75  # EX_TEMPFAIL of sysexits.h
_TRIES = 200

# Runs as root in a new host, the password on standard input. A host that is set up already is only asked.
# `is-system-running --wait` would do the waiting, but it goes over D-Bus, and asked too early hangs there for 25 s.
# What is not up soon is asked less often: the questions of thirty hosts would keep this machine from starting them.
_SETTLE = """
set -eu
if [ "$(passwd --status {admin} 2>/dev/null | cut -d ' ' -f 2)" != P ]; then
    passwd --lock root >/dev/null 2>&1
    id {admin} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash {admin}
    usermod --append --groups sudo {admin}
    chpasswd <<'END'
{admin}:{password}
END
fi
tries=0 state=
until [ "$state" = running ] || [ "$state" = degraded ]; do
    [ $tries -lt {tries} ] || {{ echo "${{state:-nothing}}" >&2; exit {not_up}; }}
    tries=$((tries + 1))
    [ $tries -lt 20 ] && nap=0.2 || nap=1
    state=$(systemctl is-system-running 2>/dev/null) || sleep $nap
done
for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -l -f "$key"; done
"""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One host key of a host, as read on the host itself.

    Attributes:
        type: `ED25519`, `ECDSA` or `RSA`.
        sha256: `SHA256:` and the base64 digest, as ssh shows it.
    """

    type: str
    sha256: str


def network_name(lab_id: str) -> str:
    """What podman knows the lab's network by."""
    return f"opsharden-{lab_id}"


def make_network(lab_id: str, home: str) -> None:
    """Make the lab's own network. It is also where the lab's directory is remembered.

    Raises:
        LabError: podman said no.
    """
    labels = (f"{LAB_LABEL}={lab_id}", f"{HOME_LABEL}={home}")
    podman.ask("network", "create", *(f"--label={label}" for label in labels), network_name(lab_id))


def remove_network(lab_id: str) -> None:
    """Remove the lab's network, where there is one.

    Raises:
        LabError: Somebody else's container is on it.
    """
    if lab_id in homes():
        podman.ask("network", "rm", network_name(lab_id))


def homes() -> Mapping[str, str]:
    """The directory of every lab of this machine, by lab id."""
    networks = podman.ask_json("network", "ls", "--filter", f"label={LAB_LABEL}")
    return {network["labels"][LAB_LABEL]: network["labels"].get(HOME_LABEL, "") for network in networks}


def present(lab_id: str) -> tuple[LabHost, ...]:
    """The hosts of a lab that podman knows, running or not, by address.

    Raises:
        LabError: podman said no.
    """
    ours = ("--filter", f"label={LAB_LABEL}={lab_id}", "--filter", f"label={_HOST_LABEL}")
    containers = podman.ask_json("ps", "--all", *ours)
    hosts = [
        LabHost(
            name=container["Labels"][_HOST_LABEL],
            address=container["Labels"][_ADDRESS_LABEL],
            suite=Suite(container["Labels"][_SUITE_LABEL]),
            container=container["Names"][0],
            state=container["State"],
        )
        for container in containers
    ]
    return tuple(sorted(hosts, key=lambda host: tuple(map(int, host.address.split(".")))))


def plan(lab_id: str, wanted: tuple[HostSpec, ...], taken: frozenset[str]) -> tuple[LabHost, ...]:
    """Give every wanted host its container name and an address of the lab's network that is free.

    Args:
        lab_id: The lab.
        wanted: The hosts to start, in order.
        taken: The addresses that hosts of the lab have already.

    Raises:
        LabError: podman does not know the network, or it is too small.
    """
    network = IPv4Network(podman.ask_json("network", "inspect", network_name(lab_id))[0]["subnets"][0]["subnet"])
    free = [address for address in map(str, list(network.hosts())[_FIRST_ADDRESS - 1 :]) if address not in taken]
    if len(free) < len(wanted):
        raise LabError(f"The network {network} has no room for {len(wanted)} more hosts.", "Ask for fewer hosts.")
    return tuple(
        LabHost(host.name, address, host.suite, f"opsharden-{lab_id}-{host.name}", "planned")
        for host, address in zip(wanted, free, strict=False)
    )


def start(host: LabHost, *, lab_id: str, image: str, machine: Machine) -> None:
    """Start a new host; it is not yet ready when this returns.

    Args:
        host: As planned.
        lab_id: The lab it is in.
        image: The image to start from.
        machine: How hosts run here.

    Raises:
        LabError: podman said no; no container is left behind.
    """
    labels = {
        LAB_LABEL: lab_id,
        _HOST_LABEL: host.name,
        _SUITE_LABEL: str(host.suite),
        _ADDRESS_LABEL: host.address,
    }
    # systemd of Debian 13 (257) leaves cgroups v1 behind unless told otherwise; a hybrid counts as v1 in a container.
    legacy = host.suite is Suite.TRIXIE and machine.cgroups is not Cgroups.V2
    command = [
        *(("--runtime", machine.runtime) if machine.runtime else ()),
        *("run", "--detach", "--pull=never", f"--name={host.container}", f"--hostname={host.name}"),
        *(f"--label={key}={value}" for key, value in labels.items()),
        *(f"--network={network_name(lab_id)}", f"--network-alias={host.name}", f"--ip={host.address}"),
        # A firewall and net.* settings of its own. kernel.* and fs.* come open with them, and those are the machine's:
        # nothing of ours writes them in a lab host.
        *("--systemd=always", "--cap-add=NET_ADMIN", "--security-opt=unmask=/proc/sys"),
        *(("--env=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",) if legacy else ()),
        *machine.limits,
        *(image, *_INIT),
    ]
    answer = podman.call(*command)
    if answer.returncode != 0:
        # podman keeps the container of a failed start. One that had the name before is not ours to remove.
        if "is already in use" not in answer.stderr:
            remove(host)
        raise podman.explain("run", answer.stderr)


def settle(host: LabHost, password: str) -> tuple[Fingerprint, ...]:
    """Wait until a host is up, see that its admin account is there, and read its host keys.

    Args:
        host: A host that was started.
        password: The lab's password for the account `admin`.

    Raises:
        LabError: It did not come up, or its sshd does not answer from outside.
    """
    deadline = time.monotonic() + START_TIMEOUT
    script = _SETTLE.format(admin=ADMIN, password=password, tries=_TRIES, not_up=_NOT_UP)
    answer = run_script(host.container, script, timeout=START_TIMEOUT)
    if ".exec_pid" in answer.stderr:
        # On a machine under load, podman 4 now and then does not find the process that it has just started.
        answer = run_script(host.container, script, timeout=START_TIMEOUT)
    said = (answer.stderr.strip().splitlines() or ["nothing"])[-1]
    if answer.returncode == _NOT_UP:
        raise LabError(
            f"Host {host.name} did not come up in time; its systemd says '{said}'.",
            "See whether this machine is overloaded (`uptime`, `free`), and ask for fewer hosts at a time.",
        )
    if answer.returncode != 0:
        raise LabError(
            f"Host {host.name} could not be set up; it said: {said}",
            "An image needs systemd, openssh-server and sudo.",
        )
    await_banner(host, deadline)
    return tuple(
        Fingerprint(type=fields[-1].strip("()"), sha256=fields[1])
        for line in answer.stdout.splitlines()
        if len(fields := line.split()) > 2
    )


def run_script(container: str, script: str, *, timeout: float) -> podman.Answer:
    """Run a shell script as root in a host. The script is on no command line, so it may hold secrets.

    The whole script is read before it starts: commands in it find an empty standard input.
    """
    return podman.call("exec", "--interactive", container, "sh", "-c", 'eval "$(cat)"', stdin=script, timeout=timeout)


def await_banner(host: LabHost, deadline: float) -> None:
    """Wait until the host's sshd says its name to a caller from outside (RFC 4253, section 4.2).

    Args:
        host: The host.
        deadline: On the monotonic clock, seconds.

    Raises:
        LabError: It did not.
    """
    while True:
        try:
            with socket.create_connection((host.address, 22), timeout=5) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise LabError(
                f"Host {host.name} is up, but its sshd does not answer on {host.address}.",
                "See whether a firewall of this machine stands between (`nft list ruleset`).",
            )
        time.sleep(0.2)


def resume(host: LabHost) -> None:
    """Start a host again that was stopped, for instance by a reboot of the machine.

    Raises:
        LabError: podman said no.
    """
    podman.ask("start", host.container)


def restart(host: LabHost) -> None:
    """Shut a host down in order and start it again: as near to a reboot as a container comes.

    Raises:
        LabError: podman said no.
    """
    podman.ask("restart", "--time=20", host.container)


def remove(*hosts: LabHost) -> None:
    """Remove hosts at once, with all that is in them; those that are gone already do no harm.

    Raises:
        LabError: podman said no.
    """
    if hosts:
        podman.ask("rm", "--force", "--ignore", "--time=0", "--volumes", *(host.container for host in hosts))
