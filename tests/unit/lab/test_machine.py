from dataclasses import replace

import pytest

from opsharden.errors import LabError
from opsharden.lab.machine import Cgroups, Facts, cgroup_mode, judge
from opsharden.lab.podman import PACKAGES

# Recorded with `grep cgroup /proc/self/mounts`.
HYBRID = """\
proc /proc proc rw,relatime 0 0
tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
"""
V1 = """\
tmpfs /sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,size=4096k,nr_inodes=1024,mode=755,inode64 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,nosuid,nodev,noexec,relatime,xattr,name=systemd 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,nosuid,nodev,noexec,relatime,pids 0 0
"""
V2 = """\
sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0
cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0
"""
ALL_CAPABILITIES = 0x1FFFFFFFFFF
WITHOUT_SYS_RESOURCE = 0x1FFFEFFFFFF

# A stock Debian 12 with the packages we advise; what a case is about replaces one fact.
STOCK = Facts(
    root=True,
    programs=frozenset({"podman", "runc", "crun", "mmdebstrap", "iptables", "nft"}),
    netavark=(1, 4),
    mounts=V2,
    capabilities=ALL_CAPABILITIES,
    open_files=1048576,
    processes=95912,
)


@pytest.mark.parametrize(("mounts", "mode"), [(HYBRID, Cgroups.HYBRID), (V1, Cgroups.V1), (V2, Cgroups.V2)])
def test_cgroup_mode_is_read_from_the_mounts(mounts: str, mode: Cgroups) -> None:
    assert cgroup_mode(mounts) is mode


def test_no_control_groups_is_said() -> None:
    with pytest.raises(LabError, match="no control groups mounted"):
        cgroup_mode("proc /proc proc rw,relatime 0 0\n")


def test_a_stock_machine_leaves_all_to_podman() -> None:
    machine = judge(STOCK)
    assert (machine.cgroups, machine.runtime, machine.limits, machine.builds) == (Cgroups.V2, None, (), True)


def test_hybrid_cgroups_insist_on_runc() -> None:
    assert judge(replace(STOCK, mounts=HYBRID)).runtime == "runc"


def test_without_the_capability_limits_stay_at_or_below_our_own() -> None:
    facts = replace(STOCK, capabilities=WITHOUT_SYS_RESOURCE, open_files=20000, processes=96364)
    assert judge(facts).limits == ("--ulimit", "nofile=20000:20000", "--ulimit", "nproc=4096:4096")
    assert judge(replace(facts, open_files=512, processes=100)).limits[1::2] == ("nofile=512:512", "nproc=100:100")
    assert judge(replace(facts, open_files=-1, processes=-1)).limits[1::2] == ("nofile=1024:1024", "nproc=4096:4096")


def test_images_cannot_be_built_without_mmdebstrap() -> None:
    assert not judge(replace(STOCK, programs=STOCK.programs - {"mmdebstrap"})).builds


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (replace(STOCK, programs=STOCK.programs - {"podman"}), "podman is not installed"),
        (replace(STOCK, netavark=None), "netavark, podman's network helper, is not installed"),
        (replace(STOCK, programs=STOCK.programs - {"iptables"}), "finds no iptables"),
        (replace(STOCK, netavark=(1, 14), programs=STOCK.programs - {"iptables", "nft"}), "finds no iptables"),
        (replace(STOCK, programs=STOCK.programs - {"runc", "crun"}), "no container runtime"),
        (replace(STOCK, mounts=HYBRID, programs=STOCK.programs - {"runc"}), "which crun refuses"),
    ],
)
def test_what_is_missing_is_named_with_the_packages_to_install(facts: Facts, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence) as caught:
        judge(facts)
    assert PACKAGES in caught.value.advice
    assert "\n" not in caught.value.message + caught.value.advice


def test_newer_netavark_does_with_nftables() -> None:
    assert judge(replace(STOCK, netavark=(1, 14), programs=STOCK.programs - {"iptables"})).builds


def test_only_root_runs_lab_hosts() -> None:
    with pytest.raises(LabError, match="Only root") as caught:
        judge(replace(STOCK, root=False))
    assert "sudo" in caught.value.advice
