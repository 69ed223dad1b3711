"""The program that stands by, on this machine in place of a host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opsharden.play.standby.link import BOOT, Declined, Link, Lost, Reply

HERE = ("sh", "-c", f"exec {sys.executable} {BOOT}")

PIPE = """
import os, subprocess, sys, threading
far = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
def pump(source, target):
    while data := os.read(source, 65536):
        os.write(target, data)
threading.Thread(target=pump, args=(0, far.stdin.fileno()), daemon=True).start()
pump(far.stdout.fileno(), 1)
"""


@pytest.fixture
def link() -> Iterator[Link]:
    here = Link(HERE)
    yield here
    here.close(5)


def python(link: Link, script: str) -> Reply:
    reply = link.run({"do": "python"}, script.encode())
    assert reply is not None
    return reply


def shell(link: Link, command: str, stdin: bytes = b"") -> Reply:
    reply = link.run({"do": "sh", "command": command}, stdin)
    assert reply is not None
    return reply


def eventually(path: Path, text: str) -> None:
    for _ in range(200):
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} never held {text!r}")


@pytest.mark.parametrize(
    ("script", "rc", "out", "err"),
    [
        ("print('hello')", 0, b"hello\n", b""),
        ("import sys; sys.exit(3)", 3, b"", b""),
        ("import sys; sys.exit('a word')", 1, b"", b"a word\n"),
        ("import os; os.write(1, b'\\0\\xff'); os._exit(7)", 7, b"\0\xff", b""),
        ("import atexit; atexit.register(print, 'at the end'); print('first')", 0, b"first\nat the end\n", b""),
        (
            "import sys, __main__; print(__name__, sys.argv, __main__.__dict__ is globals())",
            0,
            b"__main__ [''] True\n",
            b"",
        ),
        ("import sys; print(repr(sys.stdin.read()))", 0, b"''\n", b""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + 15, b"", b""),
        ("import signal; print(signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL)", 0, b"True\n", b""),
        ("import threading; threading.Timer(0.2, print, ['later']).start()", 0, b"later\n", b""),
        ("import os; print(os.getsid(0) == os.getpid())", 0, b"True\n", b""),
    ],
)
def test_a_script_runs_as_if_python_read_it_from_stdin(
    link: Link, script: str, rc: int, out: bytes, err: bytes
) -> None:
    assert python(link, script) == Reply(rc, out, err)


def test_what_python_says_of_an_exception_is_said(link: Link) -> None:
    reply = python(link, "raise ValueError('a reason')")
    assert (reply.rc, reply.err.splitlines()[-1]) == (1, b"ValueError: a reason")


def test_a_script_that_is_none_says_so(link: Link) -> None:
    reply = python(link, "def (")
    assert (reply.rc, b"SyntaxError" in reply.err) == (1, True)


def test_one_script_leaves_nothing_for_the_next(link: Link) -> None:
    python(
        link,
        "import os, sys, json; os.environ['A'] = '1'; os.chdir('/'); sys.path.clear(); json.dumps = None; os.umask(0)",
    )
    reply = python(
        link, "import os, sys, json; print('A' in os.environ, len(sys.path) > 1, json.dumps, os.umask(0) != 0)"
    )
    assert reply.out.startswith(b"False True <function dumps") and reply.out.endswith(b"True\n")


def test_a_command_gets_its_stdin_and_gives_its_status(link: Link) -> None:
    assert shell(link, "cat; echo no >&2; exit 4", b"some\0thing") == Reply(4, b"some\0thing", b"no\n")


def test_what_a_command_leaves_running_holds_nobody_up(link: Link, tmp_path: Path) -> None:
    assert shell(link, f"( sleep 1; echo late > {tmp_path}/late ) & echo done").out == b"done\n"
    assert not (tmp_path / "late").exists()
    eventually(tmp_path / "late", "late\n")


def test_much_output_comes_whole(link: Link) -> None:
    assert python(link, "print('x' * 9_000_000)").out == b"x" * 9_000_000 + b"\n"
    assert len(shell(link, "cat", b"y" * 3_000_000).out) == 3_000_000


def test_a_long_one_keeps_no_other_waiting(link: Link, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        long = pool.submit(shell, link, f"while ! test -e {tmp_path}/go; do sleep 0.05; done; echo long")
        assert shell(link, "echo short").out == b"short\n"
        assert not long.done()
        (tmp_path / "go").touch()
        assert long.result().out == b"long\n"


def test_a_file_is_its_owners_alone(link: Link, tmp_path: Path) -> None:
    assert link.run({"do": "put", "path": str(tmp_path / "file")}, b"content\xff") == Reply(0, b"", b"")
    assert (tmp_path / "file").read_bytes() == b"content\xff"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    reply = link.run({"do": "put", "path": str(tmp_path / "no" / "file")}, b"")
    assert reply is not None and reply.rc == 1 and b"No such file" in reply.err


def test_a_noisy_login_is_passed_over() -> None:
    noisy = Link(("sh", "-c", f"echo welcome; printf 'and more '; exec {sys.executable} {BOOT}"))
    assert shell(noisy, "echo here").out == b"here\n"
    noisy.close(5)


@pytest.mark.parametrize("words", ["exit 1", "exec /no/python3", "yes", "exec sleep 60"])
def test_where_no_program_comes_up_it_is_declined(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsharden.play.standby.link._PATIENCE", 0.5)
    with pytest.raises(Declined):
        Link(("sh", "-c", words))


def test_a_broken_connection_is_told_and_what_runs_ends_by_itself(tmp_path: Path) -> None:
    # What is killed stands for the ssh here; the program on the host goes on, with nobody at the other end.
    link = Link((sys.executable, "-c", PIPE, *HERE))
    with ThreadPoolExecutor() as pool:
        running = pool.submit(shell, link, f"echo on > {tmp_path}/on; sleep 1; echo done > {tmp_path}/end")
        eventually(tmp_path / "on", "on\n")
        link._process.kill()
        with pytest.raises(Lost):
            running.result(10)
    eventually(tmp_path / "end", "done\n")
    assert link.run({"do": "sh", "command": "true"}, b"") is None


def test_letting_go_waits_for_answers(link: Link, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        running = pool.submit(shell, link, f"touch {tmp_path}/on; sleep 0.5; echo end")
        eventually(tmp_path / "on", "")
        link.close()
        assert running.result().out == b"end\n"


def test_nothing_is_lost_where_nothing_ran(link: Link) -> None:
    """A host that was started anew between two tasks: what was not begun can be begun elsewhere."""
    parent = int(python(link, "import os; print(os.getppid())").out)
    os.kill(parent, signal.SIGKILL)
    link._process.wait()
    assert link.run({"do": "sh", "command": "true"}, b"") is None


def test_ansibles_scripts_have_the_form_that_is_known(tmp_path: Path) -> None:
    """Else each task would compile Ansible's libraries again: right, but slow."""
    # The script is kept where it is made when Ansible is told to keep it.
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_KEEP_REMOTE_FILES": "1",
        "ANSIBLE_REMOTE_TMP": str(tmp_path),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
    }
    ansible = str(Path(sys.executable).with_name("ansible"))
    python = f"ansible_python_interpreter={sys.executable}"
    words = [ansible, "localhost", "-c", "local", "-m", "ping", "-i", "localhost,", "-e", python]
    subprocess.run(words, env=environment, check=True, capture_output=True)
    (script,) = tmp_path.rglob("AnsiballZ_ping.py")
    program = Path(sys.modules[Link.__module__].__file__ or "").with_name("program.py")
    names: dict[str, object] = {}
    exec(program.read_text(encoding="utf-8"), names)
    libraries = names["Libraries"]()  # type: ignore[operator]
    libraries.learn(script.read_bytes())
    assert len(libraries.codes) > 20
    compiled = len(libraries.codes)
    libraries.learn(script.read_bytes())
    assert len(libraries.codes) == compiled


