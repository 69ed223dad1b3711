"""What hosts were asked last time, so that this time all of it is asked in one go.

A host is asked ahead what its checks asked last time; one that is new, what others of its platform were asked. While
nobody of a platform is known, one host leads and the others wait for what it learns.

It only ever saves time: a file that is lost or damaged costs a slower run. And since whoever can write it could have a
host asked anything, nothing is asked ahead that is not certain to change nothing.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Condition

from opsharden.probe.shell.readonly import is_read_only

Asked = Mapping[str, Sequence[str]]
"""The host that was asked (empty: the host itself) to the commands, in order."""

_PATIENCE = 10.0
"""Seconds to wait for the host that leads. Beyond that, asking anew is quicker than waiting on."""
_KEPT = 50


class Learnt:
    """What is known for hosts that are to have the same controls, by the same checks. Any thread may call it.

    A command with a secret in it is not learnt; `is_secret` tells.
    """

    def __init__(self, path: Path, is_secret: Callable[[str], bool] = lambda _: False) -> None:
        self._path = path
        self._is_secret = is_secret
        self._sets: dict[str, tuple[str, ...]] = {}
        self._hosts: dict[str, dict[str, str]] = {}
        self._platforms: dict[str, str] = {}
        self._leading: set[str] = set()
        self._renewed: set[str] = set()
        self._changed = Condition()
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            self._read(json.loads(path.read_text(encoding="utf-8")))

    def prefetch(self, host: str, platform: str) -> Asked:
        """What to ask a host ahead. Nothing at all for the one that leads: it is to `record`, whatever happens to it.

        Args:
            host: Inventory name.
            platform: As its transport says; empty where it is not known.
        """
        with self._changed:
            if host in self._hosts:
                return {who: self._sets[key] for who, key in self._hosts[host].items()}
            if platform and platform not in self._platforms:
                if platform in self._leading:
                    self._changed.wait_for(lambda: platform not in self._leading, _PATIENCE)
                else:
                    self._leading.add(platform)
            key = self._platforms.get(platform)
            return {"": self._sets[key]} if key else {}

    def record(self, host: str, platform: str, asked: Asked | None) -> None:
        """Keep what a host was asked.

        Args:
            host: Inventory name.
            platform: As for `prefetch`.
            asked: What the checks asked; None where the host was lost before they were through.
        """
        with self._changed:
            self._leading.discard(platform)
            self._changed.notify_all()
            if asked is None:
                return
            kept = {who: tuple(filter(self._may_be_kept, commands)) for who, commands in asked.items()}
            self._hosts[host] = {who: self._keep(commands) for who, commands in kept.items() if commands}
            own = self._hosts[host].get("")
            if platform and own and (platform not in self._renewed or len(kept[""]) > self._length(platform)):
                # Of the hosts of this run, the one that was asked most: one that was lost half-way tells too little.
                self._renewed.add(platform)
                self._platforms[platform] = own

    def save(self) -> None:
        """Write it down for the next run, whole or not at all; without saying so where it cannot be written."""
        with self._changed:
            used = {key for sets in self._hosts.values() for key in sets.values()} | set(self._platforms.values())
            whole = {
                "sets": {key: commands for key, commands in self._sets.items() if key in used},
                "hosts": self._hosts,
                "platforms": self._platforms,
            }
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False, encoding="utf-8") as file:
                json.dump(whole, file)
            Path(file.name).replace(self._path)
            self._forget()

    def _length(self, platform: str) -> int:
        return len(self._sets[self._platforms[platform]])

    def _may_be_kept(self, command: str) -> bool:
        return is_read_only(command) and not self._is_secret(command)

    def _keep(self, commands: tuple[str, ...]) -> str:
        key = sha256("\0".join(commands).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._sets[key] = commands
        return key

    def _read(self, whole: Mapping[str, Mapping[str, object]]) -> None:
        sets = {
            str(key): tuple(command for command in commands if isinstance(command, str) and is_read_only(command))
            for key, commands in whole["sets"].items()
            if isinstance(commands, list)
        }
        hosts = {
            str(host): {str(who): str(key) for who, key in keys.items() if key in sets}
            for host, keys in whole["hosts"].items()
            if isinstance(keys, dict)
        }
        platforms = {str(name): str(key) for name, key in whole["platforms"].items() if key in sets}
        self._sets, self._hosts, self._platforms = sets, hosts, platforms

    def _forget(self) -> None:
        """Sets of checks that have changed since are not asked for again: the oldest files go."""
        files = sorted(self._path.parent.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[_KEPT:]:
            path.unlink()
