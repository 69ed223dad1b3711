"""The script that asks a host's logs, with a journal of the test's."""

import subprocess
from importlib.resources import files
from pathlib import Path

JOURNAL = r"""
    admin : PWD=/home/admin ; USER=root ; COMMAND=/bin/sh -c 'printf READY; exec /bin/sh -s svc'
    admin : (command continued) esac#012 svc
    svc : no tty ; TTY=unknown ; PWD=/home/svc ; USER=root ; COMMAND=/bin/sh -c 'printf x'
    svc : command not allowed ; PWD=/home/svc ; USER=root ; COMMAND=/bin/sh
Accepted publickey for svc from 192.0.2.1 port 5 ssh2
User svc from 192.0.2.1 not allowed because none of user's groups are listed in AllowGroups
User bob from 192.0.2.1 not allowed because listed in DenyUsers
pam_unix(sudo:session): session opened for user root(uid=0) by svc(uid=1001)
"""


def test_what_was_refused_is_told_and_what_was_done_is_not(tmp_path: Path) -> None:
    journal = tmp_path / "journalctl"
    journal.write_text(f"#!/bin/sh\ncat <<'EOF'\n{JOURNAL}\nEOF\n", encoding="utf-8")
    journal.chmod(0o755)
    script = files("opsharden.access").joinpath("witness.sh").read_text(encoding="utf-8")
    said = subprocess.run(
        ["/bin/sh", "-s", "svc", "0"],
        input=script, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert [line.strip() for line in said.splitlines()] == [
        "svc : no tty",
        "svc : command not allowed",
        "User svc from 192.0.2.1 not allowed because none of user's groups are listed in AllowGroups",
    ]
