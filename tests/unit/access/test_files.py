"""The script that looks for a key, in files of the test's."""

import os
import subprocess
from importlib.resources import files
from pathlib import Path


def test_a_key_is_found_and_what_is_no_file_of_keys_is_not_read(tmp_path: Path) -> None:
    good, large, waits, endless = (tmp_path / name for name in ("good", "large", "waits", "endless"))
    good.write_text("# ssh-ed25519 AAAAkey old\nssh-ed25519 AAAAother\nssh-ed25519 AAAAkey me\n", encoding="utf-8")
    with large.open("wb") as file:
        file.write(b"ssh-ed25519 AAAAkey me\n")
        file.truncate(1 << 40)
    os.mkfifo(waits)
    endless.symlink_to("/dev/zero")
    script = files("opsharden.access").joinpath("files.sh").read_text(encoding="utf-8")
    said = subprocess.run(
        ["/bin/sh", "-s", "AAAAkey", *map(str, (waits, endless, large, good))],
        input=script, capture_output=True, text=True, check=True, timeout=20,
    ).stdout.splitlines()  # fmt: skip
    assert [line for line in said if line.startswith("line ")] == ["line 3 3 ssh-ed25519 AAAAkey me"]
    assert said[-1] == "end"
