"""Checks found by real pytest, once per run, so that collection, parametrisation and assertions are pytest's own."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import pytest

from opsharden.errors import CatalogueError
from opsharden.probe.judging.marker import Wants, declare_marker, once_for_each, without_control

_LEFT_OUT = (
    *("cacheprovider", "terminal", "pytest11.testinfra", "testinfra", "opsharden"),
    # These watch for mistakes of other tests; one of them collects garbage for longer than all else takes.
    *("unraisableexception", "threadexception", "faulthandler"),
)
ARGUMENTS = (
    "--import-mode=importlib",
    # Our own settings only: a pytest.ini next to the user's tests configures the user's runs, not ours.
    "-c",
    str(Path(__file__).with_name("pytest.ini")),
    "--rootdir",
    "/",
    # Neither testinfra's fixture `host` nor the plain runs' fixtures: ours alone decide which host is looked at.
    *(word for plugin in _LEFT_OUT for word in ("-p", f"no:{plugin}")),
    # A test that is expected to fail still says something about the host.
    "--runxfail",
)
"""How pytest is called, to collect and to run."""


@dataclass(frozen=True, slots=True)
class Check:
    """One test function, once for each set of parameters it has.

    Attributes:
        control: The control it judges.
        item: pytest's own item.
        folder: The folder of checks it is in: assertions raised from there are judgements.
        needs_root: Whether it can only look as root.
        doc: First line of its docstring.
        marked: Whether it names its control itself; else the control is made up from the test's own name.
    """

    control: str
    item: pytest.Function
    folder: Path
    needs_root: bool
    doc: str
    marked: bool

    def judges(self, error: BaseException) -> bool:
        """Whether an assertion is this check's judgement of the host, and not a failure inside a library it uses."""
        return self.holds(traceback.extract_tb(error.__traceback__)[-1].filename)

    def holds(self, filename: str) -> bool:
        """Whether a file is of its folder."""
        return filename.startswith((str(self.folder), str(self.folder.resolve())))


class _Collector:
    """A pytest plugin that keeps what was collected and what could not be; its fixtures only hold the names."""

    def __init__(self, wants: Wants) -> None:
        self._wants = wants
        self.items: list[pytest.Item] = []
        self.broken: list[str] = []

    @pytest.fixture
    def host(self) -> None: ...

    @pytest.fixture
    def values(self) -> None: ...

    @pytest.fixture
    def asset(self) -> None: ...

    @pytest.fixture
    def peer(self) -> None: ...

    def pytest_configure(self, config: pytest.Config) -> None:
        declare_marker(config)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        once_for_each(metafunc, self._wants)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            lines = [line for line in str(report.longrepr).splitlines() if line.startswith("E ")]
            self.broken.append(f"{report.nodeid}: {(lines or [str(report.longrepr)])[-1].lstrip('E ').strip()}")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = list(session.items)


