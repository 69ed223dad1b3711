"""Ansible's ssh, which has a Python that stands by on the host run what it can.

Loaded by Ansible in its own process, never imported by us. The first thing that happens on a host goes Ansible's own
way and makes the connection, with all its checks and its messages; what follows goes over that connection. Whatever is
out of the ordinary (a password for sudo, a terminal, a large file, a host without python3) goes Ansible's way, too.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from multiprocessing.connection import Client
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ssh

DOCUMENTATION = ssh.DOCUMENTATION.replace("name: ssh", "name: opsharden_ssh", 1)

_RELAY = os.environ.get("OPSHARDEN_RELAY", "")
_LARGE = 1 << 20
_SHELL = ("exec python3", "")
# The end of a command that runs a module: the interpreter, and what closes the quotes around it.
_MODULE = re.compile(r"""(?P<python>[/\w.-]*python[\d.]*)(?P<rest>['"\s]*&& sleep 0['"\s]*|['"\s]*)$""")
# What ssh says where sshd closes the connection before anybody logged in: it lets so many begin at once and no more
# (MaxStartups of sshd_config(5)), and a host that many others are delegated to has more. Nothing was begun there.
_TURNED_AWAY = "kex_exchange_identification"
_TRIES = 6
_NONCE = re.compile(r"BECOME-SUCCESS-\w+")


class Connection(ssh.Connection):  # type: ignore[misc]  # Ansible ships no types
    """What differs from ssh: who runs the command."""

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command on the host."""
        done = None
        if in_data and (found := _MODULE.search(cmd)):
            start = cmd[: found.end("python")], cmd[found.end("python") :]
            # A program that waits for sudo's question could not be told from one that is slow.
            if not (self.become and self.become.get_option("become_pass")):
                done = self._standby(start, {"do": "python"}, in_data)
        elif not sudoable:  # what is left is given a terminal, or is Ansible's to do
            done = self._standby(_SHELL, {"do": "sh", "command": cmd}, in_data or b"")
        return done or self._by_ssh(cmd, in_data, sudoable)

    def _by_ssh(self, cmd: str, in_data: bytes | None, sudoable: bool) -> tuple[int, bytes, bytes]:
        """Run a command Ansible's way; where the host has no room for one more login, a little later."""
        for tried in range(1, _TRIES):
            try:
                return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)  # type: ignore[no-any-return]
            except AnsibleConnectionFailure as error:
                if _TURNED_AWAY not in str(error):
                    raise
                time.sleep(random.uniform(0.1, tried))  # noqa: S311 - so that they do not all come again at once
        return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)  # type: ignore[no-any-return]

    def put_file(self, in_path: str, out_path: str) -> tuple[int, bytes, bytes]:
        """Bring a file to the host."""
        path = Path(os.fsdecode(in_path))
        if path.is_file() and path.stat().st_size < _LARGE and Path(out_path).is_absolute():
            done = self._standby(_SHELL, {"do": "put", "path": out_path}, path.read_bytes())
            if done and done[0] == 0:
                return done
        return super().put_file(in_path, out_path)  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Let go of the connection and of all that stands by at its end."""
        if (words := self._connection()) is not None:
            _ask({"do": "forget", "words": words, "start": ("", ""), "key": _key(words)}, b"")
        super().reset()

    def _standby(self, start: tuple[str, str], what: dict[str, str], body: bytes) -> tuple[int, bytes, bytes] | None:
        """Have the program that the command starts on the host run something; None where Ansible is to do it.

        Args:
            start: Of the command that starts it, what comes before the arguments of its python3, and what comes after.
            what: For the program.
            body: For the program.

        Raises:
            AnsibleConnectionFailure: The connection broke meanwhile.
        """
        words = self._connection()
        if words is None:
            return None
        answer = _ask({**what, "words": words, "start": start, "key": _key(words, *start)}, body)
        if "lost" in answer[0]:
            raise AnsibleConnectionFailure("The connection broke while something ran on the host.")
        return (answer[0]["rc"], answer[1], answer[2]) if "rc" in answer[0] else None

    def _connection(self) -> list[str] | None:
        """The ssh that runs a command over the connection there is; None where there is none of the plain kind."""
        if not _RELAY or getattr(self._shell, "_IS_WINDOWS", False) or self._is_tty_requested():
            return None
        if self.get_option("password") or self._play_context.password or self.get_option("private_key"):
            return None
        self.host = self.get_option("host") or self._play_context.remote_addr
        words = self._build_command(self.get_option("ssh_executable"), "ssh", self.host)
        option = next((word for word in words if word.startswith(b"ControlPath=")), b"=")
        path = Path(os.fsdecode(option.partition(b"=")[2].strip(b'"')))
        return [os.fsdecode(word) for word in words] if path.is_socket() else None


def _key(words: list[str], *start: str) -> str:
    """What a program is known by: how it is reached and started, less what is another each time."""
    return "\0".join((*words, _NONCE.sub("", "".join(start))))


def _ask(request: dict[str, object], body: bytes) -> tuple[dict[str, int], bytes, bytes]:
    """Ask the relay: its answer, and what was printed. Where there is no relay, Ansible is on its own."""
    try:
        with Client(_RELAY, family="AF_UNIX") as relay:
            relay.send_bytes(json.dumps(request).encode())
            relay.send_bytes(body)
            head = json.loads(relay.recv_bytes())
            return (head, relay.recv_bytes(), relay.recv_bytes()) if "rc" in head else (head, b"", b"")
    except (ConnectionRefusedError, FileNotFoundError):
        return {}, b"", b""
    except (OSError, EOFError):
        return {"lost": True}, b"", b""
