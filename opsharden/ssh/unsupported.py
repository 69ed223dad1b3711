"""What paramiko cannot do and OpenSSH can."""

from __future__ import annotations

from opsharden.errors import Unreachable


class Unsupported(Unreachable):
    """A host that paramiko cannot reach as the user asks for; OpenSSH may.

    Attributes:
        what: What paramiko does not know, for people: `the ssh option CertificateFile`.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"paramiko cannot go there: it does not know {what}.",
            "Let opsharden_ssh_client be auto or openssh for this host.",
        )
        self.what = what


class Incompatible(Unsupported):
    """A host with which paramiko shares no algorithm that is strong; OpenSSH knows more of them."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__("cryptography that paramiko does not know")
        self.message = f"{name} speaks no cryptography that paramiko knows and that is still strong: {why}."
        self.args = (self.message,)
