"""What the checks of this folder look at."""

import re

import pytest

# With the options that the unit adds; says nothing where there is no server.
EFFECTIVE = """if [ -x /usr/sbin/sshd ]; then
if [ -r /etc/default/ssh ]; then . /etc/default/ssh; fi
/usr/sbin/sshd -T $SSHD_OPTS
fi"""
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


@pytest.fixture
def sshd(host):
    """The settings in force."""
    effective = host.check_output(EFFECTIVE).splitlines()
    if not effective:
        pytest.skip("no SSH server is installed")
    settings = Settings()
    for line in effective:
        keyword, _, value = line.partition(" ")
        settings[keyword] = {"everyone": value}
    for block, keyword, value in _exceptions(host.check_output(WRITTEN).splitlines()):
        if settings.get(keyword, {}).get("everyone") != value:
            settings.setdefault(keyword, {})[block] = value
    return settings
