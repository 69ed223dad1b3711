"""Every check, judged from what hosts answered in the cases of its role: no host is needed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from opsharden.catalogue import load_catalogue, roles_path
from opsharden.catalogue.schema import CaseEntry
from opsharden.model import Verdict
from opsharden.workflows.values import is_note
from tests.field.cases import Recording, all_cases, recordings, words
from tests.unit.judging import judged

RECORDINGS = list(recordings())
HOLDING = [each for each in RECORDINGS if each.verdict == "pass"]


def name(recording: Recording) -> str:
    return f"{recording.name} {recording.when}"


@pytest.mark.parametrize("recording", RECORDINGS, ids=name)
def test_what_hosts_answered_comes_to_the_verdict_it_came_to_there(recording: Recording) -> None:
    finding = judged(recording.control, recording.observations)
    assert finding.verdict == recording.verdict, words(finding)
    assert [text for text in recording.says if text not in words(finding)] == []


@pytest.mark.parametrize("recording", HOLDING, ids=name)
def test_a_check_that_could_not_look_never_says_pass(recording: Recording) -> None:
    """Each answer in turn is one that never came: the program is not there, or may not be run."""
    for place, seen in enumerate(recording.observations):
        if is_note(seen):
            continue
        failed = replace(seen, rc=126, stdout=b"", stderr=b"sh: cannot execute: Permission denied")
        answers = [*recording.observations[:place], failed, *recording.observations[place + 1 :]]
        finding = judged(recording.control, answers)
        assert finding.verdict in (Verdict.ERROR, Verdict.FAIL), f"{seen.command}: {finding.verdict}"


def test_every_case_is_recorded_before_and_after() -> None:
    wanted = {(case.name, when) for case in all_cases() for when in ("before", "after")}
    have = {(each.name, each.when) for each in RECORDINGS}
    assert wanted == have, "`make record` writes what is missing and forgets what is gone"


def test_recordings_say_what_the_cases_say() -> None:
    cases = {case.name: case.entry for case in all_cases()}
    wrong = [
        name(each)
        for each in RECORDINGS
        if each.verdict != (cases[each.name].verdict if each.when == "before" else cases[each.name].afterwards)
    ]
    assert wrong == []


ROLES_TO_COME = set[str]()


def test_every_control_is_recorded_holding_and_failing() -> None:
    controls = load_catalogue().controls.values()
    verdicts = {control.id: {"pass", "fail"} for control in controls if control.role not in ROLES_TO_COME}
    for each in RECORDINGS:
        verdicts.get(each.control, set()).discard(each.verdict)
    assert {control: missing for control, missing in verdicts.items() if missing} == {}


def _is_odd(entry: CaseEntry) -> bool:
    """Whether somebody did something to the host, or wants something else of it."""
    return bool(entry.given or entry.at_hub or entry.values)


def test_every_control_has_a_case_that_holds_one_that_fails_and_an_odd_one_on_each_release() -> None:
    """That is three cases at least. `releases` in a case may limit it; the control still needs as many on the other."""
    cases, missing = all_cases(), dict[str, list[str]]()
    for control in load_catalogue().controls:
        for release in (12, 13):
            entries = [case.entry for case in cases if (case.control, case.release) == (control, release)]
            verdicts = {entry.verdict for entry in entries}
            short = [verdict for verdict in ("pass", "fail") if verdict not in verdicts]
            short += [] if any(map(_is_odd, entries)) else ["an odd one"]
            short += [] if len(entries) > 2 else ["three"]
            if short:
                missing.setdefault(control, []).append(f"{', '.join(short)} (Debian {release})")
    assert missing == {}


def test_a_case_that_is_for_one_release_says_why() -> None:
    unsaid = [
        f"{path}:{number}"
        for path in sorted(roles_path().glob("*/cases.yml"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.match(r"\s*releases:[^#]*$", line)
    ]
    assert unsaid == []
