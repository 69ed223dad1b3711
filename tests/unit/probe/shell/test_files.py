"""Files that act when they are opened are not opened ahead of a check."""

from __future__ import annotations

import pytest

from opsharden.probe.shell.readonly import is_read_only


@pytest.mark.parametrize(
    "command",
    [
        "cat /dev/watchdog",
        "cat //dev/./watchdog",
        "cat /de*/watchdog",
        "cat /d*",
        "cat /etc/../dev/watchdog",
        "cat dev/watchdog",
        "cat /proc/1/root/dev/watchdog",
        "cat /proc/k*",
        "cat /proc/kmsg",
        "cat /proc/1/fd/5",
        "cat /sys/kernel/debug/tracing/trace_pipe",
        "grep -fdev/watchdog x",
        "grep --file=/dev/watchdog x",
        "wc --files0-from=/dev/watchdog",
        "grep -rDread x /srv",
        "grep -D read x /srv",
        "df /dev/watchdog",
        "lsattr -v /srv/chroot/dev/watchdog",
        "blockdev --report /dev/watchdog",
        "blockdev --report /dev/sda /dev/disk/by-id/../../watchdog",
        "gawk 1 /inet/tcp/0/127.0.0.1/80",
    ],
)
def test_a_file_that_acts_when_it_is_opened_is_refused(command: str) -> None:
    assert not is_read_only(command)


@pytest.mark.parametrize(
    "command",
    [
        "cat /etc/udev/udev.conf",
        "cat /proc/sys/kernel/hostname",
        "cat /dev/null",
        "cat /etc/sysctl.d/*.conf",
        "blockdev --report /dev/nvme0n1p1 /dev/mapper/vg-root /dev/disk/by-uuid/1-2",
        "stat /dev/watchdog",
        "ls -l /dev/w*",
    ],
)
def test_other_files_may_be_opened_and_all_looked_at(command: str) -> None:
    assert is_read_only(command)
