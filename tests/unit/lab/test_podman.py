import stat
from pathlib import Path

import pytest

from opsharden.errors import LabError
from opsharden.lab import podman

# Recorded from podman 4.3.1 with runc 1.1.5 and netavark 1.4.0.
RECORDED = [
    (
        "Error: crun: cgroups in hybrid mode not supported, drop all controllers from cgroupv1 or use cgroupv2: "
        "OCI runtime error\n",
        "hybrid cgroups",
    ),
    (
        "Error: runc: runc create failed: unable to start container process: error during container init: "
        "error setting rlimits for ready process: error setting rlimit type 7: operation not permitted: "
        "OCI permission denied\n",
        "limits of this shell",
    ),
    (
        'Error: creating container storage: the container name "opsharden-x-hub" is already in use by 52acc33f7393. '
        "You have to remove that container to be able to reuse that name: that name is already in use\n",
        "container with the name of a lab host",
    ),
    ("Error: network name opsharden-x already used: network already exists\n", "network with the name of this lab"),
    ("Error: netavark: No such file or directory (os error 2)\n", "needs the program iptables"),
]


@pytest.mark.parametrize(("stderr", "sentence"), RECORDED)
def test_known_failures_become_a_sentence_and_advice(stderr: str, sentence: str) -> None:
    error = podman.explain("run", stderr)
    assert sentence in error.message
    assert error.advice
    assert "OCI" not in error.message


def test_an_unknown_failure_is_quoted_in_one_line() -> None:
    error = podman.explain("run", "time=now level=warning msg=hm\nError: something quite new\n")
    assert error.message == "`podman run` failed; it said: something quite new"


def test_silence_is_said_too() -> None:
    assert podman.explain("ps", "").message == "`podman ps` failed; it said: nothing at all"


def _fake(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    program = folder / "podman"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_no_podman_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="podman is not installed") as caught:
        podman.ask("ps")
    assert podman.PACKAGES in caught.value.advice


def test_a_podman_that_hangs_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _fake(monkeypatch, tmp_path, "exec sleep 60")
    with pytest.raises(LabError, match="`podman ps` did not finish within 0 seconds"):
        podman.ask("ps", timeout=0.2)


def test_standard_input_reaches_podman_and_json_comes_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _fake(monkeypatch, tmp_path, "cat")
    assert podman.ask("exec", stdin=" said \n") == "said"
    assert podman.ask_json("ps") == []
