"""Brings about controls that are data: one module for each kind, with all that is chosen of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template

MODULES = {
    "sysctl": "sysctl_settings",
    "sshd": "sshd_settings",
    "package": "debian_packages",
    "sudo": "sudoers_settings",
    "access": "file_access",
    "unit": "systemd_units",
    "setting": "program_settings",
}
"""Kind to the module of this role that changes what is of it."""

Wants = Sequence[Mapping[str, Any]]
"""What controls of one kind want, with the values of the host."""

Calls = Sequence[tuple[str, Mapping[str, Any]]]
"""The kinds whose modules are called, each with its arguments."""

_LOCAL = ("local", "podman", "docker")
_LISTS = ("diff", "left", "opsharden_note", "warnings")


class ActionModule(ActionBase):
    """Takes `role`, the folder of the role whose controls.yml says what is wanted, or `roles`, several of them.

    opsharden says in `opsharden_controls` which controls a host needs; in plain Ansible `--tags` and `--skip-tags` do.
    """

    def run(self, tmp: object = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Bring all of them about; what fails of one kind does not keep another from being tried."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        entries = [entry for role in self._roles() for entry in entries_of(role) if entry.get("kind")]
        ids = chosen([entry["id"] for entry in entries], variables)
        wants: dict[str, list[Mapping[str, Any]]] = {}
        for entry in entries:
            if entry["id"] in ids:
                wants.setdefault(entry["kind"], []).append(entry["want"])
        parts = [part for kind, of_kind in wants.items() for part in self._of_kind(kind, of_kind, variables)]
        return {**result, **together(parts)}

    def _roles(self) -> Sequence[Path]:
        given = self._task.args.get("roles") or [self._task.args["role"]]
        return [Path(role) for role in given]

    def _of_kind(self, kind: str, wants: Wants, variables: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """What came of them all at once; where that fails, each by itself, so that one stands in no other's way."""
        whole = self._called(kind, wants, variables)
        failed = any(part.get("failed") for part in whole) and not any(part.get("unreachable") for part in whole)
        if len(wants) < 2 or not failed:
            return whole
        done = [{name: each for name, each in part.items() if name not in ("failed", "msg")} for part in whole]
        return [*done, *(part for want in wants for part in self._called(kind, [want], variables))]

    def _called(self, kind: str, wants: Wants, variables: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        try:
            calls = self._calls(kind, self._templar.template(_trusted(wants)), variables)
        except (ValueError, AnsibleError) as error:
            return [{"failed": True, "msg": str(error)}]
        return [self._execute_module(MODULES[name], given, task_vars=variables) for name, given in calls]

    def _calls(self, kind: str, wants: Wants, variables: Mapping[str, Any]) -> Calls:
        """Most kinds are one call of their module."""
        special = {"sshd": self._sshd, "package": self._package, "unit": self._unit, "setting": self._setting}
        return special[kind](wants, variables) if kind in special else ((kind, {"want": wants}),)

    def _unit(self, wants: Wants, variables: Mapping[str, Any]) -> Calls:
        """What is to come with a package comes first."""
        packages = [each["package"] for want in wants for each in want.values() if "package" in each]
        installing = self._package([{"present": packages}], variables) if packages else ()
        return (*installing, ("unit", {"want": wants}))

    def _setting(self, wants: Wants, variables: Mapping[str, Any]) -> Calls:
        path = Path(__file__).parents[1] / "programs.yml"
        programs = yaml.safe_load(path.read_text(encoding="utf-8"))
        named = {name for want in wants for name in want}
        known = {name: programs[name] for name in programs if name in named}
        return (("setting", {"want": wants, "programs": known}),)

    def _sshd(self, wants: Wants, variables: Mapping[str, Any]) -> Calls:
        user = self._templar.template(variables.get("ansible_user", "root"))
        entered = {"user": user, "locally": self._connection.transport in _LOCAL}
        return (("sshd", {"want": wants, "entered": entered}),)

    def _package(self, wants: Wants, variables: Mapping[str, Any]) -> Calls:
        given = {name: variables.get(f"services_{name}", []) for name in ("declared", "may_remove")}
        given = self._templar.template(given)
        declared = listed(given["declared"])
        serving = [each for want in wants for each in want.get("absent", {}).items()]
        known = purposes({role.parent for role in self._roles()})
        if serving and (unknown := sorted(set(declared) - known)):
            raise ValueError(
                f"services_declared names {', '.join(unknown)}, and that is no purpose, so no package is removed. "
                f"Purposes are {', '.join(sorted(known))}."
            )
        allowed = {"may_remove": listed(given["may_remove"]), "allow_with": "services_may_remove"}
        goes = [name for purpose, names in serving if purpose not in declared for name in names]
        comes = [name for want in wants for name in want.get("present", ())]
        states = (("absent", goes), ("present", comes))
        return tuple(("package", {"name": names, "state": state, **allowed}) for state, names in states if names)


def chosen(ids: Sequence[str], variables: Mapping[str, Any]) -> set[str]:
    """The controls of the role that are to be brought about now."""
    if "opsharden_controls" in variables:
        return set(ids).intersection(variables["opsharden_controls"])
    tags, skipped = variables.get("ansible_run_tags", ("all",)), variables.get("ansible_skip_tags", ())
    return {each for each in ids if ("all" in tags or each in tags) and each not in skipped}


def together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the modules came to, as one result; it failed where one of them did, with all that they say of it."""
    lists = {name: [each for part in parts for each in _several(part.get(name))] for name in _LISTS}
    whole = {
        "changed": any(part.get("changed") for part in parts),
        **{name: each for name, each in lists.items() if each},
    }
    failed = [part for part in parts if part.get("failed") or part.get("unreachable")]
    if not failed:
        return whole
    said = " ".join(dict.fromkeys(str(part.get("msg", "no reason given")) for part in failed))
    return {**failed[0], **whole, "msg": said}


def purposes(folders: Iterable[Path]) -> set[str]:
    """All that packages can serve, by the controls of the roles in some folders and of our own."""
    ours = Path(__file__).parents[2]  # in a collection, the folder that its roles' folder is in
    roles = {role for folder in (*folders, ours, ours / "roles") for role in folder.glob("*") if role.is_dir()}
    wants = [entry["want"] for role in sorted(roles) for entry in entries_of(role) if entry.get("kind") == "package"]
    return {purpose for want in wants for purpose in want.get("absent", ())}


def entries_of(role: Path) -> Sequence[Mapping[str, Any]]:
    """The controls of a role; none where it has no file of them."""
    path = role / "controls.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) or () if path.exists() else ()


def listed(value: Any) -> list[str]:
    """Names; a text has them between commas."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else list(value)


def _several(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _trusted(value: Any) -> Any:
    """Texts as templates: the file is the role's own, as its tasks are."""
    if isinstance(value, dict):
        return {key: _trusted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_trusted(each) for each in value]
    return trust_as_template(value) if isinstance(value, str) else value
