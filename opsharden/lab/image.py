"""The disk a lab host starts from: a minimal Debian as an installer leaves it, built once and kept."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

from opsharden.errors import LabError
from opsharden.lab import podman
from opsharden.lab.spec import Suite

_PACKAGES = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "libpam-systemd",
    "openssh-server",
    "procps",
    "sudo",
    "systemd",
    "systemd-sysv",
)
# Every host makes its own keys when it starts first, and podman brings name and resolver.
_NOT_KEPT = 'rm -f "$1"/etc/ssh/ssh_host_*_key* "$1"/etc/hostname "$1"/etc/resolv.conf'
BUILD_TIMEOUT = 900.0
PULL_TIMEOUT = 900.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one image is made.

    Attributes:
        suite: The Debian release.
        python: Whether python3 is in it.
    """

    suite: Suite
    python: bool = True

    @property
    def command(self) -> tuple[str, ...]:
        """The mmdebstrap command that writes the image's files to its standard output as a tar archive.

        No mirror is named: mmdebstrap takes the one this machine is set up for.
        """
        packages = (*_PACKAGES, "python3") if self.python else _PACKAGES
        include = ",".join(sorted(packages))
        return (
            "mmdebstrap",
            "--variant=minbase",
            f"--include={include}",
            f"--customize-hook={_NOT_KEPT}",
            str(self.suite),
            "-",
        )

    @property
    def name(self) -> str:
        """What podman is to know it by: another recipe is another name."""
        digest = sha256("\0".join(self.command).encode()).hexdigest()[:12]
        variant = "" if self.python else "-without-python"
        return f"localhost/opsharden-lab-{self.suite}{variant}:{digest}"


def provide(recipes: Iterable[Recipe], *, builds: bool, say: Callable[[str], None]) -> None:
    """See that the images of these recipes are there; two are built at a time.

    Args:
        recipes: What is needed; repetitions do no harm.
        builds: Whether this machine can build images.
        say: Takes one line of progress.

    Raises:
        LabError: One is missing and cannot be built here, or its build failed.
    """
    missing = [recipe for recipe in dict.fromkeys(recipes) if not exists(recipe.name)]
    if not missing:
        return
    if not builds:
        raise LabError("mmdebstrap, which builds the lab's images, is not installed on this machine.", podman.INSTALL)
    say(f"building {', '.join(recipe.name for recipe in missing)}: about half a minute, once")
    with ThreadPoolExecutor(max_workers=2) as pool:
        for _ in pool.map(build, missing):
            pass


def exists(name: str) -> bool:
    """Whether podman has an image of this name."""
    return podman.call("image", "exists", name).returncode == 0


def pull(name: str, say: Callable[[str], None]) -> None:
    """See that an image the user named is there.

    Raises:
        LabError: It is not, and cannot be had from its registry.
    """
    if not exists(name):
        say(f"pulling {name}")
        podman.ask("pull", "--quiet", name, timeout=PULL_TIMEOUT)


def build(recipe: Recipe) -> None:
    """Build one image. It gets its name only when all of it is there.

    Raises:
        LabError: mmdebstrap or podman failed; nothing is left behind.
    """
    with tempfile.TemporaryFile() as log:
        try:
            image_id, error = _pipe(recipe.command, log)
        except subprocess.TimeoutExpired:
            raise LabError(
                f"Building the image for {recipe.suite} took longer than {BUILD_TIMEOUT / 60:.0f} minutes.",
                "See whether `apt-get update` works and is quick on this machine.",
            ) from None
        log.seek(0)
        said = log.read().decode(errors="replace")
    if error:
        raise podman.explain("import", error)
    if not image_id:
        raise LabError(
            f"Building the image for {recipe.suite} failed; mmdebstrap said: {_complaint(said)}",
            "See whether `apt-get update` works on this machine and whether its archive has this release.",
        )
    podman.ask("tag", image_id, recipe.name)


def _pipe(command: tuple[str, ...], log: IO[bytes]) -> tuple[str, str]:
    """Let podman import what the command writes.

    Returns:
        The id of the new image, or nothing where the command failed; and podman's complaint, where podman did.
    """
    env = podman.environment()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=env) as maker:
        try:
            taker = subprocess.run(
                ["podman", "import", "--quiet", "--change", 'CMD ["/sbin/init"]', "-"],
                stdin=maker.stdout,
                capture_output=True,
                check=False,
                text=True,
                env=env,
                timeout=BUILD_TIMEOUT,
            )
            if taker.returncode != 0 and maker.poll() is None:
                return "", taker.stderr or "it died"
            made = maker.wait(timeout=BUILD_TIMEOUT) == 0
        finally:
            maker.terminate()
    image_id = taker.stdout.strip()
    if not made and image_id:
        podman.call("image", "rm", image_id)
    return (image_id if made else ""), (taker.stderr if made and taker.returncode != 0 else "")


def _complaint(log: str) -> str:
    """The line of mmdebstrap's log that says most: its first error, else its last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E: ", "Err:"))]
    return (errors or lines[-1:] or ["nothing at all"])[0]
