"""One program standing by on one host, at the far end of an ssh."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

BOOT = r"-c import\ io\;exec\(io.FileIO\(0,closefd=0\).readline\(\)\)"
"""What to tell python3 on a host's command line, in a form that is the same within any quotes: run the line on stdin.

It is read byte by byte, so that what follows the line stays there for the line to read.
"""

_PROGRAM = Path(__file__).with_name("program.py")
# At the end of the program's text, on its outermost level: there a script ends as it does in a Python of its own.
_END = """
script = Standby().serve({greeting!r}.encode())
if script is not None:
    run_as_main(script)
"""
_PATIENCE = 15.0
"""Seconds a program has to come up."""
_NOISE = 1 << 16
"""Bytes that a login may print before the program does."""
_HEAD = 1 << 12
"""Bytes of the line before an answer."""
_LARGEST = 256 << 20
"""Bytes of one answer's stdout or stderr: modules give back whole files, and none gives back more than this."""


class Declined(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """The program does not come up there; what was to be run was not begun, and Ansible can do it its own way."""


class Lost(Exception):  # noqa: N818 - as above
    """The connection broke while something ran; nobody can say what became of it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one thing that was run.

    Attributes:
        rc: Exit status.
        out: What it printed.
        err: What it printed to stderr.
    """

    rc: int
    out: bytes
    err: bytes


class Link:
    """Sends what is to be run, from any thread, and sorts the answers."""

    def __init__(self, words: Sequence[str]) -> None:
        """Start the program.

        Args:
            words: An ssh with all its options and a command that ends in a python3 told to `BOOT`.

        Raises:
            Declined: It did not come up.
        """
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._writing = threading.Lock()
        self._waiting: dict[int, Future[Reply | None]] = {}
        self._count = 0
        self._left = False
        self._used = time.monotonic()
        self._greet()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def idle(self) -> float:
        """Seconds since it was last used; 0 while something runs."""
        return 0.0 if self._waiting else time.monotonic() - self._used

    def run(self, frame: Mapping[str, Any], body: bytes) -> Reply | None:
        """Have something run. None where only a fresh program can, because this one left or the host has changed.

        Raises:
            Lost: The connection broke after it was sent.
        """
        future: Future[Reply | None] = Future()
        with self._writing:
            if self._left:
                return None
            self._count += 1
            number = self._count
            self._waiting[number] = future
            head = json.dumps({**frame, "id": number, "size": len(body)}).encode() + b"\n"
            try:
                self._stdin.write(head + body)
                self._stdin.flush()
            except OSError:
                del self._waiting[number]
                return None  # what has not arrived whole is not run
        reply = future.result()
        self._used = time.monotonic()
        return reply

    def close(self, patience: float | None = None) -> None:
        """Let it go. What still runs on the host comes to its end there.

        Args:
            patience: How many seconds its answers are waited for.
        """
        with self._writing:
            self._left = True
            with contextlib.suppress(OSError):  # it is gone already
                self._stdin.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 - for the type; it was made a pipe
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101 - as above
        return self._process.stdout

    def _greet(self) -> None:
        greeting = f"opsharden stands by {secrets.token_hex(8)}"
        text = _PROGRAM.read_text(encoding="utf-8") + _END.format(greeting=greeting)
        size = len(text.encode())
        load = f"import os\nt=b''\nwhile len(t)<{size}:t+=os.read(0,{size}-len(t))\nexec(compile(t,'standby','exec'))"
        late = threading.Timer(_PATIENCE, self._process.kill)
        late.start()
        try:
            self._stdin.write(f"exec({load!r})\n{text}".encode())
            self._stdin.flush()
            printed = 0
            while (line := self._stdout.readline(_NOISE)) and printed < _NOISE:
                if line.rstrip(b"\r\n").endswith(greeting.encode()):
                    return
                printed += len(line)
        except OSError:
            pass  # it ended at once
        finally:
            late.cancel()
        self._process.kill()
        self._process.wait()
        raise Declined

    def _read(self) -> None:
        try:
            while line := self._stdout.readline(_HEAD):
                head = json.loads(line)
                reply = None
                if not head.get("stale"):
                    reply = Reply(int(head["rc"]), self._exactly(head["out"]), self._exactly(head["err"]))
                self._waiting.pop(head["id"]).set_result(reply)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            pass  # whatever that was, it was not the program
        finally:
            self._lose()

    def _exactly(self, size: int) -> bytes:
        # The host says how much there is; that much memory is not taken before it came.
        if not 0 <= size <= _LARGEST:
            raise OSError
        parts, left = list[bytes](), size
        while left:
            part = self._stdout.read(min(left, _NOISE))
            if not part:
                raise OSError
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _lose(self) -> None:
        with self._writing:
            self._left = True
            lost = list(self._waiting.values())
            self._waiting.clear()
        for future in lost:
            future.set_exception(Lost())
