"""Paths as controls name them."""

from __future__ import annotations

import pytest

from opsharden.probe.reading.places import Place, place

MODE = {"mode": {"at_most": "0640"}}


def at(path: str) -> Place:
    return place(path, MODE)


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("/etc/passwd", ["/", "/etc"]),
        ("/etc/", ["/"]),
        ("/etc/cron.*/*", ["/", "/etc"]),
        ("/etc/apt/**", ["/", "/etc", "/etc/apt"]),
        ("/home/*/.netrc", ["/", "/home"]),
    ],
)
def test_the_way_is_what_is_named_without_a_pattern(path: str, way: list[str]) -> None:
    assert at(path).way == way


@pytest.mark.parametrize(
    ("path", "meant", "not_meant"),
    [
        ("/etc/passwd", ["/etc/passwd"], ["/etc/passwd-", "/etc", "/etc/passwd/x"]),
        ("/etc/cron.*/*", ["/etc/cron.d/x"], ["/etc/cron.d", "/etc/cron.d/x/y", "/etc/crontab"]),
        ("/etc/apt/**", ["/etc/apt/a", "/etc/apt/a/b/c"], ["/etc/apt", "/etc/apt2/x"]),
    ],
)
def test_what_a_path_names(path: str, meant: list[str], not_meant: list[str]) -> None:
    assert [each for each in (*meant, *not_meant) if at(path).names(each)] == meant


def test_what_is_meant_behind_a_link() -> None:
    def behind(path: str, link: str) -> list[str]:
        moved = [each.moved("/srv/x", "it is a link") for each in at(path).behind(link)]
        return [f"{each.path}{'/**' if each.tree else ''}" for each in moved]

    assert behind("/etc/passwd", "/etc/passwd") == ["/srv/x"]
    assert behind("/etc/passwd", "/etc") == ["/srv/x/passwd"]
    assert behind("/etc/passwd", "/etc/group") == []
    assert behind("/etc/cron.*/*", "/etc/cron.d") == ["/srv/x/*"]
    assert behind("/var/log/**", "/var") == ["/srv/x/log/**"]
    assert behind("/var/log/**", "/var/log") == ["/srv/x/**"]
    assert behind("/var/log/**", "/var/log/app") == ["/srv/x/**", "/srv/x"]


def test_limits_in_words() -> None:
    told = [
        str(place("/x", {**MODE, **more}).limit)
        for more in ({}, {"owner": "root"}, {"group": ["a", "b"]}, {"owner": "root", "group": ["a", "b"]})
    ]
    assert told == [
        "mode 640 or stricter",
        "mode 640 or stricter, of root",
        "mode 640 or stricter, group a or b",
        "mode 640 or stricter, root:a or root:b",
    ]


def test_a_list_may_let_others_do_what_everybody_may_and_what_is_said() -> None:
    assert place("/x", {"mode": {"at_most": "0755"}}).limit.listed == 5
    assert place("/x", {**MODE, "by_list": "rx"}).limit.listed == 5
    assert place("/x", MODE).limit.listed == 0
