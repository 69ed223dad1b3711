"""A play in, typed events out: the parent's side of the supervisor."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO

from opsharden.play.complaint import complaint, is_vault
from opsharden.play.environment import environment
from opsharden.play.events import Ended, Notice, PlayEvent, from_line
from opsharden.play.outcome import Ledger, PlayOutcome, PlayStatus
from opsharden.play.preparation import prepare
from opsharden.play.private import Private, private_folder
from opsharden.play.processes import GRACE
from opsharden.play.redaction import Redaction
from opsharden.play.request import PlayRequest
from opsharden.play.supervisor import Job

_NOTICES = 200
_NAP = 0.05
_PATIENCE = 5 * GRACE
"""Seconds a supervisor has to end its run when told to, before it is killed and we clean up in its place."""

_log = logging.getLogger(__name__)


def run_play(request: PlayRequest, on_event: Callable[[PlayEvent], None], *, cancel: threading.Event) -> PlayOutcome:
    """Run Ansible and follow it. However it ends, nothing of it is left running or lying about on this machine.

    Args:
        request: What to play.
        on_event: Told of each event, in this thread. What it raises is logged and does not disturb the run.
        cancel: Set from another thread, ends the run. What still runs on the hosts then: see `leftovers_command`.

    Returns:
        What came of it, host by host; a failed host is no exception.

    Raises:
        PlayError: Ansible could not run at all: a role is missing or malformed, no host is matched.
        VaultError: A vaulted value does not open, and nothing was changed.
    """
    ledger, notices = Ledger(request.hosts), deque[str](maxlen=_NOTICES)
    ended: Ended | None = None
    with private_folder() as private, tempfile.TemporaryFile() as errors:
        job = Job(str(private.path), prepare(request, private), request.unlock.secrets)
        with (
            _supervisor(request, private, job, errors) as process,
            _following(process, cancel, request.timeout) as late,
        ):
            for event in _events(process):
                if isinstance(event, Ended):
                    ended = event
                    continue
                if isinstance(event, Notice):
                    notices.append(event.text)
                ledger.add(event)
                _tell(on_event, event)
        if ended is None:
            ended = Ended(fault=f"the process that watches over it was lost{_last_words(errors, job)}")
    if late.is_set():
        ended = Ended(fault=f"it took longer than {request.timeout:g} seconds")
    return _conclude(ledger, notices, ended, cancelled=cancel.is_set())


def _conclude(ledger: Ledger, notices: deque[str], ended: Ended, *, cancelled: bool) -> PlayOutcome:
    if ledger.stats is None and cancelled:
        return ledger.outcome(PlayStatus.CANCELLED)
    vaulted = [message for message in ledger.failures if is_vault(message)]
    if vaulted and ledger.fruitless:
        raise complaint([f"[ERROR]: {vaulted[0]}"])
    if ledger.stats is not None:
        return ledger.outcome(PlayStatus.COMPLETE)
    if ledger.empty:
        raise complaint([*notices, *([f"[ERROR]: {ended.fault}"] if ended.fault else [])])
    return ledger.outcome(
        PlayStatus.BROKEN, f"Ansible ended before it was done{': ' if ended.fault else ''}{ended.fault}."
    )


def _last_words(errors: IO[bytes], job: Job) -> str:
    errors.seek(0)
    last = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
    return f": {Redaction(job.secrets).text(last)}" if last else ""


@contextmanager
def _supervisor(
    request: PlayRequest, private: Private, job: Job, errors: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """The child, told to stop and waited for when the block is left, however it is left."""
    process = subprocess.Popen(
        # -P: not from the folder one stands in, where anybody may have left an `opsharden`.
        [sys.executable, "-P", "-m", "opsharden.play.supervisor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment(
            private.path,
            request.content.roles_path,
            os.environ,
            task_timeout=request.task_timeout,
            standby=request.standby,
        ),
        pass_fds=(private.lock,),
        start_new_session=True,  # the terminal's Ctrl-C is ours to handle
    )
    try:
        if process.stdin is not None:
            process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            process.stdin.flush()
        yield process
    except BrokenPipeError:
        yield process  # it died at once; there will be no event, and that is told
    finally:
        _stop(process)
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def _following(process: subprocess.Popen[bytes], cancel: threading.Event, timeout: float) -> Iterator[threading.Event]:
    """Stops the child as soon as the event is set or its time is over, as long as the block lasts.

    Gives an event that is set in the second case.
    """
    done, late = threading.Event(), threading.Event()
    deadline = time.monotonic() + (timeout or float("inf"))

    def watch() -> None:
        while not done.is_set():
            if cancel.wait(_NAP) or time.monotonic() > deadline:
                if not cancel.is_set():
                    late.set()
                _stop(process)
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield late
    finally:
        done.set()
        thread.join()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Tell the child to end, by ending its stdin; kill it where it does not."""
    try:
        if process.stdin is not None:
            process.stdin.close()
    except BrokenPipeError:
        pass  # already gone
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _events(process: subprocess.Popen[bytes]) -> Iterator[PlayEvent | Ended]:
    for line in process.stdout or ():
        try:
            yield from_line(line.decode())
        except ValueError:
            continue  # cut off in the middle, where the child was killed


def _tell(on_event: Callable[[PlayEvent], None], event: PlayEvent) -> None:
    try:
        on_event(event)
    except Exception:
        _log.warning("A listener failed on an event of Ansible", exc_info=True)
