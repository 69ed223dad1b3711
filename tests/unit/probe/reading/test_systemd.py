"""Drop-ins and words as systemd takes them."""

from __future__ import annotations

import pytest

from opsharden.probe.reading.found import parsed
from opsharden.probe.reading.systemd import in_order, split


def test_drop_ins_count_by_name_and_the_first_root_wins() -> None:
    found = parsed(
        "d755 /etc/sysctl.d\nf644 /usr/lib/sysctl.d/20-b.conf\nf644 /etc/sysctl.d/30-c.conf\n"
        "p644 /etc/sysctl.d/20-b.conf\n"
        "n666 /run/sysctl.d/10-a.conf\nf644 /usr/local/lib/sysctl.d/10-a.conf\nf644 /etc/sysctl.d/README\n"
        "l777 /etc/sysctl.d/40-d.conf\nf644 /usr/lib/sysctl.d/40-d.conf\nf644 /etc/sysctl.d/sub/50-e.conf\n"
    )
    assert in_order(found, "sysctl.d") == [
        "/run/sysctl.d/10-a.conf",
        "/etc/sysctl.d/20-b.conf",
        "/etc/sysctl.d/30-c.conf",
        "/etc/sysctl.d/40-d.conf",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", []),
        ("-4 -u0", ["-4", "-u0"]),
        ("-o 'A b' -q", ["-o", "A b", "-q"]),
        ("-u0 -o 'MaxAuthTries 9", ["-u0", "-o", "MaxAuthTries 9"]),
        ("-o \"it's", ["-o", "it's"]),
        ("a b\\", ["a", "b"]),
        ("a\\\\", ["a\\"]),
    ],
)
def test_a_quote_that_does_not_end_goes_on_to_the_end(value: str, words: list[str]) -> None:
    assert split(value) == words
