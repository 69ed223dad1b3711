from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

import pytest
from pydantic import TypeAdapter

from opsharden.errors import EvidenceError
from opsharden.evidence import content
from opsharden.evidence.content import (
    control_content,
    digest,
    finding_content,
    read_control,
    read_finding,
    read_observation,
    read_selection,
    selection_content,
    sheet_content,
)
from opsharden.model import Control, Finding, Observation, Risk, Severity, Verdict
from opsharden.model.parts import joined


def test_a_findings_bytes_are_json_that_can_be_written_by_hand(finding: Callable[..., Finding]) -> None:
    text = (
        '{"by_apply":true,"by_hand":"","control":"ssh-no-root","expected":"né","format":"finding/2",'
        '"observations":["ab"],"observed":"","reason":"","verdict":"fail"}'
    )
    found = finding(verdict=Verdict.FAIL, expected="né", observations=("ab",))
    assert finding_content(found).decode() == text
    assert digest(finding_content(found)) == hashlib.sha256(text.encode()).hexdigest()


OTHER_FINDINGS: dict[str, object] = {
    "control": "other",
    "verdict": Verdict.ERROR,
    "observed": "x",
    "expected": "x",
    "reason": "x",
    "observations": ("x",),
    "by_hand": "x",
    "by_apply": False,
}


@pytest.mark.parametrize("name", sorted({each.name for each in fields(Finding)} - {"host", "seconds"}))
def test_whatever_a_finding_says_is_filed_and_comes_back(name: str, finding: Callable[..., Finding]) -> None:
    other = finding("", **{name: OTHER_FINDINGS[name]})
    assert finding_content(other) != finding_content(finding())
    assert read_finding(finding_content(other)) == other


def test_host_and_time_are_not_filed_with_a_finding(finding: Callable[..., Finding]) -> None:
    assert finding_content(finding("web2", seconds=9.0)) == finding_content(finding("web1"))


OTHER_CONTROLS: dict[str, object] = {
    "id": "other",
    "title": "x",
    "why": "x",
    "severity": Severity.LOW,
    "role": "x",
    "level": 2,
    "risk": Risk.LOCKOUT_OR_OUTAGE,
    "references": {"nist-800-53r5": ("AC-7",)},
    "kind": "sysctl",
    "want": {"net.ipv4.tcp_rfc1337": {"one_of": [1, 2]}},
}


@pytest.mark.parametrize("name", [each.name for each in fields(Control)])
def test_whatever_a_control_says_is_filed_and_comes_back(name: str, control: Callable[..., Control]) -> None:
    other = control(**{name: OTHER_CONTROLS[name]})
    assert control_content(other) != control_content(control())
    assert read_control(control_content(other)) == other


def test_any_mapping_will_do_for_references(control: Callable[..., Control]) -> None:
    frozen = replace(control(), references=MappingProxyType(dict(control().references)))
    assert control_content(frozen) == control_content(control())


@dataclass(frozen=True, slots=True)
class Later(Control):
    """A control of a later day, which says more."""

    owner: str = ""


def test_what_was_filed_before_a_field_was_added_is_read_without_it(
    control: Callable[..., Control], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = control_content(control())
    monkeypatch.setattr(content, "_CONTROL", TypeAdapter(Later))
    later = Later(**{each.name: getattr(control(), each.name) for each in fields(Control)}, owner="ops")
    assert read_control(before) == replace(later, owner="")
    assert read_control(control_content(later)) == later


def test_what_a_later_one_says_more_is_passed_over(control: Callable[..., Control]) -> None:
    more = control_content(control()).replace(b'"id"', b'"hue":"red","id"')
    assert read_control(more) == control()


def test_the_first_findings_left_out_what_there_was_nothing_to_say_of(finding: Callable[..., Finding]) -> None:
    text = b'{"control":"c","expected":"","observations":["ab"],"observed":"","reason":"x","verdict":"fail"}'
    first = finding("", "c", verdict=Verdict.FAIL, reason="x", observations=("ab",))
    assert read_finding(text) == first


def test_answers_come_back_as_they_were_and_keep_the_digest_they_had(observation: Callable[..., Observation]) -> None:
    seen = observation(stdout=b"\0\xff5:", stderr=b"no\n", rc=-9, truncated=True, native=True)
    same = replace(seen, **read_observation(seen.content))
    assert (same, same.digest) == (seen, seen.digest)

    parts = (b"sshd -T", b"-9", b"\0\xff5:", b"no\n", b"1 native")
    first = replace(seen, **read_observation(joined(parts)))
    assert first == replace(seen, filed_as=digest(joined(parts)))
    assert first.digest == digest(joined(parts)) != seen.digest


def test_a_selection_comes_back_in_its_order() -> None:
    assert read_selection(selection_content(["b", "a"])) == ("b", "a")
    assert read_selection(b'{"controls":["b"]}') == ("b",)


def test_order_peer_and_format_change_a_sheets_digest() -> None:
    contents = {
        sheet_content(["a", "b"], [("c", ""), ("d", "")]),
        sheet_content(["b", "a"], [("c", ""), ("d", "")]),
        sheet_content(["a", "b"], [("d", ""), ("c", "")]),
        sheet_content(["a", "b"], [("c", ""), ("d", "hub")]),
        sheet_content(["a", "b"], [("c", ""), ("d", "")], 1),
    }
    assert len(contents) == 5


@pytest.mark.parametrize(
    "read",
    [
        lambda: read_control(b'{"format":"control/9"}'),
        lambda: read_finding(b'{"format":"finding/9"}'),
        lambda: read_observation(joined([b"observation/9"])),
        lambda: sheet_content([], [], 9),
    ],
)
def test_a_format_of_a_later_day_is_named(read: Callable[[], object]) -> None:
    with pytest.raises(EvidenceError, match=r"/9, which this opsharden does not know") as caught:
        read()
    assert "newer opsharden" in caught.value.advice


@pytest.mark.parametrize(
    "read",
    [
        lambda: read_control(b"\xff"),
        lambda: read_control(b"[]"),
        lambda: read_control(b'{"format":"finding/2"}'),
        lambda: read_control(b'{"id":"only"}'),
        lambda: read_finding(b'{"control":"c","verdict":"splendid"}'),
        lambda: read_selection(b'{"control":["a"]}'),
        lambda: read_observation(b"no parts"),
        lambda: read_observation(joined([b"observation/2", b"too few"])),
    ],
)
def test_what_nobody_filed_is_not_read(read: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        read()
