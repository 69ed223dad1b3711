from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from opsharden.model import HostStatus, Member, RunRecord, RunState, Verdict
from opsharden.report.html import SHOWN_BYTES, heat, render, segments
from opsharden.report.score import Tally, summarise
from tests.unit.report import sample


class Page(HTMLParser):
    """What a browser without scripts would find in the page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.code: dict[str, str] = {}
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.lasttag in ("script", "style") and self.lasttag not in self.code:
            self.code[self.lasttag] = data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@pytest.fixture(scope="module")
def page(record: RunRecord) -> Page:
    return Page(render(record))


def test_all_content_is_there_without_scripts(record: RunRecord, page: Page) -> None:
    for control in record.controls.values():
        assert control.title in page.text
        assert control.why in page.text
    for member in record.members:
        assert member.host in page.text
        assert member.reason in page.text
    for digest in record.observations:
        assert digest in page.text
    for fact in (record.run.id, record.run.command, record.run.inventory_digest, record.run.content_digest):
        assert fact in page.text
    assert "77 %" in page.text
    assert "78.6 %" in page.text


def test_what_a_host_says_is_text(page: Page) -> None:
    assert page.count("script") == 1
    assert page.count("img") == 0
    assert "<script>window.pwned=1</script></script><img src=x" in page.text
    assert "{{ 7*7 }}" in page.text
    assert not set("".join(page.words)) & set("\x00\x07\x1b\u202e\u2066\u200b\x9b")


def test_nothing_is_loaded_and_nothing_else_runs(page: Page) -> None:
    (policy,) = [
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        digest = b64encode(sha256(page.code[tag].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "action")], tag
        assert (attributes.get("href") or "#").startswith(("#", "data:,")), tag
    assert "http" not in page.code["script"]
    assert "url(" not in page.code["style"]
    assert "@import" not in page.code["style"]


def test_every_link_leads_somewhere(page: Page) -> None:
    places = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(places) == len(set(places))
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert links <= {f"#{place}" for place in places}


def test_equal_answers_are_stored_once() -> None:
    fleet = sample.fleet(hosts=30, number=20)
    page = Page(render(fleet))
    assert len(fleet.findings) == 600
    assert len([1 for _, attributes in page.tags if attributes.get("class") == "observation"]) == 40


def test_without_observations_the_page_says_where_they_are(record: RunRecord) -> None:
    text = Page(render(replace(record, observations={}))).text
    assert "This file was made without observations." in text
    assert "in the evidence, not in this file" in text


def test_long_output_is_cut_and_that_is_said(record: RunRecord) -> None:
    finding = next(f for f in record.findings if f.verdict is Verdict.FAIL and f.observations)
    (digest, *_) = finding.observations
    long = replace(record.observations[digest], stdout=b"x" * SHOWN_BYTES + b"END")
    source = render(replace(record, observations={**record.observations, digest: long}))
    assert "END" not in source
    assert "Only the beginning is shown here" in source


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.INTERRUPTED, RunState.FAILED])
def test_a_run_that_is_not_complete_says_so(record: RunRecord, state: RunState) -> None:
    assert f"This run is {state}, not complete." in Page(render(replace(record, run=sample.run(state=state)))).text


def test_nothing_looked_at_is_no_success() -> None:
    lost = (Member("a", HostStatus.UNREACHABLE, "no route"),)
    heading = re.search("<h1>(.*)</h1>", render(RunRecord(sample.run(), lost, (), (), {})))
    assert heading
    assert heading[1] == "Nothing was judged. 1 host could not be reached."


def test_the_headline_of_a_clean_run(record: RunRecord) -> None:
    passing = tuple(finding for finding in record.findings if finding.verdict is Verdict.PASS)
    members = tuple(member for member in record.members if member.status is HostStatus.TESTED)
    source = render(replace(record, findings=passing, members=members))
    assert "<h1>Nothing that was looked at fails on 4 tested hosts.</h1>" in source


@pytest.mark.parametrize(
    ("counts", "colour"),
    [
        ({}, "none"),
        ({Verdict.PASS: 3, Verdict.NOT_APPLICABLE: 1}, "good"),
        ({Verdict.PASS: 3, Verdict.ERROR: 1}, "partly"),
        ({Verdict.UNREACHABLE: 3}, "blind"),
        ({Verdict.PASS: 9, Verdict.FAIL: 1}, "bad1"),
        ({Verdict.FAIL: 1, Verdict.PASS: 1}, "bad3"),
        ({Verdict.FAIL: 4, Verdict.ERROR: 1}, "bad4"),
    ],
)
def test_heat(counts: dict[Verdict, int], colour: str) -> None:
    assert heat(Tally(counts)) == colour


def test_a_bar_is_as_long_as_all_of_it(record: RunRecord) -> None:
    bar = segments(summarise(record).whole)
    assert sum(length for _, _, length in bar) == pytest.approx(100, abs=0.01)
    assert segments(Tally({})) == []
