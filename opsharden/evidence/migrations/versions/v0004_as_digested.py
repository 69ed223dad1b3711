"""What is stored by its content is stored as the bytes that were digested."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 500
_FINDINGS = """
    SELECT finding.*, observation.digest AS observation
    FROM finding
    LEFT JOIN finding_observation ON finding_observation.finding_key = finding."key"
    LEFT JOIN observation ON observation."key" = finding_observation.observation_key
    ORDER BY finding."key", finding_observation.seq
"""


def upgrade() -> None:
    """Put the bytes together again as they were digested; what was altered before does not fit its digest after."""
    _made_anew("finding", _findings(), sa.Column("control", sa.Text), sa.Column("verdict", sa.String(20)))
    op.drop_table("finding_observation")
    op.create_index("ix_finding_control", "finding", ["control"])
    _made_anew("control", map(_control, _rows("SELECT * FROM control")), sa.Column("id", sa.Text))
    op.create_index("ix_control_id", "control", ["id"])
    _made_anew("observation", map(_observation, _rows("SELECT * FROM observation")))
    _made_anew("selection", map(_selection, _rows("SELECT * FROM selection")))
    op.add_column("sheet", sa.Column("format", sa.Integer, nullable=False, server_default="1"))


def _made_anew(name: str, rows: Iterator[dict[str, Any]], *beside: sa.Column[Any]) -> None:
    new = f"{name}_as_digested"
    for column in beside:
        column.nullable = False
    table = op.create_table(
        new,
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        *beside,
        sa.PrimaryKeyConstraint("key", name=f"pk_{name}"),
        sa.UniqueConstraint("digest", name=f"uq_{name}_digest"),
    )
    while batch := list(islice(rows, _BATCH)):
        op.bulk_insert(table, batch)
    op.drop_table(name)
    op.rename_table(new, name)


def _rows(query: str) -> Iterator[sa.RowMapping]:
    yield from op.get_bind().execute(sa.text(query)).mappings()


def _control(row: sa.RowMapping) -> dict[str, Any]:
    words = ("id", "title", "why", "severity", "role", "level", "risk")
    references = _loaded(row["references"])
    return _filed(row, {**{word: row[word] for word in words}, "references": references}) | {"id": row["id"]}


def _selection(row: sa.RowMapping) -> dict[str, Any]:
    return _filed(row, {"controls": _loaded(row["controls"])})


def _findings() -> Iterator[dict[str, Any]]:
    words = ("control", "verdict", "observed", "expected", "reason")
    for _, group in groupby(_rows(_FINDINGS), key=lambda row: row["key"]):
        row, *others = list(group)
        said: dict[str, Any] = {word: row[word] for word in words}
        said["observations"] = [each["observation"] for each in (row, *others) if each["observation"]]
        # Both were left out where there was nothing to say.
        said |= {"by_hand": row["by_hand"]} if row["by_hand"] else {}
        said |= {} if row["by_apply"] else {"by_apply": False}
        yield _filed(row, said) | {"control": row["control"], "verdict": row["verdict"]}


def _observation(row: sa.RowMapping) -> dict[str, Any]:
    how = b"%d" % bool(row["truncated"]) + (b" native" if row["native"] else b"")
    parts = (row["command"].encode(), b"%d" % row["rc"], row["stdout"], row["stderr"], how)
    return _row(row, _joined(parts))


def _joined(parts: Iterable[bytes]) -> bytes:
    return b"".join(b"%d:%s" % (len(part), part) for part in parts)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # it was altered: it does not fit its digest, and need not keep us from the rest


def _filed(row: sa.RowMapping, said: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _row(row, text.encode())


def _row(row: sa.RowMapping, content: bytes) -> dict[str, Any]:
    return {"key": row["key"], "digest": row["digest"], "content": content}
