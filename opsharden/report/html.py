"""HTML: one file that opens anywhere, offline, for the auditor and the admin alike.

The page is `page/page.html.j2` with `page.css` and `page.js` put inside. All content is plain HTML; the script only
hides, shows and jumps. A content security policy in the page lets run nothing but that script and loads nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from opsharden.findings import hosts_of
from opsharden.model import ChangeStatus, HostStatus, Observation, Risk, RunRecord, RunState, Severity, Verdict
from opsharden.report import text
from opsharden.report.format import one_file
from opsharden.report.grouping import URGENCY, ControlGroup, blind_spots, by_control, by_task, excluded, unseen_again
from opsharden.report.score import Summary, Tally, matrix, summarise
from opsharden.visible import visible, visible_bytes

SHOWN_BYTES = 65536
"""How much of one stdout or stderr a page shows. The rest is in the evidence, under the digest the page names."""

_WORDS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.ERROR: "error",
    Verdict.UNREACHABLE: "unreachable",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation as the page shows it."""

    digest: str
    observation: Observation
    stdout: str
    stderr: str
    cut: bool

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return anchor(self.digest)


def render(record: RunRecord) -> str:
    """The whole page; see `pieces`."""
    return "".join(pieces(record))


def pieces(record: RunRecord) -> Iterator[str]:
    """The run as one HTML page; its observations are in it where the record was loaded with them."""
    summary = summarise(record)
    groups = by_control(record.findings, record.controls)
    style, script = _asset("page.css"), _asset("page.js")
    return _page().generate(
        run=record.run,
        headline=headline(groups, summary),
        complete=record.run.state is RunState.COMPLETE,
        summary=summary,
        excluded=excluded(record.members),
        groups=groups,
        judged=_judged(groups),
        matrix=matrix(record),
        seen_hosts=hosts_of(record.findings),
        blind=blind_spots(record),
        touched=unseen_again(record),
        changes=by_task(record.changes),
        changed=sum(change.status is ChangeStatus.CHANGED for change in record.changes),
        seen=_seen(record),
        observations=record.observations,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=_policy(style, script),
    )


def anchor(digest: str) -> str:
    """Where in the page the observation with this digest is."""
    return f"o-{digest[:20]}"


def headline(groups: Sequence[ControlGroup], summary: Summary) -> str:
    """What came out, in one or two sentences."""
    failing = [group for group in groups if group.verdict is Verdict.FAIL]
    tested, unreached = summary.population[HostStatus.TESTED], summary.population[HostStatus.UNREACHABLE]
    sentences = []
    if failing:
        hosts = sum(tally.failed > 0 for tally in summary.hosts.values())
        verb = "fails" if len(failing) == 1 else "fail"
        sentences.append(f"{text.counted(len(failing), 'control')} {verb} on {text.counted(hosts, 'host')}.")
    elif summary.whole.passed:
        sentences.append(f"Nothing that was looked at fails on {text.counted(tested, 'tested host')}.")
    else:
        sentences.append("Nothing was judged.")
    if unreached:
        sentences.append(f"{text.counted(unreached, 'host')} could not be reached.")
    if errors := summary.whole.of(Verdict.ERROR):
        sentences.append(f"{text.counted(errors, 'check')} could not look.")
    return " ".join(sentences)


def heat(tally: Tally) -> str:
    """The class that colours a cell of the matrix: how large a part of what was judged fails."""
    if not tally.total:
        return "none"
    if not tally.looked:
        return "blind"
    if not tally.failed:
        return "partly" if tally.blind else "good"
    share = tally.failed / (tally.passed + tally.failed)
    return f"bad{min(4, 1 + int(share * 4))}"


def segments(tally: Tally) -> list[tuple[Verdict, float, float]]:
    """A bar of verdicts: each with where it starts and how long it is, in percent."""
    bar, start = [], 0.0
    for verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.FAIL, Verdict.ERROR, Verdict.UNREACHABLE):
        if number := tally.of(verdict):
            length = 100 * number / tally.total
            bar.append((verdict, round(start, 3), round(length, 3)))
            start += length
    return bar


def _judged(groups: Iterable[ControlGroup]) -> dict[Verdict, int]:
    """How many findings came to each verdict that occurs."""
    numbers = {verdict: sum(group.hosts(verdict) for group in groups) for verdict in URGENCY}
    return {verdict: number for verdict, number in numbers.items() if number}


def _seen(record: RunRecord) -> list[Seen]:
    """Each observation some finding stands on, once, in the order of host and time."""
    if not record.observations:
        return []
    used = {digest for finding in record.findings for digest in finding.observations}
    kept = [(digest, seen) for digest, seen in record.observations.items() if digest in used]
    kept.sort(key=lambda item: (item[1].host, item[1].taken_at, item[0]))
    return [
        Seen(
            digest,
            seen,
            stdout=visible_bytes(seen.stdout[:SHOWN_BYTES]),
            stderr=visible_bytes(seen.stderr[:SHOWN_BYTES]),
            cut=max(len(seen.stdout), len(seen.stderr)) > SHOWN_BYTES,
        )
        for digest, seen in kept
    ]


def _policy(style: str, script: str) -> str:
    """Nothing is loaded and nothing runs but our own style and script, told by their digests (CSP level 2)."""
    return (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(inline: str) -> str:
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    return files("opsharden.report").joinpath("page", name).read_text(encoding="utf-8")


@cache
def _page() -> Template:
    page = Environment(
        loader=PackageLoader("opsharden.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Last word on whatever is printed: text from hosts shows its control characters instead of acting.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    page.globals.update(
        Severity=Severity, Verdict=Verdict, Risk=Risk, HostStatus=HostStatus, Tally=Tally, URGENCY=URGENCY, words=_WORDS
    )
    page.filters.update(
        anchor=anchor,
        counted=text.counted,
        percent=text.percent,
        duration=text.duration,
        moment=text.moment,
        heat=heat,
        segments=segments,
    )
    return page.get_template("page.html.j2")


FORMAT = one_file("html", pieces, observations=True)
