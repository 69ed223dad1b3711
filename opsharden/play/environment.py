"""The environment of an Ansible run: ours alone, so that nothing of the user's shell changes a run or leaks into it."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

_KEPT = ("HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TMPDIR")


def environment(folder: Path, known_hosts: Sequence[Path], run_id: str) -> dict[str, str]:
    """The whole environment of a run.

    Args:
        folder: The run's private folder.
        known_hosts: Files of pinned host keys.
        run_id: The run, so that its processes can be told from others'.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    pinned = shlex.quote(f"UserKnownHostsFile={' '.join(map(str, known_hosts))}")
    return {
        **kept,
        # Ansible's programs lie beside our Python, which need not be on the user's PATH.
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "OPSHARDEN_RUN": run_id,
        # An empty configuration of our own: the user's ansible.cfg is about the user's own runs.
        "ANSIBLE_CONFIG": str(_empty_configuration(folder)),
        "ANSIBLE_HOME": str(folder / "home"),
        # runner turns host key checking off unless it is told otherwise.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_SSH_ARGS": f"-o ControlMaster=auto -o ControlPersist=60s -o StrictHostKeyChecking=yes -o {pinned}",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_TIMEOUT": "15",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_NOCOLOR": "True",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
    }


def _empty_configuration(folder: Path) -> Path:
    path = folder / "ansible.cfg"
    path.touch(0o600)
    return path
