"""A long line to a host: a TCP relay that delivers every byte late, in order, and without slowing the next one.

A kernel does this better (`tc qdisc add dev eth0 root netem delay 50ms`), but not every kernel has netem built in, and
hosts in containers have no kernel of their own.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread


@contextmanager
def relay(address: str, round_trip: float) -> Iterator[int]:
    """Relay connections to the SSH port of an address.

    Args:
        address: Where to.
        round_trip: Seconds from a word to its answer.

    Yields:
        The port on 127.0.0.1 to call in its place.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_accept, args=(server, address, round_trip), daemon=True).start()
        yield server.getsockname()[1]
        # Closing alone does not wake up who waits for a call.
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, address: str, round_trip: float) -> None:
    with suppress(OSError):
        while True:
            near, _ = server.accept()
            Thread(target=_join, args=(near, address, round_trip), daemon=True).start()


def _join(near: socket.socket, address: str, round_trip: float) -> None:
    # Our caller's connect was answered at once by the kernel; over a long line it costs a round trip.
    time.sleep(round_trip)
    far = socket.create_connection((address, 22))
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = Thread(target=_carry, args=(far, near, round_trip / 2), daemon=True)
    back.start()
    _carry(near, far, round_trip / 2)
    back.join()
    near.close()
    far.close()


def _carry(source: socket.socket, sink: socket.socket, delay: float) -> None:
    under_way: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

    def deliver() -> None:
        data = b"-"
        with suppress(OSError):
            while data:
                due, data = under_way.get()
                time.sleep(max(0.0, due - time.monotonic()))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    delivery = Thread(target=deliver, daemon=True)
    delivery.start()
    data = b"-"
    while data:
        try:
            data = source.recv(1 << 16)
        except OSError:
            data = b""
        under_way.put((time.monotonic() + delay, data))
    delivery.join()
