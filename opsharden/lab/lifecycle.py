"""A lab from `up` to `down`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from opsharden.errors import UsageError
from opsharden.lab import hosts as lab_hosts
from opsharden.lab import image, inotify, inventory, machine, podman
from opsharden.lab.hosts import Fingerprint
from opsharden.lab.image import Recipe
from opsharden.lab.spec import HostSpec, LabHost, LabSpec

_AT_ONCE = 8
_EXEC_TIMEOUT = 600.0


def _silent(_line: str) -> None:
    """Progress nobody wants."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab that is there. As a context manager it goes down at the end.

    Attributes:
        id: Its name on this machine.
        home: The directory with its files.
        hosts: Its hosts by address, as they were when it was looked up.
    """

    id: str
    home: Path
    hosts: tuple[LabHost, ...]

    @property
    def inventory(self) -> Path:
        """Its inventory: what `-i` takes."""
        return inventory.inventory_dir(self.home)

    @property
    def password(self) -> str:
        """The password of the account `admin` on all its hosts, for login and sudo.

        Raises:
            LabError: The lab's file with it is gone.
        """
        return inventory.keep_password(self.home, new=False)

    def host(self, name: str) -> LabHost:
        """One of its hosts.

        Raises:
            UsageError: It has none of that name.
        """
        for host in self.hosts:
            if host.name == name:
                return host
        names = ", ".join(host.name for host in self.hosts)
        raise UsageError(f"Lab {self.id} has no host '{name}'.", f"Its hosts are: {names}.")

    def exec(self, name: str, script: str, *, timeout: float = _EXEC_TIMEOUT) -> podman.Answer:
        """Run a shell script as root on a host, past ssh: to break things and to look from inside.

        Args:
            name: The host.
            script: For `sh`; it travels on standard input, so it may hold secrets, and finds its own input empty.
            timeout: Seconds.

        Returns:
            returncode, stdout and stderr, whatever the script came to.

        Raises:
            LabError: It did not end in time, or podman is gone.
        """
        return lab_hosts.run_script(self.host(name).container, script, timeout=timeout)

    def reboot(self, name: str) -> None:
        """Shut a host down in order, start it again, and wait until it is up. Address and host keys stay.

        Raises:
            LabError: It did not come up again.
        """
        host = self.host(name)
        lab_hosts.restart(host)
        lab_hosts.settle(host, self.password)

    def down(self) -> None:
        """Remove the lab with all it left, see `down`."""
        down(self.id)

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()


def up(
    spec: LabSpec,
    *,
    variables: Mapping[str, object] | None = None,
    raise_inotify_limit: bool = False,
    say: Callable[[str], None] = _silent,
) -> Lab:
    """Bring a lab up. Hosts of it that run stay as they are, asked for or not; stopped ones are started again.

    Args:
        spec: Its shape.
        variables: Further inventory variables for all hosts.
        raise_inotify_limit: Whether the machine's inotify limit may be raised until `down`.
        say: Takes one line of progress.

    Raises:
        LabError: This machine cannot run it, or a host did not come up. The hosts this call had made are removed.
        UsageError: A lab of this id is there in another directory.
    """
    here = machine.examine()
    known = _is_known(spec)
    there = lab_hosts.present(spec.id)
    missing = tuple(host for host in spec.hosts if host.name not in {other.name for other in there})
    stopped = tuple(host for host in there if not host.running)
    images = _images(spec, missing, here, say)
    inotify.reserve(len(missing) + len(stopped), may_raise=raise_inotify_limit)
    started: list[LabHost] = []
    try:
        password = inventory.keep_password(spec.home, new=not there)
        if not known:
            lab_hosts.make_network(spec.id, str(spec.home))
        fresh = lab_hosts.plan(spec.id, missing, frozenset(host.address for host in there))
        say(f"starting {len(fresh) + len(stopped)} hosts, {len(there) - len(stopped)} run already")

        def bring_up(host: LabHost) -> tuple[Fingerprint, ...]:
            if host in fresh:
                lab_hosts.start(host, lab_id=spec.id, image=images[host.name], machine=here)
                started.append(host)
            elif not host.running:
                lab_hosts.resume(host)
            return lab_hosts.settle(host, password)

        everyone = (*there, *fresh)
        fingerprints = _some_at_once(bring_up, everyone, undo=lambda: lab_hosts.remove(*started))
        inventory.write_inventory(spec.home, everyone, fingerprints, variables)
    except BaseException:
        # Ctrl-C included: what this call started goes; what was there before stays.
        lab_hosts.remove(*started)
        if not known:
            lab_hosts.remove_network(spec.id)
            inventory.remove_files(spec.home)
        _put_limit_back()
        raise
    return find(spec.id)


def down(lab_id: str, home: Path | None = None) -> None:
    """Remove a lab: hosts, network, its files. With the last lab a raised inotify limit goes back. Images are kept.

    Args:
        lab_id: Which.
        home: Where its files are, for a lab that podman has forgotten; None leaves it to podman, then to the default.

    Raises:
        UsageError: There is no such lab.
        LabError: podman said no.
    """
    there = lab_hosts.present(lab_id)
    known = lab_hosts.homes()
    files = Path(known.get(lab_id) or home or LabSpec(id=lab_id).home)
    if not there and lab_id not in known and not inventory.password_file(files).exists():
        raise UsageError(f"There is no lab '{lab_id}' on this machine.", "See `opsharden lab list`.")
    lab_hosts.remove(*there)
    lab_hosts.remove_network(lab_id)
    inventory.remove_files(files)
    _put_limit_back()


def labs() -> tuple[Lab, ...]:
    """All labs of this machine, by id.

    Raises:
        LabError: podman said no.
    """
    homes = lab_hosts.homes()
    return tuple(Lab(lab_id, Path(homes[lab_id]), lab_hosts.present(lab_id)) for lab_id in sorted(homes))


def find(lab_id: str) -> Lab:
    """One lab of this machine.

    Raises:
        UsageError: There is none of that id.
        LabError: podman said no.
    """
    for lab in labs():
        if lab.id == lab_id:
            return lab
    raise UsageError(f"There is no lab '{lab_id}' on this machine.", "See `opsharden lab list`.")


def _is_known(spec: LabSpec) -> bool:
    """Whether the lab is there already, and in the directory this spec names."""
    home = lab_hosts.homes().get(spec.id)
    if home not in (None, str(spec.home)):
        raise UsageError(
            f"A lab '{spec.id}' is there already; its files are in {home}.",
            f"Choose another id, or give --dir {home}.",
        )
    return home is not None


def _images(
    spec: LabSpec, hosts: tuple[HostSpec, ...], here: machine.Machine, say: Callable[[str], None]
) -> dict[str, str]:
    """The image each of these hosts starts from, by host name; every one of them is there when this returns."""
    configured = {host.name: spec.images[host.suite] for host in hosts if host.python and host.suite in spec.images}
    recipes = {host.name: Recipe(host.suite, host.python) for host in hosts if host.name not in configured}
    for name in dict.fromkeys(configured.values()):
        image.pull(name, say)
    image.provide(recipes.values(), builds=here.builds, say=say)
    return configured | {name: recipe.name for name, recipe in recipes.items()}


def _some_at_once(
    bring_up: Callable[[LabHost], tuple[Fingerprint, ...]], hosts: tuple[LabHost, ...], *, undo: Callable[[], None]
) -> dict[str, tuple[Fingerprint, ...]]:
    """Bring hosts up, a few at a time so that a small machine is not overrun.

    At the first failure no further host is started, and `undo` ends the waiting for those under way.
    """
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        work = {pool.submit(bring_up, host): host for host in hosts}
        try:
            for future in as_completed(work):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            undo()
            raise
        return {host.name: future.result() for future, host in work.items()}


def _put_limit_back() -> None:
    """A raised inotify limit is needed as long as any lab is there."""
    if not lab_hosts.homes():
        inotify.put_back()
