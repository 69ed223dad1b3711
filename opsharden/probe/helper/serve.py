"""Answers questions about a host for one verification and leaves nothing behind.

The text of this file and of those beside it is sent to the host and run there by its python3 (3.9 or newer); for
`localhost` it runs here. It is compiled anew for each verification of each host, so it is short, and imports only what
is part of the interpreter. Where there is no python3, `serve.sh` does the same with less.

It reads questions from stdin and answers them on stdout, several at a time, until stdin ends; then it ends, and with it
whatever it started. Both are a line of words and then raw bytes:

    question   id timeout limit length     a shell command; behind a NUL, where there is one, the same as a program
                                           for `answers.py`, or as words to run without a shell
    answer     id rc out err how seconds   stdout and stderr, of these lengths

`how`: `c` a command was run, `h` the helper answered by itself, `C` output was cut, `L` it was late and was ended.
"""

import os
import select
import time

if False:  # for the type checker: hosts need not load it
    from collections.abc import Callable

AT_ONCE = 4
_RESET = (13, 25)  # SIGPIPE and SIGXFSZ: Python ignores them, what it starts must not
_KILL = 9
_TRIES = 500
_NAP = 0.002  # seconds until a command that has said its last word is looked at again
_SURPLUS = 16  # times its limit that a command may say before it is ended: nobody waits for an answer without end
_ENVIRONMENT = {
    # One language on every host, and the directories of the admin programs, whoever logged in. No shell that a command
    # starts runs a file or a function of theirs.
    **{name: value for name, value in os.environ.items() if name not in ("ENV", "BASH_ENV") and "%%" not in name},
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}


class Job:
    """One shell command under way; `words`: the same without a shell, where it needs none."""

    def __init__(self, number: str, timeout: str, limit: str, command: str, words: "list[str]") -> None:
        self.number, self.limit, self.how = number, int(limit), "c"
        self.began = time.monotonic()
        self.deadline = self.began + float(timeout)
        pipes, null = (os.pipe(), os.pipe()), os.open(os.devnull, os.O_RDONLY)
        ends = [null, pipes[0][1], pipes[1][1]]
        streams = [(os.POSIX_SPAWN_DUP2, end, stream) for stream, end in enumerate(ends)]
        for path, given in (*((path, words) for path in found(words)), ("/bin/sh", ["sh", "-c", command])):
            try:
                self.pid = os.posix_spawn(
                    path, given, _ENVIRONMENT, file_actions=streams, setsid=True, setsigdef=_RESET
                )
                break
            except OSError:  # the shell has words for it
                continue
        for end in ends:
            os.close(end)
        self.out, self.err, self.surplus = bytearray(), bytearray(), 0
        self.open = {pipes[0][0]: self.out, pipes[1][0]: self.err}

    def read(self, end: int) -> bool:
        """Take what a stream has. Returns whether that was all of it."""
        data, kept = os.read(end, 65536), self.open[end]
        room = self.limit - len(kept)
        kept += data[:room]
        if len(data) > room:
            self.how = "C"
            self.surplus += len(data) - room
        if not data:
            os.close(end)
            del self.open[end]
        return not data

    def over(self) -> bool:
        """Answer, if it has ended or must be ended now. A command may have closed its streams and go on."""
        status = None
        if not self.open:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            status = status if pid else None
        if status is not None:
            say(self.number, os.waitstatus_to_exitcode(status), self.out, self.err, self.how, self.began)
        elif self.surplus > _SURPLUS * self.limit or time.monotonic() > self.deadline:
            self.stop()
            how = "C" if self.surplus > _SURPLUS * self.limit else "L"
            say(self.number, 0, self.out, self.err, how, self.began)
        else:
            return False
        return True

    def stop(self) -> None:
        """Make an end of it and of all it started, also of what left its process group."""
        for pid in (*family(self.pid), -self.pid):
            try:
                os.kill(pid, _KILL)
            except ProcessLookupError:
                pass
        # One that waits for hardware, or for a server that has gone, cannot be ended: it is left behind.
        for _ in range(_TRIES):
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
            time.sleep(_NAP)
        for end in self.open:
            os.close(end)


def found(words: "list[str]") -> "list[str]":
    """Where the program is that some words begin with, if it is anywhere."""
    paths = [f"{folder}/{words[0]}" for folder in _ENVIRONMENT["PATH"].split(":")] if words else []
    return [path for path in paths if os.access(path, os.X_OK)][:1]


def family(pid: int) -> "list[int]":
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(name))
    found = [pid]
    for each in found:
        found += children.get(each, ())
    return found


def say(number: str, rc: int, out: "bytes | bytearray", err: "bytes | bytearray", how: str, began: float) -> None:
    """Send one answer."""
    head = f"{number} {rc} {len(out)} {len(err)} {how} {time.monotonic() - began:.6f}\n"
    data = memoryview(head.encode() + bytes(out) + bytes(err))
    while data:
        data = data[os.write(1, data) :]


class Helper:
    """Takes questions as they come, and answers them as the answers come."""

    def __init__(self, answer: "Callable[[str], tuple[int, bytes] | None]") -> None:
        self.answer = answer
        self.heard = bytearray()
        self.waiting: list[tuple[str, str, str, str]] = []
        self.jobs: list[Job] = []
        self.ends: dict[int, Job] = {}  # of the pipes that are open
        self.poll = select.poll()
        self.poll.register(0, select.POLLIN)

    def serve(self) -> None:
        """Until stdin ends, or nobody reads our answers any more."""
        os.chdir("/")
        try:
            while self.listen():
                while self.waiting and len(self.jobs) < AT_ONCE:
                    self.begin(*self.waiting.pop(0))
        finally:
            for job in self.jobs:
                job.stop()

    def begin(self, number: str, timeout: str, limit: str, asked: str) -> None:
        """Answer at once where we can, else start the command."""
        command, _, program = asked.partition("\0")
        began = time.monotonic()
        _, _, alone = program.partition("\x1frun\x1f")
        answer = self.answer(program) if program and not alone else None
        if answer and len(answer[1]) <= int(limit):
            say(number, answer[0], answer[1], b"", "h", began)
            return
        job = Job(number, timeout, limit, command, alone.split("\x1f") if alone else [])
        self.jobs.append(job)
        for end in job.open:
            self.ends[end] = job
            self.poll.register(end, select.POLLIN)

    def listen(self) -> bool:
        """Wait for whatever is next: a question, output, a deadline. False when there are no more questions."""
        moments = [job.deadline if job.open else time.monotonic() + _NAP for job in self.jobs]
        patience = max(0, min(moments) - time.monotonic()) * 1000 + 1 if moments else None
        for end, _ in self.poll.poll(patience):
            if end == 0:
                data = os.read(0, 65536)
                if not data:
                    return False
                self.hear(data)
            elif self.ends[end].read(end):
                self.poll.unregister(end)
                del self.ends[end]
        over = [job for job in self.jobs if job.over()]
        for job in over:
            self.jobs.remove(job)
            for end in job.open:
                self.poll.unregister(end)
                del self.ends[end]
        return True

    def hear(self, data: bytes) -> None:
        """Questions out of the bytes that came."""
        self.heard += data
        while b"\n" in self.heard:
            head, _, rest = self.heard.partition(b"\n")
            number, timeout, limit, length = head.decode().split()
            if len(rest) < int(length):
                return
            self.waiting.append((number, timeout, limit, rest[: int(length)].decode("utf-8", "surrogateescape")))
            self.heard = rest[int(length) :]
