"""What is filed by its content: as bytes that name their format, under the SHA-256 of these very bytes, in hex.

It is held to its digest as it is stored, and read by the rules of the format it names; so what was filed stays what it
was, whatever becomes of our classes. Controls, findings and selections are JSON: keys sorted, no spaces, UTF-8, nothing
escaped that need not be. An answer may be any bytes, so an observation is its parts, each with its length before it.

A field that is added needs no new format: its default, which has to mean that nothing was said, holds for what was
filed without it. One that goes, or means something else, needs a new number here and what older bytes mean by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

from opsharden.errors import EvidenceError
from opsharden.model import Control, Finding
from opsharden.model.parts import apart
from opsharden.model.plain import plain

_CONTROL, _FINDING, _SELECTION = TypeAdapter(Control), TypeAdapter(Finding), TypeAdapter(tuple[str, ...])

_OF_FINDINGS = tuple(each.name for each in fields(Finding) if each.name not in ("host", "seconds"))
"""What is filed of a finding: not whose it is, nor how long it took, so that equal findings of equal hosts are one."""

_UNSAID: dict[str, dict[str, object]] = {
    "control/1": {},
    "control/2": {},
    "finding/1": {"by_hand": "", "by_apply": True},  # left out where there was nothing to say
    "finding/2": {},
    "selection/1": {},
    "selection/2": {},
}
"""Every format there was, to what its bytes do not say. The first ones do not name themselves."""

SHEET = 2
"""The format of sheets that are filed now."""


def digest(content: bytes) -> str:
    """Of what is stored."""
    return sha256(content).hexdigest()


def control_content(control: Control) -> bytes:
    """All a control says of itself."""
    return _canonical("control/2", plain(control))


def finding_content(finding: Finding) -> bytes:
    """What a finding says and the observations it stands on; not of which host."""
    return _canonical("finding/2", {name: getattr(finding, name) for name in _OF_FINDINGS})


def selection_content(controls: Sequence[str]) -> bytes:
    """The ids of the controls that were to be looked at on a host, in their order."""
    return _canonical("selection/2", {"controls": controls})


def sheet_content(findings: Sequence[str], observations: Sequence[tuple[str, str]], number: int = SHEET) -> bytes:
    """All one host came to.

    This one is not stored but put together from the digests that are: as rows, these take a fifth of the room.

    Args:
        findings: Their digests, in the order they were made.
        observations: Digest and peer (empty: the host itself) of each, in the order they were taken.
        number: Of the format.
    """
    if number not in (1, 2):
        raise _unknown(f"sheet/{number}")
    said = {"findings": findings, "observations": observations}
    return _canonical("" if number == 1 else f"sheet/{number}", said)


def read_control(content: bytes) -> Control:
    """A control as it was filed.

    Raises:
        ValueError: This is none.
        EvidenceError: It is in a format that was not known yet when this was written.
    """
    return _CONTROL.validate_python(_said("control", content))


def read_finding(content: bytes) -> Finding:
    """A finding as it was filed, without host and time; raises as `read_control` does."""
    return _FINDING.validate_python({**_said("finding", content), "host": ""})


def read_selection(content: bytes) -> tuple[str, ...]:
    """The ids of controls; raises as `read_control` does."""
    return _SELECTION.validate_python(_said("selection", content).get("controls"))


def read_observation(content: bytes) -> dict[str, Any]:
    """What an `Observation` says beside host and time, as its arguments; raises as `read_control` does."""
    parts = apart(content)
    if len(parts) == 5:  # the first format does not name itself
        parts.insert(0, b"observation/1")
    kind, *said = parts
    if kind not in (b"observation/1", b"observation/2"):
        raise _unknown(kind.decode("utf-8", "replace"))
    command, rc, stdout, stderr, how = said
    truncated, _, native = how.partition(b" ")
    return {
        "command": command.decode(),
        "rc": int(rc),
        "stdout": stdout,
        "stderr": stderr,
        "truncated": truncated == b"1",
        "native": native == b"native",
        "filed_as": digest(content),
    }


def _canonical(format: str, said: Mapping[str, object]) -> bytes:
    whole = {"format": format, **said} if format else said
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _said(kind: str, content: bytes) -> dict[str, Any]:
    said = json.loads(content)
    if not isinstance(said, dict):
        raise ValueError(f"no {kind}")  # noqa: TRY004 - it is the bytes that are wrong, not the caller
    format = str(said.pop("format", f"{kind}/1"))
    if format not in _UNSAID:
        raise _unknown(format)
    if not format.startswith(f"{kind}/"):
        raise ValueError(f"{format}, and no {kind}")
    return {**_UNSAID[format], **said}


def _unknown(format: str) -> EvidenceError:
    return EvidenceError(
        f"The evidence has something in the format {format}, which this opsharden does not know.",
        "It was left as it is. Use the newer opsharden that filed it.",
    )
