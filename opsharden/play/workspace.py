"""The private folder of one Ansible run: 0700, filled from the request, gone afterwards whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import yaml

from opsharden.play.request import PlayRequest

PREFIX = "opsharden-play-"


def make(request: PlayRequest) -> tuple[Path, dict[str, Any]]:
    """Make the folder of a run and write into it all that Ansible is to read.

    Returns:
        The folder, and the arguments for `ansible_runner.run`; the arguments hold no secret.
    """
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        return folder, _arguments(folder, request)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def sweep() -> None:
    """Remove folders of runs whose process is gone: they were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)) and folder.stat().st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)


def _arguments(folder: Path, request: PlayRequest) -> dict[str, Any]:
    playbook = _write(folder / "play.yml", yaml.safe_dump([_play(request)]))
    content = request.content
    defaults = _inventory(folder / "defaults.json", {"vars": dict(content.default_vars)})
    overlay = _inventory(
        folder / "overlay.json", {"hosts": {name: dict(content.host_vars.get(name, {})) for name in request.hosts}}
    )
    _write(folder / "hosts", "\n".join(request.hosts))
    words = ["--limit", f"@{folder / 'hosts'}", *_unlocking(folder, request)]
    if content.tags:
        words += ["--tags", ",".join(content.tags)]
    if content.extra_vars:
        words += ["-e", f"@{_write(folder / 'extra.json', json.dumps(dict(content.extra_vars), default=str))}"]
    if request.check:
        words += ["--check"]
    return {
        "private_data_dir": str(folder),
        "playbook": str(playbook),
        # The overlay last: its variables win, and it names only hosts that the user's inventory has.
        "inventory": [str(defaults), *request.inventory, str(overlay)],
        "roles_path": ":".join(map(str, content.roles_path)),
        "forks": request.forks,
        "cmdline": " ".join(words),
        "quiet": True,
        # Without these, runner writes the environment and all output into the folder.
        "suppress_env_files": True,
        "settings": {"pexpect_timeout": 1, "suppress_output_file": True},
        "fact_cache": "facts",
    }


def _inventory(path: Path, everyone: Mapping[str, Any]) -> Path:
    return _write(path, json.dumps({"all": everyone}, default=str))


def _play(request: PlayRequest) -> Mapping[str, Any]:
    return {
        "name": "Bring hosts to the declared state",
        "hosts": "all",
        "become": True,
        "gather_facts": False,
        "environment": {"OPSHARDEN_RUN": request.run_id},
        "roles": list(request.content.roles),
    }


def _unlocking(folder: Path, request: PlayRequest) -> list[str]:
    unlock, words = request.unlock, []
    if unlock.become_password is not None:
        path = _write(folder / "become", unlock.become_password.get_secret_value() + "\n")
        words += ["--become-password-file", str(path)]
    if unlock.vault_password is not None:
        path = _write(folder / "vault", unlock.vault_password.get_secret_value() + "\n")
        words += ["--vault-password-file", str(path)]
    if unlock.vault_password_file is not None:
        words += ["--vault-password-file", str(unlock.vault_password_file)]
    return words


def _write(path: Path, text: str) -> Path:
    """Write a file that is its owner's alone from the first byte."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path
