"""What stands by on a host: it runs what comes in on stdin, each in a process of its own, and says what came of it.

Text of a program, sent to a host's python3 and never imported here; it must run with Python 3.8 and later. A frame is a
line of JSON and a body of `size` bytes. What can be asked:

    {"id": 1, "do": "python", "size": N}    run the body as `python3` would that reads it from stdin
    {"id": 2, "do": "sh", "command": "..."} run a command with the body as its stdin
    {"id": 3, "do": "put", "path": "..."}   write the body to a file, for its owner alone

The answer is {"id", "rc", "out", "err"} with as many bytes of output and errors behind it, or {"id", "stale": true}
where the host has changed in a way that only a fresh start would notice; nothing was run then.
When stdin ends, what still runs is let come to its end: a package must not be left half installed.
"""

from __future__ import annotations

import importlib
import json
import os
import pwd
import selectors
import signal
import sys
import types
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

# A change of one of these is taken up by whoever logs in anew or becomes root anew, and by nobody else.
WATCHED = (
    *("/etc/environment", "/etc/default/locale", "/etc/security/limits.conf", "/etc/security/limits.d"),
    *("/etc/sudoers", "/etc/sudoers.d", "/etc/pam.d"),
)
ACCOUNTS = ("/etc/passwd", "/etc/group")

# What every module of Ansible's loads of Python's own: loaded once here, it is there in every process.
LOADED_AHEAD = """
    argparse ast base64 ctypes dataclasses datetime decimal encodings.idna fcntl glob grp hashlib inspect locale logging
    platform pwd random re runpy shlex shutil socket subprocess syslog tempfile textwrap traceback typing zipfile
""".split()


class Beginning:
    """What a fresh start would take up: a replaced interpreter, other settings of sessions or of sudo, other groups."""

    def __init__(self) -> None:
        self.accounts: List[object] = []
        self.me: object = None
        self.was = self.now()

    @property
    def over(self) -> bool:
        """Whether a fresh start would differ from what was found at first."""
        return self.now() != self.was

    def now(self) -> List[object]:
        """All of it, as it is."""
        accounts = [self.state(path) for path in ACCOUNTS]
        if accounts != self.accounts:  # only then: who asks for an account may be asking a server far away
            self.accounts, self.me = accounts, self.identity()
        return [os.readlink("/proc/self/exe"), *map(self.state, WATCHED), self.me]

    def state(self, path: str) -> object:
        """When a file last changed, and which it is."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def identity(self) -> object:
        """Whose account this is, and its groups."""
        try:
            entry = pwd.getpwuid(os.getuid())
            return tuple(entry), sorted(os.getgrouplist(entry.pw_name, entry.pw_gid))
        except (KeyError, OSError):
            return None


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def put(path: str, data: bytes) -> None:
    """Write a file that is its owner's alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


class Libraries:
    """The compiled sources of what Ansible sends along with every module: each is compiled once, not for every task."""

    def __init__(self) -> None:
        self.codes: Dict[bytes, types.CodeType] = {}
        self.known: Set[int] = set()

    def learn(self, script: bytes) -> None:
        """Compile what is new in a script of Ansible's. A script of any other form is none the worse for it."""
        if not self.known:
            self.load_ahead()
        import base64
        import io
        import re
        import zipfile

        found = re.search(rb"zip_data\s*=\s*[bu]?['\"]([A-Za-z0-9+/=]+)['\"]", script)
        if not found or hash(found[1]) in self.known:
            return
        self.known.add(hash(found[1]))
        try:
            with zipfile.ZipFile(io.BytesIO(base64.b64decode(found[1]))) as archive:
                for name in archive.namelist():
                    source = archive.read(name)
                    if name.endswith(".py") and source not in self.codes:
                        self.codes[source] = compile(source, name, "exec", dont_inherit=True)
        except (ValueError, SyntaxError, zipfile.BadZipFile):
            return  # then Python meets it itself, where it says so properly

    def load_ahead(self) -> None:
        """Load what all scripts load; a Python may lack some of it."""
        for name in LOADED_AHEAD:
            try:
                importlib.import_module(name)
            except ImportError:
                pass

    def install(self) -> None:
        """Have imports from archives take what is compiled already, where this Python lets them."""
        try:
            from _imp import _fix_co_filename as name_it  # type: ignore[attr-defined]
            from zipimport import _compile_source as compile_it  # type: ignore[attr-defined]
        except ImportError:
            return
        import zipimport

        def take(path: str, source: bytes) -> types.CodeType:
            code = self.codes.get(source)
            if code is None:
                return compile_it(path, source)  # type: ignore[no-any-return]
            name_it(code, path)
            return code

        zipimport._compile_source = take  # type: ignore[attr-defined]  # no promise of Python's: else it is only slower


