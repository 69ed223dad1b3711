"""The environment Ansible runs in: the user's, which templates may look at, less all that would steer Ansible."""

from __future__ import annotations

import math
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "OPSHARDEN_PLAY"
"""Names, in the environment of every process of a play on this machine, the play's private folder."""

OWN_SSH = "opsharden_ssh"
"""The connection plugin that takes the place of Ansible's `ssh`."""

RELAY = "OPSHARDEN_RELAY"
"""Tells Ansible's workers where the relay to the programs on standby listens; empty where there is none."""

_STEERS = ("ANSIBLE_", "PYTHON", "RUNNER_", "LC_", "LANG")
_CALLBACKS = Path(__file__).with_name("callback")
_CONNECTIONS = Path(__file__).with_name("connection")
_SETTINGS = {
    "ANSIBLE_ANY_ERRORS_FATAL": "False",
    "ANSIBLE_DEPRECATION_WARNINGS": "False",
    "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "False",
    "ANSIBLE_GATHERING": "explicit",
    # ansible-runner turns this off where it is not set.
    "ANSIBLE_HOST_KEY_CHECKING": "True",
    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
    "ANSIBLE_LOCALHOST_WARNING": "False",
    "ANSIBLE_NOCOLOR": "True",
    "ANSIBLE_NOCOWS": "True",
    "ANSIBLE_PIPELINING": "True",
    "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
    # Ansible's own choice, ~/.ansible/tmp, stays behind on every host, for the account and for root. What it puts below
    # this one has a name nobody can foresee, is its owner's alone, and goes.
    "ANSIBLE_REMOTE_TMP": "/tmp",  # noqa: S108 - as said above
    "ANSIBLE_RETRY_FILES_ENABLED": "False",
    # ansible-runner's callback is built upon this one; the usual one would print every failed result in full.
    "ANSIBLE_STDOUT_CALLBACK": "opsharden_quiet",
    "ANSIBLE_TIMEOUT": "15",
    # There is nobody to answer a question in a window.
    "SSH_ASKPASS_REQUIRE": "never",
    # For hosts whose inventory entry does not say how to reach them.
    "ANSIBLE_TRANSPORT": OWN_SSH,
}


def environment(
    private: Path,
    roles_path: Sequence[Path],
    shell: Mapping[str, str],
    *,
    task_timeout: float = 0,
    standby: bool = True,
) -> dict[str, str]:
    """All variables of the supervisor and of what it starts.

    The user's ansible.cfg and ANSIBLE_* variables are left out on purpose: how to reach a host is the inventory's to
    say, and how to run is ours; a `host_key_checking = False` lying about must not reach a host. All else comes along,
    for `lookup('env', …)` in an inventory has to find for Ansible what it finds for us.

    Args:
        private: The play's private folder; all that Ansible keeps for itself goes there.
        roles_path: Folders of roles.
        shell: The variables we were started with.
        task_timeout: Seconds a task may take on a host; 0 for ever.
        standby: Whether a Python may stand by on the hosts; without one, Ansible works as ever.
    """
    return {
        **{name: value for name, value in shell.items() if not name.startswith(_STEERS)},
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), shell.get("PATH", os.defpath))),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        MARK: str(private),
        RELAY: str(private / "relay") if standby else "",
        **_SETTINGS,
        "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
        "ANSIBLE_CONNECTION_PLUGINS": str(_CONNECTIONS),
        "ANSIBLE_CONFIG": str(private / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(private / "tmp"),
        "ANSIBLE_ROLES_PATH": os.pathsep.join(map(str, roles_path)),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(private / "cp"),
        "ANSIBLE_TASK_TIMEOUT": str(math.ceil(task_timeout)),
    }


SSH_CONFIG = "ssh_config"
"""Where in the private folder the conditions are, for those that ssh itself starts to get over jump hosts."""

OWN_SSH_ARGS = "opsharden_ssh_args"
"""The variable with what the inventory has in `ansible_ssh_args`; we need that one for ourselves."""


def ssh_config(known_hosts: Sequence[Path]) -> str:
    """What a play gives ssh to read: which keys hosts are held to, and behind that the user's and the system's files.

    To the ssh that it starts for a jump host, ssh hands on the file it was given, and nothing of its command line.
    """
    conditions = (f"{name} {value}" for name, value in _conditions(known_hosts).items())
    files = (Path("~/.ssh/config").expanduser(), Path("/etc/ssh/ssh_config"))
    return "".join(f"{line}\n" for line in (*conditions, *(f'Include "{file}"' for file in files)))


def connection_vars(private: Path, known_hosts: Sequence[Path]) -> dict[str, object]:
    """Variables that no inventory may overrule: against which keys hosts are held, and where connections are kept.

    They come first on ssh's command line, where the first of two `-o` of one name wins: see ssh_config(5).
    """
    options = {**_conditions(known_hosts), "ControlMaster": "auto", "ControlPersist": "60s"}
    words = ["-F", str(private / SSH_CONFIG)]
    words += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return {
        "ansible_ssh_args": f"{shlex.join(words)} {{{{ {OWN_SSH_ARGS} | default('') }}}}",
        "ansible_host_key_checking": True,
        "ansible_ssh_host_key_checking": True,
        "ansible_control_path_dir": str(private / "cp"),
    }


def _conditions(known_hosts: Sequence[Path]) -> dict[str, str]:
    return {
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": " ".join(f'"{path}"' for path in known_hosts) or "none",
        "GlobalKnownHostsFile": "none",
        "UpdateHostKeys": "no",
        # A host that is frozen, or gone without a word, is given up within a minute; see ssh_config(5).
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "3",
    }
