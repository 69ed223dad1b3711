"""Images of hosts that have what bootstrap would fetch: hundreds of hosts need not fetch it hundreds of times."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from opsharden import lab as labs
from opsharden.lab import LabSpec, Suite, podman

FETCH = "apt-get -qq update && apt-get -qq install -y --no-install-recommends python3-apt"
AS_NEW = "userdel --remove admin 2>/dev/null; rm /etc/ssh/ssh_host_*_key*; : > /etc/machine-id"
"""What a first start brings is each host's own."""


@contextmanager
def fetched(folder: Path) -> Iterator[Mapping[Suite, str]]:
    """An image of each release with these packages; gone again afterwards."""
    images = {suite: f"localhost/opsharden-field-{suite}:{os.getpid()}" for suite in Suite}
    with labs.up(LabSpec(id=f"fetch{os.getpid()}", directory=folder), raise_inotify_limit=True) as lab:
        for host in lab.hosts:
            answer = lab.exec(host.name, f"{FETCH} && {{ {AS_NEW}; }}")
            assert answer.returncode == 0, answer.stderr
            podman.ask("commit", "--quiet", host.container, images[host.suite])
    try:
        yield images
    finally:
        podman.ask("rmi", "--force", *images.values())
