"""What the checks of time make of odd files: pipes, closed ones, quotes that do not end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.roles.loading import module
from tests.unit.roles.time.samples import OPTIONS


@pytest.fixture(scope="module")
def checks() -> Any:
    return module("time", "test_time", "checks")


class Host:
    """A host that answers every such question with this."""

    def __init__(self, stdout: str) -> None:
        self._answer = SimpleNamespace(rc=0, stdout=stdout, stderr="")

    def run(self, *_: str) -> SimpleNamespace:
        return self._answer

    def check_output(self, *_: str) -> str:
        return ""


UNIT = (
    "f644 /usr/lib/systemd/system/chrony.service\n/usr/lib/systemd/system/chrony.service:9:ExecStart=/usr/sbin/chronyd "
)


@pytest.mark.parametrize(("default", "main"), OPTIONS)
def test_chrony_s_options_are_read_whether_their_quotes_end_or_not(checks: Any, default: str, main: str) -> None:
    said = f"{UNIT}$DAEMON_OPTS\nf644 /etc/default/chrony\n/etc/default/chrony:1:{default}\n"
    assert checks.Chrony(Host(said), ["/"]).main() == main


def test_what_chronyd_reads_and_is_no_file_is_named(checks: Any) -> None:
    said = (
        "f644 /etc/chrony/chrony.conf\np644 /etc/chrony/conf.d/a.conf\np644 /etc/chrony/unread\n"
        "/etc/chrony/chrony.conf:1:confdir /etc/chrony/conf.d\n/etc/chrony/chrony.conf:2:server one\n"
    )
    files = checks.Chrony(Host(said), ["/etc/chrony"])
    assert list(files.servers("/etc/chrony/chrony.conf")) == [("one", "/etc/chrony/chrony.conf:2")]
    assert files.odd == {"/etc/chrony/conf.d/a.conf": "a pipe"}


DROP_IN = "/etc/systemd/timesyncd.conf.d/zz-opsharden.conf"


@pytest.mark.parametrize(
    ("file", "folder", "read"), [("644", "755", True), ("640", "755", False), ("644", "750", False)]
)
def test_what_timesyncd_cannot_read_names_nobody(checks: Any, file: str, folder: str, read: bool) -> None:
    said = f"d{folder} {DROP_IN.rpartition('/')[0]}\nf{file} {DROP_IN}\n{DROP_IN}:1:[Time]\n{DROP_IN}:2:NTP=one two\n"
    asked, odd = checks.timesyncd(Host(said))
    assert asked == ([("one", f"{DROP_IN}:2"), ("two", f"{DROP_IN}:2")] if read else [])
    assert odd == {}
