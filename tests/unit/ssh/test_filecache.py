import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opsharden.ssh.filecache import FileCache


def test_a_file_is_read_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    path, reads = tmp_path / "file", list[Path]()

    def read(path: Path) -> str:
        reads.append(path)
        return path.read_text()

    kept = FileCache(read, beside=(".more",))
    with pytest.raises(FileNotFoundError):
        kept(path)
    path.write_text("one")
    assert [kept(path), kept(path)] == ["one", "one"]
    assert len(reads) == 2, "the error was not kept"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_text("two")
    os.utime(path, ns=times)
    assert kept(path) == "two", "of the same size and time"
    path.with_name("file.more").touch()
    assert kept(path) == "two"
    assert len(reads) == 4, "what counts as part of it has changed"


def test_many_at_once_read_a_file_once(tmp_path: Path) -> None:
    times = []

    def read(path: Path) -> str:
        times.append(path)
        time.sleep(0.05)
        return path.read_text()

    (tmp_path / "file").write_text("x")
    kept = FileCache(read)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(kept, [tmp_path / "file"] * 8)) == {"x"}
    assert len(times) == 1
