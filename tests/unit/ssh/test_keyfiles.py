import base64
import struct
import subprocess
from pathlib import Path

import pytest

from opsharden.errors import Unreachable
from opsharden.ssh import keyfiles
from opsharden.ssh.unsupported import Unsupported


def made(path: Path, *options: str) -> Path:
    size = ["-b", "2048"] if "rsa" in options else []  # larger ones are no other kind, and take seconds
    subprocess.run(["ssh-keygen", "-q", "-f", path, *size, *options], check=True)
    return path


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_keys_of_ssh_keygen(kind: str, tmp_path: Path) -> None:
    key = keyfiles.load(made(tmp_path / "key", "-t", kind, "-N", ""))
    assert key is not None
    assert key.get_base64() == (tmp_path / "key.pub").read_text().split()[1]


def test_an_old_pem_key(tmp_path: Path) -> None:
    assert keyfiles.load(made(tmp_path / "key", "-t", "rsa", "-m", "PEM", "-N", "")) is not None


@pytest.mark.parametrize("form", ["RFC4716", "PEM"])
def test_a_locked_key_is_none(form: str, tmp_path: Path) -> None:
    assert keyfiles.load(made(tmp_path / "key", "-t", "rsa", "-m", form, "-N", "a passphrase")) is None


def test_what_is_no_key_says_so(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not a key\n")
    for path, said in (
        (tmp_path / "none", "does not exist"),
        (text, "holds no private key"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(Unreachable, match=said) as caught:
            keyfiles.load(path)
        assert str(path) in caught.value.message
        assert caught.value.advice


def in_hardware(path: Path) -> Path:
    """A key as `ssh-keygen -t ed25519-sk` makes it, but of no real piece of hardware."""

    def field(data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + data

    public = field(b"sk-ssh-ed25519@openssh.com") + field(bytes(range(32))) + field(b"ssh:")
    private = bytes(8) + public + b"\x01" + field(b"a handle") + field(b"") + field(b"a comment")
    private += bytes(range(1, 1 + -len(private) % 8))
    whole = (
        b"openssh-key-v1\0" + field(b"none") * 2 + field(b"") + struct.pack(">I", 1) + field(public) + field(private)
    )
    lines = base64.encodebytes(whole).decode()
    kind = "OPENSSH PRIVATE KEY"
    path.write_text(f"-----BEGIN {kind}-----\n{lines}-----END {kind}-----\n")
    path.chmod(0o600)
    return path


def test_what_only_openssh_can_use(tmp_path: Path) -> None:
    hardware = in_hardware(tmp_path / "sk")
    shown = subprocess.run(["ssh-keygen", "-y", "-f", hardware], capture_output=True, text=True, check=False)
    assert shown.stdout.startswith("sk-ssh-ed25519@openssh.com "), shown.stderr
    public = made(tmp_path / "key", "-t", "ed25519", "-N", "").with_name("key.pub")
    for path in (hardware, public):
        with pytest.raises(Unsupported, match=f"the kind of key in {path}"):
            keyfiles.load(path)


def test_a_key_is_read_once_and_again_when_it_or_its_certificate_changes(tmp_path: Path) -> None:
    path = made(tmp_path / "key", "-t", "ed25519", "-N", "")
    first = keyfiles.load(path)
    assert keyfiles.load(path) is first
    made(tmp_path / "ca", "-t", "ed25519", "-N", "")
    subprocess.run(["ssh-keygen", "-q", "-s", tmp_path / "ca", "-I", "x", path.with_name("key.pub")], check=True)
    certified = keyfiles.load(path)
    assert certified is not None
    assert certified.public_blob is not None
    made(tmp_path / "other", "-t", "ed25519", "-N", "").replace(path)
    (tmp_path / "key-cert.pub").unlink()
    other = keyfiles.load(path)
    assert other is not None
    assert other != first
    path.unlink()
    with pytest.raises(Unreachable, match="does not exist"):
        keyfiles.load(path)


def test_the_keys_ssh_offers_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keyfiles.defaults() == ()
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_rsa").touch()
    (tmp_path / ".ssh" / "id_ecdsa_sk").touch()
    assert keyfiles.defaults() == (tmp_path / ".ssh" / "id_rsa",)
    assert keyfiles.hardware() == (tmp_path / ".ssh" / "id_ecdsa_sk",)
