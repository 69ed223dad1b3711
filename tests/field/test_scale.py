"""A fleet that is not there: ten thousand hosts that refuse cost two minutes and little memory, and are one cause."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

HOSTS = 10_000
SECONDS, MEGABYTES, LARGEST = 120, 400, 20 << 20


def test_ten_thousand_hosts_that_refuse(tmp_path: Path) -> None:
    entries = [f"    h{n:05}: {{ansible_host: 127.1.{n // 250}.{n % 250 + 1}}}" for n in range(HOSTS)]
    (tmp_path / "hosts.yml").write_text("\n".join(["all:", "  vars: {ansible_port: 1}", "  hosts:", *entries]) + "\n")
    (tmp_path / "opsharden.toml").write_text('inventory = ["hosts.yml"]\nprofiles = ["baseline-1"]\n')
    outputs = [word for name in ("json", "html", "junit", "csv") for word in ("-o", f"{name}:{tmp_path}/out.{name}")]
    began = time.monotonic()
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "opsharden", "verify", *outputs], cwd=tmp_path, stdout=said, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 4
    assert time.monotonic() - began < SECONDS
    assert used.ru_maxrss / 1024 < MEGABYTES
    for name in ("json", "html", "junit", "csv"):
        assert (tmp_path / f"out.{name}").stat().st_size < LARGEST
    record = json.loads((tmp_path / "out.json").read_text())
    assert (record["population"]["unreachable"], record["findings"]) == (HOSTS, [])
