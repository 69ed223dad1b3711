import subprocess
from pathlib import Path

import pytest

from opsharden.errors import Unreachable
from opsharden.ssh import keyfiles


def made(path: Path, *options: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-f", path, *options], check=True)
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
    public = made(tmp_path / "key", "-t", "ed25519", "-N", "").with_name("key.pub")
    for path, said in (
        (tmp_path / "none", "does not exist"),
        (public, "holds no private key"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(Unreachable, match=said) as caught:
            keyfiles.load(path)
        assert str(path) in caught.value.message
        assert caught.value.advice


def test_the_keys_ssh_offers_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keyfiles.defaults() == ()
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_rsa").touch()
    assert keyfiles.defaults() == (tmp_path / ".ssh" / "id_rsa",)
