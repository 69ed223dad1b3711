"""What the checks of this folder look at."""

import functools
from pathlib import PurePosixPath

import pytest

NAMES = (
    "send_redirects",
    "accept_redirects",
    "secure_redirects",
    "accept_source_route",
    "log_martians",
    "icmp_ignore_bogus_error_responses",
    "icmp_echo_ignore_broadcasts",
    "tcp_syncookies",
)


def _path(key):
    """A key of sysctl.d(5) as its path below /proc/sys: the first separator tells which way round it is written."""
    first = next((letter for letter in key if letter in "./"), "/")
    return key.translate(str.maketrans("./", "/.")) if first == "." else key


@pytest.fixture
def live(host):
    """Every value in the running kernel, by its path below /proc/sys; every interface has its own."""
    included = " ".join(f"--include={name}" for name in NAMES)
    # Its exit status says nothing: an interface may go while grep reads. A setting it does not show is an error below.
    lines = host.run(f"grep -r . /proc/sys/net {included}").stdout.splitlines()
    return dict(line.removeprefix("/proc/sys/").rsplit(":", 1) for line in lines)


@functools.lru_cache(maxsize=32)  # every check of a host reads the same, and many hosts say the same
def _said(files):
    said = {}
    for line in files.splitlines():
        if line.strip() and line.strip()[0] not in "#;":
            key, _, value = line.partition("=")
            path = _path(key.strip().removeprefix("-"))
            said.pop(path, None)
            said[path] = value.strip() or "left alone"
    return said, [pattern for pattern in reversed(said) if "*" in pattern]


@pytest.fixture
def at_boot(host):
    """What systemd-sysctl(8) will set a path to, all files merged: an exact key beats patterns, the last word wins."""
    said, patterns = _said(host.check_output("systemd-analyze --no-pager cat-config sysctl.d"))

    def look_up(path):
        if path not in said:
            path = next((pattern for pattern in patterns if PurePosixPath(path).match(pattern)), path)
        return said.get(path, "not set")

    return look_up


@pytest.fixture
def astray(live, at_boot):
    """Where a setting is not what it should be: observed and expected, by path. Both are empty where all is well."""

    def look(name, value):
        found = {path: f"{now} now, {at_boot(path)} at boot" for path, now in live.items() if path.endswith(f"/{name}")}
        if not found:
            raise LookupError(f"The kernel shows no setting {name}.")
        right = f"{value} now, {value} at boot"
        wrong = {path: state for path, state in found.items() if state != right}
        return wrong, dict.fromkeys(wrong, right)

    return look
