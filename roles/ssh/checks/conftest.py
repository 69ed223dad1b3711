"""What the checks of this folder look at."""

import functools
import re
import shlex

import pytest

# The options that the unit adds, and the settings with them; says nothing where there is no server.
OPTIONS = "! test -e /etc/default/ssh || cat /etc/default/ssh"
EFFECTIVE = "test ! -x /usr/sbin/sshd || /usr/sbin/sshd -T {}"
WRITTEN = (
    "grep -rHiE '^[[:space:]]*[a-z]+([[:space:]]|=)' /etc/ssh --include=sshd_config --include='*.conf' || test $? -eq 1"
)


class Settings(dict):
    """Keyword in lower case -> whom it applies to -> value: `{"everyone": "no", "Match User backup": "yes"}`.

    What applies to everyone is what sshd itself says, all files read and all defaults in. A Match block overrides it
    for some; it is listed where it says something else. The role leaves such blocks to the administrator who wrote
    them: one that loosens a setting is a finding.
    """

    def numbers(self, keyword):
        """The same with values as numbers; times as seconds."""
        return {who: _seconds(value) for who, value in self[keyword].items()}

    def offered(self, keyword):
        """The algorithms of a comma-separated list."""
        return self[keyword]["everyone"].split(",")


def _seconds(value):
    units = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([smhdw]?)", value.lower()))


def _exceptions(lines):
    """What Match blocks say: (block, keyword, value). A block ends with its file."""
    block, inside = "", ""
    for line in lines:
        path, _, text = line.partition(":")
        keyword, value = re.split(r"[\s=]+", text.strip(), maxsplit=1)
        if keyword.lower() == "match":
            block, inside = f"Match {value} in {path}", path
        elif path == inside and not path.startswith("/etc/ssh/ssh_config"):
            yield block, keyword.lower(), value.partition(" #")[0].strip().strip('"')


@functools.lru_cache(maxsize=32)  # every check of a host reads the same, and many hosts say the same
def _settings(effective, written):
    settings = Settings()
    for line in effective.splitlines():
        keyword, _, value = line.partition(" ")
        settings[keyword] = {"everyone": value}
    for block, keyword, value in _exceptions(written.splitlines()):
        if settings.get(keyword, {}).get("everyone") != value:
            settings.setdefault(keyword, {})[block] = value
    return settings


@pytest.fixture
def sshd(host):
    """The settings in force."""
    added = re.findall(r"^\s*SSHD_OPTS=(.*)$", host.check_output(OPTIONS), re.MULTILINE)
    options = " ".join(shlex.split(added[-1], comments=True)) if added else ""
    effective = host.check_output(EFFECTIVE.format(options).rstrip())
    if not effective:
        pytest.skip("no SSH server is installed")
    return _settings(effective, host.check_output(WRITTEN))
