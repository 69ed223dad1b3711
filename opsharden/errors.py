"""Every error a user can meet, each with its exit code and one line of advice.

    OpshardenError            1   something of ours went wrong
    ├── UsageError            2   the command, a file or a setting is not what we can work with
    │   ├── SettingsError     2   opsharden.toml, the environment or a flag
    │   ├── InventoryError    2   the inventory cannot be read, or nothing in it matches
    │   ├── CatalogueError    2   a control, profile or role is unknown or malformed
    │   └── VaultError        2   a vaulted value and no password that opens it
    ├── EvidenceError         1   the evidence store cannot be read or written
    ├── LabError              1   this machine cannot run lab hosts
    ├── PlayError             1   Ansible could not be run at all
    ├── Interrupted         130   Ctrl-C or SIGTERM
    └── HostError             4   one host; caught per host, becomes a verdict or an outcome
        ├── Unreachable       4   no connection, wrong host key, login refused
        ├── BecomeRefused     4   logged in, but sudo said no
        ├── TransportBroken   4   the connection was lost or timed out in the middle
        ├── HostHeld          4   another run is changing it
        └── Unanswered        4   one question has no answer to judge by; the host itself goes on being asked
            ├── TimedOut      4   the command took too long
            ├── TooMuch       4   it said more than is kept, so nobody knows all of it
            ├── NotRecorded   4   a replay needs an observation that the run did not take
            └── Unresolved    4   what the inventory says of this host is not to be worked with
                └── NotOurs   4   it is reached in a way that is not ours (winrm, network_cli, docker ...)

Exit codes 0 (clean), 3 (findings) and 4 (incomplete) are results, not errors: see `opsharden.model.ExitCode`.
"""


class OpshardenError(Exception):
    """Something went wrong that the user has to know about.

    Attributes:
        message: What happened, one sentence.
        advice: What to do about it, one line; empty where there is nothing to advise.
        exit_code: What the process exits with when this error reaches the top.
    """

    exit_code = 1

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(OpshardenError):
    """The command, a file or a setting is not what we can work with."""

    exit_code = 2


class SettingsError(UsageError):
    """opsharden.toml, the environment or a flag is wrong."""


class InventoryError(UsageError):
    """The inventory cannot be read, or nothing in it matches."""


class CatalogueError(UsageError):
    """A control, profile or role is unknown or malformed."""


class VaultError(UsageError):
    """A vaulted value is needed and no password at hand opens it."""


class EvidenceError(OpshardenError):
    """The evidence store cannot be read or written."""


class LabError(OpshardenError):
    """This machine cannot run lab hosts, or a lab host did not come up."""


class PlayError(OpshardenError):
    """Ansible could not be run at all."""


class Interrupted(OpshardenError):  # noqa: N818 - an interruption is not an error of anyone's
    """The user or the system asked us to stop."""

    exit_code = 130


class HostError(OpshardenError):
    """Something about one host; the other hosts go on."""

    exit_code = 4


class Unreachable(HostError):  # noqa: N818 - named as the verdict it becomes
    """No connection: the network, the host key or the login."""


class BecomeRefused(HostError):  # noqa: N818 - reads as a sentence where it is caught
    """Logged in, but the host did not let us become root."""


class TransportBroken(HostError):  # noqa: N818 - reads as a sentence where it is caught
    """The connection was lost, or a command did not answer in time."""


class HostHeld(HostError):  # noqa: N818 - reads as a sentence where it is caught
    """Another run is changing the host."""


class Unanswered(HostError):  # noqa: N818 - reads as a sentence where it is caught
    """One question has no answer to judge by; the host itself is there, and goes on being asked."""


class TimedOut(Unanswered):
    """One command did not end in time and was ended."""


class TooMuch(Unanswered):
    """One command said more than is kept."""


class NotRecorded(Unanswered):
    """A verdict is to be derived from observations, and one that it needs was not taken."""


class Unresolved(Unanswered):
    """What the inventory says of one host is not to be worked with; the other hosts go on."""


class NotOurs(Unresolved):
    """A host that is reached in a way that is none of ours, so that it is left out."""
