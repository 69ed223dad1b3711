"""Plain ansible-playbook over the same roles, with the settings Ansible comes with."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from bench.cost import Cost, run
from bench.fleet import ALL_CONTROLS, BIN, Fleet
from opsharden.catalogue import load_catalogue, roles_path, site_playbook


def ansible_playbook(fleet: Fleet, profiles: tuple[str, ...] = ALL_CONTROLS) -> Cost:
    """Apply roles to the fleet: five forks, facts gathered, no pipelining, as Ansible does unless told otherwise.

    Args:
        fleet: The hosts.
        profiles: Whose controls, and so whose roles.

    Raises:
        BenchError: A host failed.
    """
    catalogue = load_catalogue()
    controls = catalogue.selected(profiles)
    play = _play(fleet, {catalogue.controls[control].role for control in controls})
    with _home() as home:
        words: list[str | Path] = [
            *(BIN / "ansible-playbook", play),
            *("-i", fleet.project / "inventory" / "hosts.yml", "-i", fleet.lab.inventory / "hosts.yml"),
            *("--limit", ",".join(fleet.names), "--private-key", fleet.key),
            *("--ssh-common-args", f"-o UserKnownHostsFile={fleet.known_hosts}"),
            *("--extra-vars", json.dumps(_variables(fleet, controls))),
        ]
        env = {"ANSIBLE_CONFIG": str(home / "ansible.cfg"), "ANSIBLE_HOME": str(home)}
        return run(words, cwd=fleet.project, env=env)


def _variables(fleet: Fleet, controls: Sequence[str]) -> dict[str, object]:
    """What opsharden hands to the roles of every host."""
    return {"opsharden_selected": list(controls), "opsharden_secrets_dir": str(fleet.project / "keys")}


def _play(fleet: Fleet, roles: Collection[str]) -> Path:
    """playbooks/site.yml as most people write one: it does not say that facts are not wanted."""
    (play,) = yaml.safe_load(site_playbook().read_text(encoding="utf-8"))
    del play["gather_facts"]
    play["roles"] = [role for role in play["roles"] if role in roles]
    path = fleet.project / "site.yml"
    path.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    return path


@contextmanager
def _home() -> Iterator[Path]:
    """A folder for Ansible's own files, new each time: connections of an earlier run are not found again."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        (home / "ansible.cfg").write_text(f"[defaults]\nroles_path = {roles_path()}\n", encoding="utf-8")
        yield home
