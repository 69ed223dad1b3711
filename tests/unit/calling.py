"""opsharden called in a process of its own that need not load Python and its libraries first: a fork of this one."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from opsharden.cli import console, main

for module, *_ in main.VERBS.values():
    importlib.import_module(module)


def opsharden(
    *words: str, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What a call comes to, where nobody is there to type anything.

    Args:
        words: Behind `opsharden`.
        folder: Where it is called; here where None.
        env: What else its environment has.
    """
    with TemporaryFile() as out, TemporaryFile() as err:
        pid = os.fork()
        if not pid:
            _be_it(words, folder, env or {}, out.fileno(), err.fileno())
        _, status = os.waitpid(pid, 0)
        said, complained = (os.pread(file.fileno(), 1 << 24, 0).decode() for file in (out, err))
    return subprocess.CompletedProcess(words, os.waitstatus_to_exitcode(status), said, complained)


def _be_it(words: tuple[str, ...], folder: Path | None, env: Mapping[str, str], out: int, err: int) -> None:
    """Be the process that was called, to its end: nothing of the tests goes on here."""
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        os.environ |= {"COLUMNS": "200", **env}
        os.chdir(folder or Path.cwd())
        sys.argv = ["opsharden", *words]
        console.stdout.cache_clear()
        console.stderr.cache_clear()
        main.run()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
