from __future__ import annotations

import base64
import json
import random
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest

from opsharden.model import Finding, RunRecord, Verdict
from opsharden.report.json import SCHEMA, render
from tests.unit.report import sample


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    text = files("opsharden.report").joinpath("opsharden-run-1.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, object] = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(loaded)
    return loaded


@pytest.mark.parametrize("bare", [False, True])
def test_it_has_the_documented_shape(record: RunRecord, schema: dict[str, object], bare: bool) -> None:
    if bare:
        running = sample.run(ended_at=None, exit_code=None)
        record = replace(record, run=running, findings=(), changes=(), observations={})
    document = json.loads(render(record))
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    assert document["schema"] == SCHEMA


def test_the_schema_documents_every_field(record: RunRecord, schema: dict[str, object]) -> None:
    """Closed everywhere, the schema still accepts the report: no field is undocumented."""

    def close(node: object) -> None:
        if isinstance(node, dict):
            if "properties" in node and "allOf" not in node and node.get("title") is None:
                node.setdefault("additionalProperties", False)
            for value in node.values():
                close(value)

    closed = json.loads(json.dumps(schema))
    summary = closed["properties"]["summary"]
    summary["properties"] |= closed["$defs"]["tally"]["properties"]
    del summary["allOf"]
    close(closed)
    jsonschema.validate(json.loads(render(record)), closed, cls=jsonschema.Draft202012Validator)


def test_raw_output_comes_back_byte_for_byte(record: RunRecord) -> None:
    document = json.loads(render(record))
    encodings = set()
    for digest, seen in record.observations.items():
        for stream in ("stdout", "stderr"):
            written = document["observations"][digest][stream]
            encodings.add(written["encoding"])
            data = written["data"].encode() if written["encoding"] == "utf-8" else base64.b64decode(written["data"])
            assert data == getattr(seen, stream)
    assert encodings == {"utf-8", "base64"}


def test_the_same_run_gives_the_same_text(record: RunRecord) -> None:
    findings = list(record.findings)
    random.Random(1).shuffle(findings)
    turned = replace(record, findings=tuple(findings), observations=dict(reversed(list(record.observations.items()))))
    assert render(turned) == render(record)


def test_population_and_summary(record: RunRecord) -> None:
    document = json.loads(render(record))
    population = document["population"]
    assert population["targeted"] == population["tested"] + population["unreachable"] + population["excluded"] == 6
    assert document["summary"]["verdicts"] == dict(sample.by_verdict(record.findings))
    assert len(document["findings"]) == document["summary"]["total"] == 225


def test_half_a_character_from_a_host_breaks_nothing(record: RunRecord) -> None:
    odd = replace(record, findings=(Finding("a", "ssh-grace", Verdict.FAIL, observed="\ud83d"),), observations={})
    document = json.loads(render(odd).encode())
    assert next(f for f in document["findings"] if f["host"] == "a")["observed"] == "\ud83d"
