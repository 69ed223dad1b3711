"""Runs commands on a host for one verification and leaves nothing behind.

This file's text is sent to the host and run there by its python3 (3.9 or newer, nothing but the standard library);
here it also runs for `localhost`. It reads frames from stdin and answers on stdout until stdin ends.

A frame is a line of JSON and then raw bytes. Question: {"command": text, "timeout": s, "limit": bytes}.
Answer: {"rc": n, "out": bytes, "err": bytes, "cut": bool, "late": bool} and then that many bytes of stdout and stderr.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from typing import IO, Any


def answer(command: str, timeout: float, limit: int) -> "tuple[dict[str, Any], bytes, bytes]":
    """Run one shell command; keep at most `limit` bytes of each stream; end it when it is late."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
    kept = {stream.fileno(): bytearray() for stream in streams}
    deadline = time.monotonic() + timeout
    cut = late = False
    with selectors.DefaultSelector() as waiting:
        for stream in streams:
            waiting.register(stream, selectors.EVENT_READ)
        while waiting.get_map() and not late:
            for key, _ in waiting.select(max(0.0, deadline - time.monotonic())):
                data = os.read(key.fd, 65536)
                if not data:
                    waiting.unregister(key.fd)
                    continue
                room = limit - len(kept[key.fd])
                kept[key.fd] += data[:room]
                cut = cut or len(data) > room
            late = time.monotonic() >= deadline
    if not late:
        try:
            process.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            late = True
    if late:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    out, err = (bytes(kept[stream.fileno()]) for stream in streams)
    for stream in streams:
        stream.close()
    return {"rc": process.returncode, "out": len(out), "err": len(err), "cut": cut, "late": late}, out, err


def serve(source: "IO[bytes]", sink: "IO[bytes]") -> None:
    """Answer questions until there are no more."""
    # One language on every host, and the directories of the admin programs, whoever logged in.
    os.environ["LC_ALL"] = "C.UTF-8"
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.chdir("/")
    for line in source:
        question = json.loads(line)
        head, out, err = answer(question["command"], question["timeout"], question["limit"])
        sink.write(json.dumps(head).encode() + b"\n" + out + err)
        sink.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
