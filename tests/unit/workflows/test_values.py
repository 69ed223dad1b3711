from __future__ import annotations

import json

import pytest

from opsharden.errors import NotRecorded
from opsharden.workflows.values import Noted, Watched


def test_what_was_read_can_be_read_again_and_the_rest_is_not_guessed() -> None:
    values = Watched({"port": 22, "names": ["a", "b"], "unread": 1})
    assert (values["port"], values["names"]) == (22, ["a", "b"])
    noted = Noted([values.note("web1")])
    assert dict(noted) == {"port": 22, "names": ["a", "b"]}
    with pytest.raises(NotRecorded, match="unread"):
        noted["unread"]


def test_equal_hosts_leave_equal_notes() -> None:
    one, two = Watched({"a": 1, "b": 2}), Watched({"b": 2, "a": 1})
    assert (one["a"], one["b"], two["b"], two["a"]) == (1, 2, 2, 1)
    assert one.note("web1").digest == two.note("web2").digest


def test_a_value_that_json_has_no_word_for_is_noted_as_text() -> None:
    values = Watched({"when": {1, 2}})
    assert values["when"] == {1, 2}
    assert json.loads(values.note("web1").stdout) == {"when": "{1, 2}"}


def test_a_run_without_a_note_knows_no_value() -> None:
    with pytest.raises(NotRecorded):
        Noted([])["a"]
