"""ansible-runner's event dictionaries as our events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opsharden.model import ChangeStatus
from opsharden.play.events import HostBegan, HostCounts, HostResult, Notice, PlayEvent, Stats, TaskStarted
from opsharden.play.notes import noted

TOO_LARGE = "The result was too large for Ansible to pass on."
HIDDEN = "The result is hidden by no_log."
_RESULTS = {
    "runner_on_ok": ChangeStatus.OK,
    "runner_on_failed": ChangeStatus.FAILED,
    "runner_on_unreachable": ChangeStatus.UNREACHABLE,
    "runner_on_skipped": ChangeStatus.SKIPPED,
}
_NOTICES = {"error": "error", "warning": "warning", "system_warning": "warning", "verbose": "output"}
_COUNTS = {
    "ok": "ok",
    "changed": "changed",
    "failures": "failed",
    "dark": "unreachable",
    "skipped": "skipped",
    "rescued": "rescued",
    "ignored": "ignored",
}


def translate(raw: Mapping[str, Any]) -> PlayEvent | None:
    """Turn one event of ansible-runner into ours.

    Args:
        raw: As `event_handler` gets it: `event` names its kind, `event_data` holds the details.

    Returns:
        None where it tells nothing we keep, such as the single items of a loop.
    """
    kind = str(raw.get("event", ""))
    data = raw.get("event_data") or {}
    if str(data.get("task_action", "")).rpartition(".")[2] == "meta":
        return None  # these steer Ansible and do nothing on a host
    if kind in _RESULTS:
        return _result(_RESULTS[kind], data)
    if kind == "runner_on_start":
        return HostBegan(*(str(data.get(name, "")) for name in ("host", "role", "task")))
    if kind == "playbook_on_task_start":
        return TaskStarted(str(data.get("role", "")), str(data.get("task", "")))
    if kind == "playbook_on_stats":
        return _stats(data)
    text = str(raw.get("stdout", "")).replace("\r", "").strip()
    return Notice(_NOTICES[kind], text) if kind in _NOTICES and text else None


def _result(status: ChangeStatus, data: Mapping[str, Any]) -> HostResult:
    result = data.get("res")
    # Never empty by itself: the callback empties what is longer than MAX_EVENT_RES.
    dropped = result == {}
    result = result if isinstance(result, dict) else {}
    hidden = "censored" in result and "changed" not in result
    unknown = status is ChangeStatus.OK and (dropped or hidden)
    changed = unknown or bool(result.get("changed"))
    if status is ChangeStatus.OK and changed:
        status = ChangeStatus.CHANGED
    message = TOO_LARGE if dropped else HIDDEN if unknown else ""
    if not message and status in (ChangeStatus.FAILED, ChangeStatus.UNREACHABLE):
        message = "; ".join(_said(result))
    elif not message and status is ChangeStatus.CHANGED:
        message = " ".join(noted(result, str(data.get("task_action", ""))))
    return HostResult(
        host=str(data.get("host", "")),
        role=str(data.get("role", "")),
        task=str(data.get("task", "")),
        status=status,
        message=message,
        ignored=bool(data.get("ignore_errors")),
        changed=changed,
        unknown=unknown,
        timed_out="timedout" in result,
    )


def _said(result: Mapping[str, Any]) -> Iterator[str]:
    """What a failed result says, shortest useful form first: for a loop, what its failed items say."""
    if "censored" in result:
        yield HIDDEN
        return
    failed = [item for item in result.get("results") or () if isinstance(item, dict) and item.get("failed")]
    for item in failed:
        label = item.get("_ansible_item_label", item.get("item", "item"))
        yield f"{label}: {'; '.join(_said(item))}"
    if failed:
        return
    said = result.get("msg") or result.get("reason") or ""
    yield said.strip() if isinstance(said, str) else str(said)
    printed = str(result.get("stderr") or result.get("module_stderr") or "").strip()
    if printed and printed not in str(said):
        yield printed


def _stats(data: Mapping[str, Any]) -> Stats:
    hosts: dict[str, dict[str, int]] = {str(host): {} for host in data.get("processed") or {}}
    for theirs, ours in _COUNTS.items():
        for host, count in (data.get(theirs) or {}).items():
            hosts.setdefault(str(host), {})[ours] = int(count)
    return Stats({host: HostCounts(**counts) for host, counts in hosts.items()})
