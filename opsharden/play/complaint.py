"""Why Ansible could not run, in one sentence of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from opsharden.errors import PlayError, VaultError
from opsharden.play.private import PREFIX

_VAULT = re.compile(r"no vault secrets|decryption failed|vault password|undecryptable", re.IGNORECASE)
_NOBODY = re.compile(r"no hosts to target|no hosts matched", re.IGNORECASE)
_ERROR = re.compile(r"^(?:\[ERROR\]:|ERROR!|fatal:)\s*(.*)", re.DOTALL)
_ORIGIN = re.compile(r"^Origin: (\S+)", re.MULTILINE)
_OURS = re.compile(rf"[^\s:]*/{PREFIX}[^\s:]*:?")
_LONGEST = 400


def is_vault(text: str) -> bool:
    """Whether a text of Ansible's says that a vaulted value does not open."""
    return bool(_VAULT.search(text))


def complaint(notices: Iterable[str]) -> PlayError | VaultError:
    """What to raise when Ansible ended and no host was touched.

    Args:
        notices: What it printed, in order: whole messages, or their single lines.
    """
    text = _OURS.sub("", "\n".join(notices))  # folders of ours that are gone by now tell nobody anything
    first, origin = _first_error(text)
    if is_vault(text):
        return VaultError(
            f"Ansible needs a vaulted value that does not open: {first}{origin}.",
            "Give the password with --vault-password-file FILE or --ask-vault-password.",
        )
    if _NOBODY.search(text):
        return PlayError(
            "None of the hosts asked for is in the inventory that Ansible read.",
            "`ansible-inventory --graph` with the same -i shows what it reads.",
        )
    return PlayError(f"Ansible could not run: {first}{origin}.", "Nothing was changed.")


def _first_error(text: str) -> tuple[str, str]:
    """The first error's sentence, and where it comes from as ` (FILE:LINE:COLUMN)`."""
    blocks = re.split(r"^(?=\[ERROR\]:|\[WARNING\]:|ERROR!)", text, flags=re.MULTILINE)
    for block in blocks:
        if found := _ERROR.match(block):
            sentence = " ".join(found[1].split("\nOrigin:")[0].split("\n\n")[0].split())
            origin = _ORIGIN.search(block)
            return sentence[:_LONGEST].rstrip(".:") or "it gave no reason", f" ({origin[1]})" if origin else ""
    last = text.strip().rpartition("\n")[2].strip()
    return last[:_LONGEST].rstrip(".") or "it ended without a word", ""
