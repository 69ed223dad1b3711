import stat
import subprocess
import sys
from pathlib import Path

import pytest

from opsharden.access import keys
from opsharden.errors import UsageError


def test_ssh_keygen_reads_what_is_made(tmp_path: Path) -> None:
    public = keys.create(tmp_path / "key")
    told = subprocess.run(["ssh-keygen", "-y", "-f", tmp_path / "key"], capture_output=True, text=True, check=True)
    assert told.stdout.split()[:2] == public.read_text().split()[:2]
    assert told.stdout.startswith("ssh-ed25519 ")


def test_the_private_key_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "key"
    subprocess.run(
        [sys.executable, "-c", "import os; os.umask(0); from opsharden.access import keys; from pathlib import Path; "
         f"keys.create(Path({str(path)!r}))"],
        check=True,
    )  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("precious")
    with pytest.raises(FileExistsError):
        keys.create(tmp_path / "key")
    assert (tmp_path / "key").read_text() == "precious"


def test_the_public_half_with_and_without_its_file(tmp_path: Path) -> None:
    public = keys.create(tmp_path / "key")
    line = public.read_text().strip()
    assert keys.public_key(tmp_path / "key") == line
    public.unlink()
    assert keys.public_key(tmp_path / "key") == " ".join(line.split()[:2])


def test_no_key_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        keys.public_key(tmp_path / "key")
    (tmp_path / "key").write_text("no key")
    with pytest.raises(UsageError, match="cannot be read"):
        keys.public_key(tmp_path / "key")
