"""Plain pytest-testinfra: the checks of the baseline as `pytest --hosts=... roles/*/checks` runs them."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import selection
from bench.cost import Cost, run
from bench.fleet import Fleet
from opsharden.catalogue import load_catalogue

PROFILE = "baseline-1"
"""Its checks need one set of values for all hosts, which is what plain pytest has, and look from nowhere else."""

_ROOT = Path(__file__).resolve().parent.parent
_COMMAND = re.compile(r"RUN CommandResult\(.*?command=(b'.*?'|b\".*?\"), _stdout=", re.DOTALL)


def pytest(fleet: Fleet, connection: str, hosts: Sequence[str], *more: str) -> Cost:
    """Run the checks of the baseline, one after the other.

    Args:
        fleet: Where the hosts are.
        connection: testinfra's name of the way to them: `paramiko`, `ssh`.
        hosts: Which.
        more: Further words for pytest.

    Raises:
        BenchError: A check did not pass.
    """
    catalogue = load_catalogue()
    controls = catalogue.selected([PROFILE])
    words = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", selection.__name__),
        *(f"--hosts={','.join(hosts)}", "--connection", connection, "--sudo"),
        *("--ssh-config", str(_ssh_config(fleet)), "--ssh-identity-file", str(fleet.key)),
        *more,
        *map(str, catalogue.check_folders),
    ]
    return run(words, cwd=_ROOT, env={selection.VARIABLE: ",".join(controls), "PYTHONPATH": str(_ROOT)})


def asked(fleet: Fleet, host: str) -> tuple[str, ...]:
    """Every command that testinfra sends to a host for the baseline, as often as it sends it."""
    log = fleet.project / f"testinfra-{host}.log"
    pytest(fleet, "paramiko", [host], f"--log-file={log}", "--log-file-level=DEBUG")
    sent = [ast.literal_eval(found) for found in _COMMAND.findall(log.read_text(encoding="utf-8"))]
    # Each is `sudo /bin/sh -c COMMAND`.
    return tuple(shlex.split(line.decode())[-1] for line in sent)


def _ssh_config(fleet: Fleet) -> Path:
    path = fleet.project / "ssh_config"
    hosts = [f"Host {host.name}\n  HostName {host.address}\n" for host in fleet.lab.hosts]
    common = f"Host *\n  User opsharden\n  UserKnownHostsFile {fleet.known_hosts}\n  StrictHostKeyChecking yes\n"
    path.write_text("".join([*hosts, common]), encoding="utf-8")
    return path
