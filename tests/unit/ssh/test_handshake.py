import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import paramiko
import pytest

from opsharden.errors import Unreachable
from opsharden.ssh.handshake import shake


@contextmanager
def served(serve: Callable[[socket.socket], object]) -> Iterator[socket.socket]:
    """One end of a connection whose other end is served in a thread."""
    ours, theirs = socket.socketpair()
    thread = Thread(target=serve, args=(theirs,), daemon=True)
    thread.start()
    try:
        yield ours
    finally:
        ours.close()
        theirs.close()
        thread.join(10)


def server(*keys: paramiko.PKey, **weak: list[str]) -> Callable[[socket.socket], object]:
    """A paramiko server with these keys, and only these algorithms."""

    def serve(sock: socket.socket) -> None:
        transport = paramiko.Transport(sock)
        for key in keys:
            transport.add_server_key(key)
        for name, algorithms in weak.items():
            setattr(transport.get_security_options(), name, algorithms)
        try:
            transport.start_server(server=paramiko.ServerInterface())
        except (paramiko.SSHException, EOFError, OSError):
            return

    return serve


@pytest.fixture(scope="module")
def keys() -> tuple[paramiko.PKey, paramiko.PKey, paramiko.PKey]:
    """A host's RSA and two ECDSA keys."""
    return paramiko.RSAKey.generate(2048), paramiko.ECDSAKey.generate(bits=256), paramiko.ECDSAKey.generate(bits=384)


def test_the_pinned_kind_is_asked_for_first(keys: tuple[paramiko.PKey, ...]) -> None:
    for key in keys:
        with served(server(*keys)) as sock:
            transport, shown = shake("web1", sock, [key.get_name()], 20)
            transport.close()
            assert (shown.type, shown.blob) == (key.get_name(), key.get_base64())


def test_galois_mode_is_preferred_and_counter_mode_still_does(keys: tuple[paramiko.PKey, ...]) -> None:
    for offered, agreed in ({}, "aes128-gcm@openssh.com"), ({"ciphers": ["aes256-ctr"]}, "aes256-ctr"):
        with served(server(keys[1], **offered)) as sock:
            transport, _ = shake("web1", sock, [], 20)
            transport.close()
            assert transport.local_cipher == agreed


@pytest.mark.parametrize(
    "weak", [{"ciphers": ["aes256-cbc", "3des-cbc"]}, {"digests": ["hmac-sha1", "hmac-md5"], "ciphers": ["aes256-ctr"]}]
)
def test_weak_cryptography_is_refused(weak: dict[str, list[str]], keys: tuple[paramiko.PKey, ...]) -> None:
    with (
        served(server(keys[1], **weak)) as sock,
        pytest.raises(Unreachable, match="no cryptography that paramiko knows and that is still strong"),
    ):
        shake("web1", sock, [], 20)


def test_a_server_of_something_else() -> None:
    with (
        served(lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 200)) as sock,
        pytest.raises(Unreachable, match="web1 ended the connection"),
    ):
        shake("web1", sock, [], 20)


def test_a_server_that_says_nothing() -> None:
    with served(lambda _: None) as sock, pytest.raises(Unreachable):
        shake("web1", sock, [], 0.5)


def test_a_server_that_stops_after_its_banner() -> None:
    with (
        served(lambda sock: sock.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as sock,
        pytest.raises(Unreachable, match="did not answer in time"),
    ):
        shake("web1", sock, [], 0.5)


def test_no_traceback_reaches_the_user(capfd: pytest.CaptureFixture[str]) -> None:
    with served(lambda sock: sock.close()) as sock, pytest.raises(Unreachable):
        shake("web1", sock, [], 20)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "said",
    [
        b"x" * (4 << 20),
        b"banner\r\n" * (1 << 18),
        b"SSH-2.0-x\r\n" + b"\xff\xff\xff\xf4" + bytes(64),
        b"SSH-2.0-x\r\n" + b"\x3f\xff\xff\xf4" + bytes(1 << 20),
    ],
    ids=["no line end", "endless banner", "a packet of 4 GiB", "a packet of 1 GiB"],
)
def test_lengths_that_a_server_names_are_not_believed(said: bytes) -> None:
    def speak(sock: socket.socket) -> None:
        with suppress(OSError):
            sock.sendall(said)

    began = time.monotonic()
    with (
        served(speak) as sock,
        pytest.raises(Unreachable, match=r"web1 ended the connection: (?:a packet of \d+ bytes|it goes on|Indeciph)"),
    ):
        shake("web1", sock, [], 20)
    assert time.monotonic() - began < 10
