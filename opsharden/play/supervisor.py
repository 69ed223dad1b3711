"""The child process of one Ansible run: `python -m opsharden.play.supervisor`.

Reads one line of JSON from stdin (the arguments of ansible_runner.run) and writes events as lines of JSON to stdout.
When stdin ends, because the parent cancels or is gone, the run is ended with everything it started.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
import threading
from typing import Any

import ansible_runner

from opsharden.play.processes import adopt_orphans, end_descendants

_WANTED = {
    "playbook_on_task_start",
    "playbook_on_handler_task_start",
    "runner_on_ok",
    "runner_on_failed",
    "runner_on_unreachable",
    "runner_on_skipped",
    "playbook_on_stats",
}
_TOLD = ("msg", "module_stderr", "stderr", "module_stdout", "censored", "exception")
_LONGEST = 4000


def main() -> None:
    """Run Ansible once, as the parent asks."""
    adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, through stdin
    # Whatever libraries print must not get between the events.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    arguments = json.loads(sys.stdin.readline())
    cancelled = threading.Event()
    threading.Thread(target=_until_parent_ends, args=(cancelled,), daemon=True).start()
    try:
        _run(arguments, events, cancelled)
    finally:
        end_descendants()  # ssh masters that stay for the next connection, and what a cancelled run left
        shutil.rmtree(arguments["private_data_dir"], ignore_errors=True)


def _until_parent_ends(cancelled: threading.Event) -> None:
    sys.stdin.read()
    cancelled.set()
    end_descendants()


def _run(arguments: dict[str, Any], events: Any, cancelled: threading.Event) -> None:
    lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    writer = threading.Thread(target=_write, args=(lines, events))
    writer.start()

    def handle(event: dict[str, Any]) -> bool:
        """Only enqueue: a handler that is slow or raises breaks the run. False: runner writes no file for it."""
        try:
            kept = _kept(event)
        except Exception as error:
            kept = {"kind": "said", "text": f"An event could not be read: {error}"}
        if kept:
            lines.put(kept)
        return False

    try:
        runner = ansible_runner.run(event_handler=handle, cancel_callback=cancelled.is_set, **arguments)
        lines.put({"kind": "end", "status": runner.status, "rc": runner.rc})
    except Exception as error:
        lines.put({"kind": "end", "status": "error", "rc": None, "text": f"{type(error).__name__}: {error}"})
    lines.put(None)
    writer.join()


def _write(lines: queue.SimpleQueue[dict[str, Any] | None], events: Any) -> None:
    while (line := lines.get()) is not None:
        try:
            events.write(json.dumps(line, default=str) + "\n")
            events.flush()
        except BrokenPipeError:
            return  # the parent is gone; stdin has ended too


def _kept(event: dict[str, Any]) -> dict[str, Any] | None:
    kind, data = event.get("event"), event.get("event_data") or {}
    if kind in _WANTED:
        result = data.get("res") or {}
        return {
            "kind": kind,
            **{name: data.get(name) for name in ("host", "role", "task", "ignore_errors")},
            "changed": bool(result.get("changed")),
            "lost": kind == "runner_on_ok" and not result,
            "message": _message(result) if kind in ("runner_on_failed", "runner_on_unreachable") else "",
            **({"stats": data} if kind == "playbook_on_stats" else {}),
        }
    text = str(event.get("stdout") or "").strip()
    return (
        {"kind": "said", "text": text[:_LONGEST]} if kind in ("verbose", "error", "system_warning") and text else None
    )


def _message(result: dict[str, Any]) -> str:
    parts = [str(result[name]).strip() for name in _TOLD if result.get(name)]
    return "; ".join(dict.fromkeys(part for part in parts if part))[:_LONGEST]


if __name__ == "__main__":
    main()
