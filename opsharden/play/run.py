"""One Ansible run in a child process of its own, seen from the parent."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from opsharden.errors import PlayError, VaultError
from opsharden.play import workspace
from opsharden.play.environment import environment
from opsharden.play.events import PlayEvent, PlayOutcome, PlayStatus, Stats, outcome, typed
from opsharden.play.request import PlayRequest

_TAIL = 40
_NAP = 0.2


def run_play(
    request: PlayRequest,
    on_event: Callable[[PlayEvent], None],
    *,
    cancel: threading.Event,
    clean: Callable[[str], str] = str,
) -> PlayOutcome:
    """Run Ansible and follow it.

    Args:
        request: What to play.
        on_event: Told of each event, in this thread; it must not block.
        cancel: Set from another thread, ends the run and every process of it here.
        clean: Takes secrets out of messages.

    Returns:
        What came of it, host by host; a failed host is no exception.

    Raises:
        PlayError: Ansible could not run at all: a role is missing or malformed, no host is matched.
        VaultError: A vaulted value does not open.
    """
    folder, arguments = workspace.make(request)
    events: list[PlayEvent] = []
    said: list[str] = []
    end: dict[str, Any] = {}
    try:
        env = environment(folder, request.known_hosts, request.run_id)
        with _supervisor(env, arguments) as process, _cancelling(process, cancel):
            for line in _lines(process):
                if line["kind"] == "end":
                    end = line
                elif line["kind"] == "said":
                    said = [*said, line["text"]][-_TAIL:]
                elif event := typed(line, clean):
                    events.append(event)
                    on_event(event)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if cancel.is_set():
        return outcome(events, request.hosts, PlayStatus.CANCELLED)
    if not any(isinstance(event, Stats) for event in events):
        raise _not_run(clean(" ".join(said)), end)
    return outcome(events, request.hosts, PlayStatus.COMPLETE)


class _supervisor:  # noqa: N801 - used as a verb in a with statement
    """The child, ended and waited for when the block is left, however it is left."""

    def __init__(self, env: dict[str, str], arguments: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "opsharden.play.supervisor"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            start_new_session=True,  # the terminal's Ctrl-C is ours to handle
            text=True,
            encoding="utf-8",
        )
        self._arguments = arguments

    def __enter__(self) -> subprocess.Popen[str]:
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        self._process.stdin.write(json.dumps(self._arguments) + "\n")
        self._process.stdin.flush()
        return self._process

    def __exit__(self, *_: object) -> None:
        _hang_up(self._process)
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


class _cancelling:  # noqa: N801 - used as a verb in a with statement
    """Ends the child when the event is set, as long as the block lasts."""

    def __init__(self, process: subprocess.Popen[str], cancel: threading.Event) -> None:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(process, cancel), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self, process: subprocess.Popen[str], cancel: threading.Event) -> None:
        while not self._done.is_set():
            if cancel.wait(_NAP):
                _hang_up(process)
                return


def _hang_up(process: subprocess.Popen[str]) -> None:
    """The end of its stdin tells the child to end the run; a child that is gone already needs no telling."""
    try:
        if process.stdin and not process.stdin.closed:
            process.stdin.close()
    except BrokenPipeError:
        return


def _lines(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    for line in process.stdout or ():
        yield json.loads(line)


def _not_run(said: str, end: dict[str, Any]) -> PlayError | VaultError:
    """Ansible ended without its statistics: what it said last is why."""
    text = " ".join((said or str(end.get("text") or "")).split())
    for mark in ("[ERROR]:", "ERROR!"):
        text = text.rpartition(mark)[2].strip() if mark in text else text
    if "vault" in text.lower() and ("decrypt" in text.lower() or "secret" in text.lower()):
        return VaultError(
            f"Ansible needs a vaulted value that does not open: {text[:300]}",
            "Give the password with --vault-password-file FILE or --ask-vault-password.",
        )
    return PlayError(f"Ansible could not run: {text[:400] or 'it ended without a word'}", "Nothing more was changed.")
