from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from opsharden.model import Observation, Verdict, utcnow


def observation(**changed: object) -> Observation:
    base = Observation("web1", "id -u", 0, b"0\n", b"", utcnow(), 0.01)
    return replace(base, **changed)  # type: ignore[arg-type]  # a test's shorthand


def test_equal_answers_have_one_digest_whatever_the_host_and_the_time() -> None:
    later = observation(host="web2", taken_at=utcnow() + timedelta(hours=1), seconds=2.0)
    assert observation().digest == later.digest


def test_every_part_of_the_answer_counts_in_the_digest() -> None:
    others = [
        observation(command="id -u root"),
        observation(rc=1),
        observation(stdout=b"0"),
        observation(stdout=b"", stderr=b"0\n"),
        observation(truncated=True),
    ]
    assert len({observation().digest, *(other.digest for other in others)}) == len(others) + 1


def test_parts_cannot_be_moved_into_each_other() -> None:
    assert observation(stdout=b"ab", stderr=b"c").digest != observation(stdout=b"a", stderr=b"bc").digest


def test_error_and_unreachable_are_no_knowledge_of_the_host() -> None:
    assert [verdict for verdict in Verdict if not verdict.looked] == [Verdict.ERROR, Verdict.UNREACHABLE]
