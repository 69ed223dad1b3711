"""Runs on a lab host, as root: prints the host's state as JSON, name to value, less what differs by nature."""

import grp
import hashlib
import json
import pwd
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# What is in these differs from host to host; who owns them and who may read them does not.
CONTENT = {
    "/etc/hostname": "the host's name",
    "/etc/hosts": "the host's name and address, written by podman",
    "/etc/machine-id": "made at the first start",
    "/etc/resolv.conf": "written by podman",
    "/etc/ld.so.cache": "holds times",
    "/etc/ssl/certs/ssl-cert-snakeoil.pem": "made when cups is installed",
    "/etc/ssl/private/ssl-cert-snakeoil.key": "made when cups is installed",
    "/etc/passwd-": "the file before its last change",
    "/etc/shadow-": "the file before its last change",
    "/etc/group-": "the file before its last change",
    "/etc/gshadow-": "the file before its last change",
    "/etc/subuid-": "the file before its last change",
    "/etc/subgid-": "the file before its last change",
}
KEYS = re.compile(r"/etc/ssh/ssh_host_\w+_key(\.pub)?$")  # host keys are each host's own
# Come and go by themselves: logins, runs of timers, services that D-Bus starts when asked, devices.
UNITS = re.compile(
    r"session-|user@|user-|user\.|run-|apt-|dpkg-|e2scrub|fstrim|systemd-(tmpfiles|(timedate|hostname|locale)d\.)"
    r"|\S+\.(device|scope)$"
)
# Counts and secrets, no settings.
SYSCTLS = re.compile(r"(nf_conntrack_count|tcp_fastopen_key|stable_secret|nf_conntrack_buckets)$")


def contents(path: Path) -> str:
    if str(path) in CONTENT or KEYS.match(str(path)):
        return "its own"
    data = path.read_bytes()
    if path == Path("/etc/shadow"):
        data = re.sub(rb"\$[^:]+", b"$...", data)  # each hash has a salt of its own
    return hashlib.sha256(data).hexdigest()


def entry(path: Path) -> str:
    seen = path.lstat()
    owner = f"{pwd.getpwuid(seen.st_uid).pw_name}:{grp.getgrgid(seen.st_gid).gr_name}"
    if stat.S_ISLNK(seen.st_mode):
        return f"-> {path.readlink()} {owner}"
    what = contents(path) if stat.S_ISREG(seen.st_mode) else ""
    return f"{stat.filemode(seen.st_mode)} {owner} {what}"


def files(top: str) -> Iterator[tuple[str, str]]:
    for path in (Path(top), *Path(top).rglob("*")):
        found = entry(path)
        if not found.startswith("-> ssl-cert-snakeoil.pem "):  # named by a digest of what differs
            yield str(path), found


def sysctls() -> Iterator[tuple[str, str]]:
    for path in Path("/proc/sys/net").rglob("*"):
        if path.is_file() and not SYSCTLS.search(str(path)):
            try:
                yield str(path), path.read_text().strip()
            except OSError:
                continue  # only to be written


def lines(what: str, *command: str) -> Iterator[tuple[str, str]]:
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in answer.stdout.splitlines():
        name, _, value = line.partition(" ")
        yield f"{what} {name}", value.strip()


def units(what: str, verb: str, *options: str) -> Iterator[tuple[str, str]]:
    for name, value in lines(what, "systemctl", verb, "--no-legend", "--no-pager", *options):
        if not UNITS.match(name.removeprefix(f"{what} ")):
            yield name, " ".join(value.split()[:3])


state = dict(files("/etc"))
state.update(files("/root"))
state.update(sysctls())
state.update(lines("package", "dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev} ${Version}\n"))
state.update(units("unit file", "list-unit-files"))
state.update(units("unit", "list-units", "--all", "--plain"))
for place, (name, value) in enumerate(lines("sshd", "/usr/sbin/sshd", "-T")):
    state[f"{place:03} {name}"] = value
json.dump(state, sys.stdout)
