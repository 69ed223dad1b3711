from __future__ import annotations

from typing import Any

import pytest

from opsharden.model import ChangeStatus
from opsharden.play.events import HostCounts, HostResult, Notice, Stats, TaskStarted
from opsharden.play.translate import HIDDEN, TOO_LARGE, translate


def result(kind: str, res: Any = None, **data: Any) -> HostResult:
    event = translate({"event": kind, "event_data": {"host": "web1", "role": "ssh", "task": "Set", "res": res, **data}})
    assert isinstance(event, HostResult)
    assert (event.host, event.role, event.task) == ("web1", "ssh", "Set")
    return event


@pytest.mark.parametrize(
    ("kind", "res", "status"),
    [
        ("runner_on_ok", {"changed": False}, ChangeStatus.OK),
        ("runner_on_ok", {"changed": True}, ChangeStatus.CHANGED),
        ("runner_on_failed", {"msg": "no"}, ChangeStatus.FAILED),
        ("runner_on_unreachable", {"msg": "no route"}, ChangeStatus.UNREACHABLE),
        ("runner_on_skipped", None, ChangeStatus.SKIPPED),
    ],
)
def test_each_result_has_its_status(kind: str, res: Any, status: ChangeStatus) -> None:
    assert result(kind, res).status is status


def test_a_failure_says_why() -> None:
    failed = result("runner_on_failed", {"msg": "non-zero return code", "stderr": "no such user\n", "changed": True})
    assert failed.message == "non-zero return code; no such user"
    assert failed.changed


def test_a_loop_says_which_items_failed() -> None:
    items = [{"item": "a", "msg": "fine"}, {"item": "b", "msg": "broken", "failed": True}]
    assert result("runner_on_failed", {"msg": "One or more items failed", "results": items}).message == "b: broken"


def test_hidden_items_stay_hidden() -> None:
    items = [{"censored": "the output has been hidden", "failed": True, "_ansible_item_label": "x"}]
    assert result("runner_on_failed", {"results": items}).message == f"x: {HIDDEN}"


def test_ignored_failures_are_marked() -> None:
    assert result("runner_on_failed", {"msg": "no"}, ignore_errors=True).ignored


@pytest.mark.parametrize(("res", "says"), [({}, TOO_LARGE), ({"censored": "hidden"}, HIDDEN)])
def test_what_cannot_be_seen_is_not_called_ok(res: Any, says: str) -> None:
    unseen = result("runner_on_ok", res)
    assert (unseen.status, unseen.unknown, unseen.message) == (ChangeStatus.CHANGED, True, says)


def test_a_hidden_result_that_tells_its_change_is_known() -> None:
    assert result("runner_on_ok", {"censored": "hidden", "changed": False}).status is ChangeStatus.OK


def test_a_failure_too_large_is_still_a_failure() -> None:
    failed = result("runner_on_failed", {})
    assert (failed.status, failed.message, failed.unknown) == (ChangeStatus.FAILED, TOO_LARGE, False)


def test_task_start_and_stats() -> None:
    start = {"event": "playbook_on_task_start", "event_data": {"role": "ssh", "task": "Set"}}
    assert translate(start) == TaskStarted("ssh", "Set")
    stats = {"processed": {"a": 1, "b": 1}, "ok": {"a": 3}, "changed": {"a": 1}, "dark": {"b": 1}, "ignored": 0}
    assert translate({"event": "playbook_on_stats", "event_data": stats}) == Stats(
        {"a": HostCounts(ok=3, changed=1), "b": HostCounts(unreachable=1)}
    )


def test_output_is_a_notice_and_the_rest_is_nothing() -> None:
    assert translate({"event": "error", "stdout": "[ERROR]: no\r\nOrigin: x\r\n"}) == Notice(
        "error", "[ERROR]: no\nOrigin: x"
    )
    assert translate({"event": "verbose", "stdout": ""}) is None
    assert translate({"event": "runner_item_on_ok", "event_data": {"host": "a"}}) is None
    assert translate({"event": "EOF"}) is None


def test_tasks_that_steer_ansible_are_none_of_a_host() -> None:
    data = {"host": "a", "task": "t", "task_action": "ansible.builtin.meta"}
    assert translate({"event": "runner_on_skipped", "event_data": data}) is None
