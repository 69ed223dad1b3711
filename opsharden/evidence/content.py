"""Digests of what is stored by content. An auditor recomputes them: SHA-256 over the JSON below, in hex.

The JSON is canonical: keys sorted, no spaces, UTF-8, nothing escaped that need not be.
An observation's digest is the model's own: `opsharden.model.Observation.digest`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from opsharden.model import Control, Finding


def control_content(control: Control) -> dict[str, object]:
    """All a control says of itself, in plain values."""
    return {
        "id": control.id,
        "title": control.title,
        "why": control.why,
        "severity": control.severity,
        "role": control.role,
        "level": control.level,
        "risk": control.risk,
        "references": {name: list(numbers) for name, numbers in control.references.items()},
    }


def control_digest(control: Control) -> str:
    """Over all a control says of itself."""
    return _digest(control_content(control))


def finding_content(finding: Finding) -> dict[str, object]:
    """What a finding says; not of which host, so that equal findings of equal hosts are one.

    What is left to the administrator is part of it only where there is something: so findings that were filed before
    it could be said keep their digests.
    """
    said: dict[str, object] = {"by_hand": finding.by_hand} if finding.by_hand else {}
    if not finding.by_apply:
        said["by_apply"] = False
    return {
        **said,
        "control": finding.control,
        "verdict": finding.verdict,
        "observed": finding.observed,
        "expected": finding.expected,
        "reason": finding.reason,
    }


def finding_digest(finding: Finding) -> str:
    """Over what a finding says and the observations it stands on."""
    return _digest({**finding_content(finding), "observations": list(finding.observations)})


def sheet_digest(findings: Sequence[str], observations: Sequence[tuple[str, str]]) -> str:
    """Over all one host came to.

    Args:
        findings: Their digests, in the order they were made.
        observations: Digest and peer (empty: the host itself) of each, in the order they were taken.
    """
    return _digest({"findings": list(findings), "observations": [list(pair) for pair in observations]})


def selection_digest(controls: Sequence[str]) -> str:
    """Over the ids of the controls that were to be looked at on a host, in their order."""
    return _digest({"controls": list(controls)})


def _digest(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode()).hexdigest()