class OnTheWay:
    """A pytest plugin that passes over what lies beside the way to some folders.

    pytest looks at whatever is in each folder above them; a home folder may hold thousands of files.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._inside = tuple(f"{folder.absolute()}{os.sep}" for folder in folders)

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """True passes over it; None leaves it to pytest."""
        path = f"{str(collection_path).rstrip(os.sep)}{os.sep}"
        is_near = path.startswith(self._inside) or any(folder.startswith(path) for folder in self._inside)
        return None if is_near else True


class Pool(Mapping[str, tuple[Check, ...]]):
    """All checks below some folders, by the control they judge. They are collected when the first one is asked for.

    Any thread may ask; it waits where another is collecting.
    """

    def __init__(self, folders: Sequence[Path], cache: Path, wants: Wants) -> None:
        self._folders = folders
        self._wants = wants
        self._cache = cache
        self._lock = Lock()
        self._found: dict[str, tuple[Check, ...]] | None = None

    def __getitem__(self, control: str) -> tuple[Check, ...]:
        return self._collected()[control]

    def __iter__(self) -> Iterator[str]:
        return iter(self._collected())

    def __len__(self) -> int:
        return len(self._collected())

    def _collected(self) -> dict[str, tuple[Check, ...]]:
        with self._lock:
            if self._found is None:
                found: dict[str, tuple[Check, ...]] = {}
                for check in collect(self._folders, self._cache, self._wants):
                    found[check.control] = (*found.get(check.control, ()), check)
                self._found = found
            return self._found


def collect(
    folders: Sequence[Path], cache: Path | None = None, wants: Wants = MappingProxyType({})
) -> tuple[Check, ...]:
    """Find all checks below the folders.

    Args:
        folders: Folders of pytest files.
        wants: What controls that are data want, by their kind: a check of that kind is there once for each.
        cache: Where the compiled checks are kept, so that the next run need not compile them.

    Raises:
        CatalogueError: A file of checks cannot be imported, or is no pytest file.
    """
    folders = [folder for folder in folders if folder.is_dir()]
    if not folders:
        return ()
    collector = _Collector(wants)
    arguments = ["--collect-only", *ARGUMENTS, *map(str, folders)]
    said = io.StringIO()
    with (
        _own_bytecode(folders, cache),
        _own_plugins(),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        status = pytest.main(arguments, plugins=[collector, OnTheWay(folders)])
    if collector.broken:
        raise CatalogueError(f"A file of checks cannot be read: {collector.broken[0]}", "Run pytest on that folder.")
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise CatalogueError(f"The checks cannot be collected: {' '.join(said.getvalue().split())[-300:]}")
    items = [item for item in collector.items if isinstance(item, pytest.Function) and not without_control(item)]
    real = {folder: folder.resolve() for folder in folders}
    files = {path: path.resolve() for path in {item.path for item in items}}
    inside = {path: next(folder for folder in folders if files[path].is_relative_to(real[folder])) for path in files}
    return tuple(_check(item, inside[item.path]) for item in items)


def _check(item: pytest.Function, folder: Path) -> Check:
    marker = item.get_closest_marker("control")
    doc = (item.obj.__doc__ or "").strip().splitlines()
    name = str(marker.args[0]) if marker and marker.args else _own_name(item)
    needs_root = bool(marker.kwargs.get("root", True)) if marker else False
    return Check(name, item, folder, needs_root, doc[0] if doc else "", marker is not None)


def _own_name(item: pytest.Function) -> str:
    """A stable control id for a plain test: `own-web-nginx-runs` for test_nginx_runs in test_web.py."""
    parts = f"{item.path.stem.removeprefix('test_')}-{item.originalname.removeprefix('test_')}"
    return "own-" + "-".join(part for part in parts.lower().replace("_", "-").split("-") if part)


@contextlib.contextmanager
def _own_bytecode(folders: Sequence[Path], cache: Path | None) -> Iterator[None]:
    """Keep rewritten checks away from other runs' caches.

    pytest caches rewritten files without noting whether they report passing assertions, which we need; and it goes by
    time and size of a file, where we go by its content.
    """
    before = sys.pycache_prefix, sys.dont_write_bytecode
    with tempfile.TemporaryDirectory(prefix="opsharden-") as nowhere:
        kept = cache / _digest(folders) if cache else Path(nowhere)
        sys.pycache_prefix, sys.dont_write_bytecode = str(kept), cache is None
        try:
            yield
        finally:
            sys.pycache_prefix, sys.dont_write_bytecode = before
    if cache and cache.is_dir():
        by_age = sorted(cache.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in by_age[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)


def _digest(folders: Sequence[Path]) -> str:
    whole = sha256(f"{sys.version}\0{pytest.__version__}".encode())
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        whole.update(f"\0{path}\0".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()[:16]


@contextlib.contextmanager
def _own_plugins() -> Iterator[None]:
    """Load no plugin that happens to be installed: what is not ours could change what a check means."""
    before = os.environ.get(_AUTOLOAD)
    os.environ[_AUTOLOAD] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_AUTOLOAD]
        else:
            os.environ[_AUTOLOAD] = before


_AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
_KEPT = 5
