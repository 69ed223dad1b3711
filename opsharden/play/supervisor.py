"""The child process of one Ansible run: `python -m opsharden.play.supervisor`.

It reads one line of JSON from stdin, its `Job`, and writes events to stdout. When stdin ends, because the parent
cancels or is gone, it ends the run with everything that was started for it.
"""

from __future__ import annotations

import json
import os
import queue
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import ansible_runner

from opsharden.play.environment import RELAY
from opsharden.play.events import Ended, Notice, PlayEvent, to_line
from opsharden.play.preparation import PLAYBOOK, SEALED
from opsharden.play.private import CONTROL
from opsharden.play.processes import adopt_orphans, close_masters, descendants, end
from opsharden.play.redaction import Redaction
from opsharden.play.standby import Relay
from opsharden.play.translate import translate


@dataclass(frozen=True)
class Job:
    """What the parent wants done.

    Attributes:
        private: The private folder, filled.
        words: For ansible-playbook's command line.
        secrets: To be replaced in every event.
    """

    private: str
    words: tuple[str, ...]
    secrets: tuple[str, ...]


class Supervisor:
    """Runs Ansible once and passes on what it does."""

    def __init__(self, job: Job, out: TextIO) -> None:
        self._private = Path(job.private)
        self._words = job.words
        self._redaction = Redaction(job.secrets)
        self._out = out
        self._events: queue.SimpleQueue[PlayEvent | Ended | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()

    def run(self) -> None:
        """Run Ansible; afterwards nothing of it is left here, neither process nor file."""
        writer = threading.Thread(target=self._write)
        writer.start()
        threading.Thread(target=self._until_told, daemon=True).start()
        fault = ""
        relay = Relay(Path(place)) if (place := os.environ[RELAY]) else None
        try:
            self._play()
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
        if self._cancelled.is_set():
            end(descendants)
        if relay:
            relay.close()
        close_masters(self._private / CONTROL)
        shutil.rmtree(self._private, ignore_errors=True)
        self._events.put(Ended(self._cancelled.is_set(), self._redaction.text(fault)))
        self._events.put(None)
        writer.join()

    def _play(self) -> None:
        ansible_runner.run(
            private_data_dir=str(self._private),
            playbook=str(self._private / PLAYBOOK),
            # Where the user stands: paths in ssh's arguments and lookups of files may be relative to it.
            project_dir=str(Path.cwd()),
            cmdline=shlex.join(self._words),
            quiet=True,
            suppress_env_files=True,
            fact_cache_type="memory",
            event_handler=self._handle,
            # Given so that runner installs no signal handlers. It says no: told yes, runner would kill Ansible at
            # once, which then could not end its workers.
            cancel_callback=lambda: False,
        )

    def _handle(self, raw: Mapping[str, Any]) -> bool:
        """Only enqueue: a handler that is slow or raises breaks the run. False makes runner write no file."""
        try:
            if raw.get("event") == "playbook_on_start":
                shutil.rmtree(self._private / SEALED, ignore_errors=True)
            if event := translate(raw):
                self._events.put(event)
        except Exception as error:
            self._events.put(Notice("error", f"An event of Ansible could not be read: {type(error).__name__}."))
        return False

    def _write(self) -> None:
        broken = False
        while (event := self._events.get()) is not None:
            try:
                if not broken:
                    self._out.write(to_line(event if isinstance(event, Ended) else self._redaction.event(event)))
                    self._out.flush()
            except (OSError, ValueError):
                broken = True  # the parent is gone, so stdin has ended too

    def _until_told(self) -> None:
        # Not through sys.stdin: a thread that waits in it would keep the interpreter from ending.
        while os.read(0, 4096):
            pass
        self._cancelled.set()
        end(descendants)


def main() -> None:
    """Do the job on stdin."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, through stdin
    adopt_orphans()
    # What libraries print must not get between the events.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    Supervisor(Job(**json.loads(sys.stdin.buffer.readline())), out).run()


if __name__ == "__main__":
    main()
