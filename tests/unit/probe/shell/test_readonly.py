"""Commands that may be sent ahead of a check, and the tricks that may not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from testinfra.backend.local import LocalBackend
from testinfra.host import Host
from testinfra.modules.service import SystemdService

from opsharden.probe.shell.readonly import is_read_only

SENT_BY_OUR_CHECKS = [
    "! test -e /etc/opsharden/exporter.nft || cat /etc/opsharden/exporter.nft",
    "awk '$1 == \"UMASK\" {print $2}' /etc/login.defs",
    "awk -F: '!/^[+-]/ && $2 != \"x\" {print $1}' /etc/passwd",
    "awk -F: '!/^[+-]/ && $2 == \"\" {print $1}' /etc/passwd /etc/shadow",
    "cat /etc/os-release",
    "cvtsudoers -e -f json -s aliases,privileges /etc/sudoers",
    "date +%s; test ! -d /srv/b/repo/snapshots || find /srv/b/repo/snapshots -type f -printf '%f %u %T@ %C@\\n'",
    "date +%s; test ! -e /var/lib/opsharden/backup/run.json || cat /var/lib/opsharden/backup/run.json",
    "dpkg-query --show --showformat='${db:Status-Status} ${Package}\\n' ftp nis 2>/dev/null || test $? -eq 1",
    r"find /etc -maxdepth 1 -type f \( -name issue -o -name issue.net -o -name motd \) -printf '%m %u:%g %p\n'",
    r"find /etc -maxdepth 1 \( -type d -name 'cron.*' -o -type f -name crontab \) -printf '%m %u:%g %p\n'",
    "find /etc -maxdepth 2 -path '/etc/update-motd.d/*' -type f -perm /111 -exec grep -qE 'a|b' {} ';' -print",
    "find /etc /etc/security -maxdepth 1 -type f -regextype posix-extended \\\n"
    "-regex '/etc/(passwd-?|group-?|shadow-?|shells|security/opasswd(\\.old)?)' -printf '%p %m %u %g\\n'",
    r"find /etc/sudoers /etc/sudoers.d -type f \( ! -user root -o -perm -002 -o -perm -020 ! -group root \)",
    "grep -H '' /etc/issue /etc/issue.net /etc/motd 2>/dev/null || test $? -le 2",
    "grep -r . /proc/sys/net --include=send_redirects --include=tcp_syncookies",
    "grep -rHiE '^[[:space:]]*[a-z]+([[:space:]]|=)' /etc/ssh --include='*.conf' || test $? -eq 1",
    "nft -s list table inet opsharden_exporter",
    "promtool query instant -o json http://127.0.0.1:9090 'up{job=\"node\"} * (time() - timestamp(up) < bool 120)'",
    "ss -Htln sport = :9100",
    "sshd -T -C user=bkp,host=client,addr=192.0.2.1",
    "systemctl show --property=ActiveState,UnitFileState,NeedDaemonReload,ExecStartPre prometheus-node-exporter",
    "systemctl show --property=ActiveState --value prometheus",
    "systemd-analyze --no-pager cat-config sysctl.d",
    "systemd-analyze cat-config --no-pager systemd/timesyncd.conf",
    "test -s /etc/issue.net",
]
SENT_BY_TESTINFRA = [
    "uname -s",
    "command -v command",
    "command -v 'odd name'",
    "which ss",
    "test -e /etc/passwd",
    "test -L '/srv/münchen 1'",
    "realpath /etc/mtab",
    "readlink -f /etc/mtab",
    "stat -Lc %U /etc/passwd",
    "grep -qs -- '-x*' /etc/passwd",
    "cat -- /etc/passwd",
    "ls -1 -q -- /etc",
    "md5sum /etc/passwd | cut -d' ' -f1",
    "sha256sum /etc/passwd | cut -d ' ' -f 1",
    "getent group",
    "getent group adm | cut -d':' -f4",
    "getent shadow root",
    "getent ahostsv4 localhost",
    "id -nG root",
    "cat /proc/mounts",
    "cat /sys/class/net/lo/speed",
    "dpkg-query -f '${Status} ${Version}' -W sudo",
    'systemctl list-unit-files | grep -q "^ssh"',
    "systemctl is-active ssh",
    "systemctl is-enabled 'user@1000'",
    "systemctl show ssh",
    "find -L /etc/rc?.d/ -name 'S??ssh'",
    "/usr/sbin/sysctl -n kernel.hostname",
    "/usr/bin/ss --numeric --listening --tcp",
    "/usr/bin/ss --numeric --all --unix",
    "/bin/netstat -n -l -t",
    "ps -Aww -o comm:50,pcpu:50,pid:50,pmem:50,lstart,args",
    "ps -ww -p 1 -o lstart,user",
    "/usr/sbin/ip -f inet6 addr show eth0",
    "/usr/sbin/ip --json link show eth0",
    "/usr/sbin/ip --json route list dev eth0 scope link",
    "/usr/sbin/ip route ls",
    "/usr/sbin/ip -o link show",
    "blockdev  --report /dev/sda",
]
SENT_BY_OTHERS = [
    "ls -ld /etc/*.conf",
    "  ls\t-l ;\n\n cat /etc/motd\n",
    "cat /etc/motd &&\nwc -l /etc/*.conf",
    "tail -n 5 /etc/group",
    "tail -5 /etc/group",
    "sort -t: -k3n /etc/passwd | uniq -c",
    "sort -u -- /etc/group",
    "uniq -c /etc/group",
    "sed -n '/^root/p' /etc/passwd",
    "sed -E 's/:.*//g' /etc/passwd",
    "sed -ne 2,5p -e '$p' /etc/passwd",
    "printf '%s\\n' a b",
    "[ -f /etc/motd ] && [ 1 -lt 2 ]",
    "echo it\\'s >/dev/null 2>&1 </dev/null",
    "date -u +%FT%TZ",
    "date --date='1 day ago' +%s",
    "hostname -f",
    "df -hT /",
    "df --output=pcent /tmp",
    "du -sh /etc",
    "findmnt -no OPTIONS /tmp",
    "findmnt --kernel --target /dev/shm",
    "lsblk -J",
    "mount | grep ' /tmp '",
    "swapon --show --noheadings",
    "sysctl -a --pattern '^net'",
    "nft -nn list ruleset",
    "iptables-save",
    "ip -br a",
    "dpkg -l",
    "dpkg -V sudo",
    "apt-config dump",
    "apt-config dump APT::Periodic",
    "sshd -t",
    "/usr/sbin/sshd -T",
    "passwd -S root",
    "chage -l root",
    "crontab -u root -l",
    "visudo -cf /etc/sudoers",
    "auditctl -l",
    "aa-status --json",
    "getfacl -p /etc/shadow",
    "getcap -r /usr/bin",
    "systemctl --no-pager -p Id show ssh",
    "systemctl list-timers --all --no-legend",
    "loginctl show-user root",
    "timedatectl show -p NTP --value",
    "find / -xdev -type f -perm -4000 -mtime -7 -printf '%p\\n'",
    "find /dev -type f",
    "find /etc -newermt 2020-01-01 -size -5k -ls",
    "find /etc -type f -exec grep -l root {} + -print",
    "find -L /dev /etc -type p -exec false {} + && true",
    "find /etc -maxdepth 1 '(' -path /etc/shadow ')' -perm /070 -exec ls -ldn --time-style=+ {} +",
]

REFUSED_FOR_THE_PROGRAM = [
    "rm x",
    "/tmp/ls",
    "./ls",
    "/usr/local/bin/ls",
    "/bin/../tmp/ls",
    "l/bin/s",
    "/bin//ls",
    "/bin/l*",
    "'' ls",
    "LS",
    "env ls",
    "env -0",
    "sh -c ls",
    "bash -c ls",
    "busybox ls",
    "xargs ls",
    "sudo ls",
    "nohup ls",
    "timeout 1 ls",
    "python3 -c 1",
    "perl -e 1",
    "exec ls",
    "eval ls",
    ". /etc/default/ssh",
    "source /etc/profile",
    "command ls",
    "command rm x",
    "command -v ls -x",
    "command -p rm x",
    "cd /tmp",
    "set -e",
    "export x",
    "tee x",
    "journalctl --vacuum-size=1",
    "lastlog -C -u root",
    "mokutil --reset",
    "efibootmgr",
    "ping -c 1 x",
    "nc -z x 1",
    "service ssh status",
    "iptables -t nat -S",
]


@pytest.mark.parametrize("command", SENT_BY_OUR_CHECKS + SENT_BY_TESTINFRA + SENT_BY_OTHERS)
def test_what_only_reads_is_recognised(command: str) -> None:
    assert is_read_only(command)


@pytest.mark.parametrize("command", REFUSED_FOR_THE_PROGRAM)
def test_a_program_that_is_not_known_is_refused(command: str) -> None:
    assert not is_read_only(command)


class Listening(LocalBackend):  # type: ignore[misc]  # testinfra ships no types
    """testinfra on this machine, and what it sends to look."""

    def __init__(self) -> None:
        super().__init__("local")
        self.sent: dict[str, None] = {}

    def run(self, command: str, *args: str, **_: Any) -> Any:
        self.sent[self.get_command(command, *args)] = None
        return super().run(command, *args)


def questions(host: Host) -> Iterator[Callable[[], object]]:
    """All that testinfra can be asked on Debian without it doing more than look."""
    service = type("Service", (SystemdService,), {"_host": host})("ssh.service")
    attributes = [
        (
            host.file("/etc/passwd"),
            "exists is_file is_directory is_executable is_pipe is_socket is_symlink linked_to user "
            "uid group gid mode mtime size inode md5sum sha256sum content content_string",
        ),
        (host.package("bash"), "is_installed version"),
        (host.user("root"), "exists uid gid group gids groups home shell gecos password_max_days expiration_date"),
        (host.user(), "name"),
        (host.user, "get_all_users get_local_users"),
        (host.group("root"), "exists gid members"),
        (host.mount_point("/"), "exists options"),
        (host.interface("lo"), "exists addresses link speed"),
        (host.addr("localhost"), "is_resolvable ipv4_addresses ipv6_addresses"),
        (host.block_device("/dev/sda"), "size"),
        (service, "exists is_enabled is_masked systemd_properties"),
    ]
    for asked, names in attributes:
        yield from (partial(getattr, asked, name) for name in names.split())
    yield host.file("/etc").listdir
    yield lambda: host.file("/etc/passwd").contains("^root:")
    yield lambda: host.sysctl("kernel.hostname")
    yield host.mount_point.get_mountpoints
    yield lambda: host.process.filter(user="root", comm="none")
    yield lambda: host.process.filter()[0].user
    yield lambda: host.interface("lo", "inet").routes("link")
    yield host.interface.names
    yield host.interface.default
    yield lambda: host.socket("tcp://127.0.0.1:22").is_listening
    yield lambda: host.socket("udp://53").clients
    yield lambda: host.socket("unix:///run/x").is_listening
    yield lambda: list(host.socket.get_listening_sockets())


def test_what_testinfra_sends_to_look_is_recognised() -> None:
    backend = Listening()
    host = Host(backend)
    for question in questions(host):
        with contextlib.suppress(AssertionError, RuntimeError, ValueError, LookupError):  # what it asks is what counts
            question()
    assert len(backend.sent) > 40
    assert [command for command in backend.sent if not is_read_only(command)] == []
