from __future__ import annotations

import pytest

from opsharden.report.lines import Line, apply_command, paired, sentences


def test_things_are_brought_together_with_what_they_should_be() -> None:
    observed = "PermitRootLogin: yes (/etc/ssh/sshd_config:12)\nMatch User bob: MaxAuthTries: 9 (/etc/ssh/a.conf:3)"
    expected = "PermitRootLogin: no\nMatch User bob: MaxAuthTries: at most 4"
    assert paired(observed, expected) == (
        Line("PermitRootLogin", "yes", "no", "/etc/ssh/sshd_config:12"),
        Line("Match User bob: MaxAuthTries", "9", "at most 4", "/etc/ssh/a.conf:3"),
    )


def test_one_wish_serves_all_that_it_is_said_of_once() -> None:
    """What should be is told once where it is the same for several findings of one thing."""
    observed = "umask: 022 (/etc/profile:1)\numask: 002 (/etc/bash.bashrc:9)"
    assert [(line.found, line.wanted) for line in paired(observed, "umask: 027")] == [("022", "027"), ("002", "027")]


def test_a_value_of_several_lines_stays_one_thing() -> None:
    (line,) = paired("/etc/motd: first\nsecond: half", "/etc/motd: nothing")
    assert (line.what, line.found, line.wanted) == ("/etc/motd", "first\nsecond: half", "nothing")


@pytest.mark.parametrize(("observed", "expected"), [("yes", "no"), ("", "no"), ("a: b", "c: d"), ("{'a: b'}", "{}")])
def test_two_plain_values_are_one_line_without_a_thing(observed: str, expected: str) -> None:
    assert paired(observed, expected) == (Line("", observed, expected),)


def test_nothing_compared_is_nothing_told() -> None:
    assert paired("", "") == ()


def test_a_line_reads_as_a_sentence_and_an_empty_value_as_such() -> None:
    assert Line("umask", "022", "027", "/etc/profile:1").sentence == "umask: 022, should be 027 (/etc/profile:1)"
    assert Line("", "", "no").sentence == "empty, should be no"


@pytest.mark.parametrize(
    ("hosts", "command"),
    [
        ([], ""),
        (["a"], "opsharden apply --control x -l a"),
        (["a b", "c"], "opsharden apply --control x -l 'a b,c'"),
        (["a", "b", "c", "d"], "opsharden apply --control x"),
    ],
)
def test_the_command_is_for_these_hosts_and_none_where_there_are_none(hosts: list[str], command: str) -> None:
    assert apply_command("x", hosts) == command


def test_where_apply_does_nothing_it_is_said_even_without_a_reason() -> None:
    assert sentences("", True) == ()
    assert sentences("one\ntwo", True) == ("one", "two")
    assert sentences("", False) == ("Apply does not change this.",)