LIAR = """
import re, sys, time
seen = b""
while not (found := re.search(rb"opsharden stands by [0-9a-f]{16}", seen)):
    seen += sys.stdin.buffer.read1()
sys.stdout.buffer.write(found[0] + b"\\n")
sys.stdout.buffer.flush()
while b'"command": "true"' not in seen:
    seen += sys.stdin.buffer.read1()
sys.stdout.buffer.write(ANSWER)
sys.stdout.buffer.flush()
time.sleep(60)
"""


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id": 1, "rc": 0, "out": 1000000000000, "err": 0}\n',
        b'{"id": 1, "rc": 0, "out": -1, "err": 0}\n',
        b'{"id": 1, "rc": 0, "out": "x", "err": 0}\n',
        b'{"id": 1, "rc": "x", "out": 0, "err": 0}\n',
        b'{"id": [1], "rc": 0, "out": 0, "err": 0}\n',
        b"[]\n",
        b"x" * 100_000,
    ],
)
def test_what_a_host_answers_is_not_believed(answer: bytes) -> None:
    here = Link((sys.executable, "-c", LIAR.replace("ANSWER", repr(answer))))
    with ThreadPoolExecutor(1) as pool, pytest.raises(Lost):
        pool.submit(shell, here, "true").result(20)
    here.close(0.1)
