from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import pytest

from opsharden.evidence.content import control_digest, finding_digest, sheet_digest
from opsharden.model import Control, Finding, Risk, Severity, Verdict


def test_a_findings_digest_can_be_recomputed_by_hand(finding: Callable[..., Finding]) -> None:
    text = '{"control":"ssh-no-root","expected":"né","observations":["ab"],"observed":"","reason":"","verdict":"fail"}'
    found = finding(verdict=Verdict.FAIL, expected="né", observations=("ab",))
    assert finding_digest(found) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"control": "other"},
        {"verdict": Verdict.ERROR},
        {"observed": "x"},
        {"expected": "x"},
        {"reason": "x"},
        {"observations": ("x",)},
    ],
)
def test_whatever_a_finding_says_changes_its_digest(change: dict[str, object], finding: Callable[..., Finding]) -> None:
    assert finding_digest(finding(**change)) != finding_digest(finding())


def test_host_and_time_do_not_change_a_findings_digest(finding: Callable[..., Finding]) -> None:
    assert finding_digest(finding("web2", seconds=9.0)) == finding_digest(finding("web1"))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"title": "x"},
        {"why": "x"},
        {"severity": Severity.LOW},
        {"role": "x"},
        {"level": 2},
        {"risk": Risk.LOCKOUT_OR_OUTAGE},
        {"references": {"nist-800-53r5": ("AC-7",)}},
    ],
)
def test_whatever_a_control_says_changes_its_digest(change: dict[str, object], control: Callable[..., Control]) -> None:
    assert control_digest(control(**change)) != control_digest(control())


def test_any_mapping_will_do_for_references(control: Callable[..., Control]) -> None:
    frozen = replace(control(), references=MappingProxyType(dict(control().references)))
    assert control_digest(frozen) == control_digest(control())


def test_order_and_peer_change_a_sheets_digest() -> None:
    digests = {
        sheet_digest(["a", "b"], [("c", ""), ("d", "")]),
        sheet_digest(["b", "a"], [("c", ""), ("d", "")]),
        sheet_digest(["a", "b"], [("d", ""), ("c", "")]),
        sheet_digest(["a", "b"], [("c", ""), ("d", "hub")]),
    }
    assert len(digests) == 4
