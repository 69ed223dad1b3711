"""Where Ansible's workers meet the programs on the hosts: workers come and go with every task, the programs stay."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from opsharden.play.standby.link import BOOT, Declined, Link, Lost, Reply

_PATIENCE = 1.0
"""Seconds a program has to go, at the end."""

_TRIES = 3
_IDLE = 60.0
"""Seconds without use after which a program is let go, as ssh's masters are."""


class Relay:
    """Takes what a worker wants run on a host, and gives it back what came of it.

    A request is two messages, a JSON object and a body. `words` is an ssh with all its options, `start` the two parts
    of a command for the host, what comes before a python3's arguments and what comes after; `key` is what the program
    is known by, and the rest is for the program. The answer is a JSON object and, with an `rc`, what was printed to
    stdout and to stderr:

    - {"rc": 0}: it was run;
    - {"declined": true}: it was not begun; Ansible is to do it its own way;
    - {"lost": true}: the connection broke meanwhile;
    - {"forgotten": true}: all programs whose key begins with this one are let go, as was asked by `forget`.
    """

    def __init__(self, socket: Path) -> None:
        """Listen on a socket, which whoever may enter its folder may use."""
        self._listener = Listener(str(socket), family="AF_UNIX", backlog=128)
        self._lock = threading.Lock()
        self._doors: dict[str, threading.Lock] = {}
        self._links: dict[str, Link | None] = {}
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Let all programs go."""
        self._closed = True
        self._listener.close()
        with self._lock:
            links = [link for link in self._links.values() if link]
            self._links.clear()
        closing = [threading.Thread(target=link.close, args=(_PATIENCE,)) for link in links]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    def _accept(self) -> None:
        while not self._closed:
            try:
                worker = self._listener.accept()
            except OSError:
                continue  # a worker that was gone again, or we are closed
            threading.Thread(target=self._serve, args=(worker,), daemon=True).start()

    def _serve(self, worker: Connection) -> None:
        with worker:
            try:
                request, body = json.loads(worker.recv_bytes()), worker.recv_bytes()
                reply = self._answer(request, body)
                if isinstance(reply, Reply):
                    worker.send_bytes(json.dumps({"rc": reply.rc}).encode())
                    worker.send_bytes(reply.out)
                    worker.send_bytes(reply.err)
                else:
                    worker.send_bytes(json.dumps({reply: True}).encode())
            except (OSError, EOFError, ValueError):
                return  # the worker is gone, or none of ours

    def _answer(self, request: dict[str, Any], body: bytes) -> Reply | str:
        key, words, (before, after) = (request.pop(name) for name in ("key", "words", "start"))
        if request["do"] == "forget":
            self._forget_all(lambda each, link: each.startswith(key))
            return "forgotten"
        try:
            return self._run(key, [*words, f"{before} {BOOT}{after}"], request, body)
        except Declined:
            return "declined"
        except Lost:
            return "lost"

    def _run(self, key: str, words: list[str], frame: Mapping[str, Any], body: bytes) -> Reply:
        for _ in range(_TRIES):
            link = self._link(key, words)
            try:
                reply = link.run(frame, body)
            except Lost:
                self._forget(key, link)
                raise
            if reply is not None:
                return reply
            self._forget(key, link)
        raise Declined  # the host changes all the time, or its connection breaks again and again

    def _link(self, key: str, words: list[str]) -> Link:
        self._forget_all(lambda _, link: link.idle > _IDLE)
        with self._lock:
            door = self._doors.setdefault(key, threading.Lock())
        with door:
            with self._lock:
                known, link = key in self._links, self._links.get(key)
            if not known:
                try:
                    link = Link(words)
                except (Declined, OSError):
                    link = None
                with self._lock:
                    self._links[key] = link
        if link is None:
            raise Declined
        return link

    def _forget(self, key: str, link: Link) -> None:
        with self._lock:
            if self._links.get(key) is link:  # and not the one that has taken its place
                del self._links[key]
        # What runs there still comes to its end, and is answered, before the program leaves.
        threading.Thread(target=link.close, daemon=True).start()

    def _forget_all(self, chosen: Callable[[str, Link], bool]) -> None:
        with self._lock:
            found = [(key, link) for key, link in self._links.items() if link and chosen(key, link)]
        for key, link in found:
            self._forget(key, link)