class Standby:
    """Serves until stdin ends."""

    def __init__(self) -> None:
        os.close(os.memfd_create("tried"))  # without it nothing can be run here, and Ansible has to do it its own way
        self.out = os.dup(1)
        os.set_inheritable(self.out, False)
        os.dup2(2, 1)  # nothing but answers may come between answers
        self.beginning = Beginning()
        self.libraries = Libraries()
        self.buffer = b""
        self.running: Dict[int, Tuple[int, int, int]] = {}

    def serve(self, greeting: bytes) -> Optional[bytes]:
        """Serve. Returns None at the end; in a process of its own, the Python script it is to run."""
        wake, woken = os.pipe()
        for descriptor in (wake, woken):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        chosen = selectors.DefaultSelector()
        chosen.register(0, selectors.EVENT_READ)
        chosen.register(wake, selectors.EVENT_READ)
        write_all(self.out, greeting + b"\n")
        listening = True
        while listening or self.running:
            ready = {key.fd for key, _ in chosen.select()}
            if wake in ready:
                os.read(wake, 4096)
                self.collect()
            if 0 in ready:
                data = os.read(0, 1 << 18)
                self.buffer += data
                if not data:
                    listening = False
                    chosen.unregister(0)
                for frame, body in self.frames():
                    script = self.begin(frame, body)
                    if script is not None:
                        return script
        return None

    def frames(self) -> Iterator[Tuple[Dict[str, Any], bytes]]:
        """All that has come in whole."""
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if not newline:
                return
            frame = json.loads(line)
            if len(rest) < frame["size"]:
                return
            self.buffer = rest[frame["size"] :]
            yield frame, rest[: frame["size"]]

    def begin(self, frame: Dict[str, Any], body: bytes) -> Optional[bytes]:
        """Start what is asked. Gives the script to run where this is the process to run it."""
        if self.beginning.over:
            write_all(self.out, json.dumps({"id": frame["id"], "stale": True}).encode() + b"\n")
            return None
        try:
            if frame["do"] == "put":
                put(frame["path"], body)
                self.answer(frame["id"], 0, b"", b"")
                return None
            if frame["do"] == "python":
                self.libraries.learn(body)
            out, err = os.memfd_create("out"), os.memfd_create("err")
            process = os.fork()
        except OSError as error:
            self.answer(frame["id"], 1, b"", str(error).encode())
            return None
        if process:
            self.running[process] = (frame["id"], out, err)
            return None
        self.become_the_job(out, err, b"" if frame["do"] == "python" else body)
        if frame["do"] == "sh":
            os.execv("/bin/sh", ["sh", "-c", frame["command"]])
        self.libraries.install()
        return body

    def become_the_job(self, out: int, err: int, stdin: bytes) -> None:
        """In the new process: a session of its own, its own streams, signals as any program finds them."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        given = os.memfd_create("stdin")
        write_all(given, stdin)
        os.lseek(given, 0, os.SEEK_SET)
        for source, target in ((given, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        os.close(self.out)

    def collect(self) -> None:
        """Answer for every process that has ended."""
        while self.running:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            if process in self.running:
                number, out, err = self.running.pop(process)
                rc = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
                self.answer(number, rc, self.contents(out), self.contents(err))

    def contents(self, descriptor: int) -> bytes:
        """All that was written, and let go of it."""
        with os.fdopen(descriptor, "rb") as file:
            file.seek(0)
            return file.read()

    def answer(self, number: int, rc: int, out: bytes, err: bytes) -> None:
        """Say what came of it; when nobody is there any more to hear it, go on to the end in silence."""
        head = {"id": number, "rc": rc, "out": len(out), "err": len(err)}
        try:
            write_all(self.out, json.dumps(head).encode() + b"\n" + out + err)
        except BrokenPipeError:
            pass


def run_as_main(script: bytes) -> None:
    """Run a script as Python does that reads it from stdin."""
    sys.argv = [""]
    sys.path[:1] = [""]
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    # Compiled by itself: it is not to take over what this program has from the future.
    exec(compile(script, "<stdin>", "exec", dont_inherit=True), main.__dict__)
