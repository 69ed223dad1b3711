"""A request as files in the private folder and words for ansible-playbook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from opsharden.errors import PlayError
from opsharden.play.environment import SSH_CONFIG, connection_vars, ssh_config
from opsharden.play.private import Private
from opsharden.play.request import Content, PlayRequest

PLAYBOOK = "play/play.json"
SEALED = "sealed"
"""Where in the folder the files with secrets are; gone as soon as Ansible has read them."""

CONTROLS = "opsharden_controls"
"""The variable that tells a role which controls to bring about now on a host."""

GO_ON = "Go on behind what failed"
"""The name of the task of ours that follows a role's failure for good."""

_HELD = "opsharden-limits"
"""The tag of tasks that hold values to their limits, as was done before there was a request."""

_DATA = "opsharden-data"
"""The tag of the task with which each role brings about its controls that are data."""

_AT_ONCE = ("kinds", "data")
"""The role that does so for all of them at once, and its file of tasks."""

_DATA_ROLES = "opsharden_data_roles"
"""The variable that tells it for which."""

_HOSTS = "opsharden_play_hosts"
_LEFT = "opsharden_play_controls"
# Also written by ansible-runner itself, but only for runs whose extra variables may show in `ps`; and without this
# file it drops the settings it was given. A short timeout makes it notice soon that Ansible has ended.
_RUNNER = {"pexpect_timeout": 0.2, "suppress_output_file": True}


def prepare(request: PlayRequest, private: Private) -> tuple[str, ...]:
    """Write all that Ansible is to read.

    Returns:
        The words for ansible-playbook's command line, without the playbook. None is a secret.

    Raises:
        PlayError: There is nothing to play, or a variable has a value that no file can hold.
    """
    if not request.hosts or not request.content.roles:
        raise PlayError("There is no host or no role to play.", "Name at least one of each.")
    private.write("ansible.cfg", "")
    private.write(SSH_CONFIG, ssh_config(request.known_hosts))
    private.write("env/settings", json.dumps(_RUNNER))
    private.write(PLAYBOOK, _json("the play", [_play(request)]))
    for host, variables in request.content.host_vars.items():
        if ".." in Path(host).parts:
            raise PlayError(f"{host} cannot be the name of a host.", "Rename it in the inventory.")
        # By a second name too, since the first is another for each control that is brought about by itself.
        left = {_LEFT: variables[CONTROLS]} if CONTROLS in variables else {}
        private.write(f"play/host_vars/{host}.json", _json(host, {**variables, **left}))
    words = ["--limit", f"@{private.write('hosts', chr(10).join(request.hosts) + chr(10))}"]
    # First, so that every later source overrules it; it names no host, so it makes none appear.
    defaults = {"all": {"vars": dict(request.content.default_vars)}}
    words += (
        ["-i", str(private.write("defaults.json", _json("all hosts", defaults)))]
        if request.content.default_vars
        else []
    )
    for source in _sources(request, private):
        words += ["-i", source]
    words += ["--forks", str(request.forks)]
    words += ["--tags", ",".join(request.content.tags)] if request.content.tags else []
    words += ["--skip-tags", ",".join((_HELD, _DATA) if request.content.data_roles else (_HELD,))]
    words += ["--check"] if request.check else []
    return (*words, *_sealed(request, private))


def _sources(request: PlayRequest, private: Private) -> list[str]:
    if isinstance(request.inventory, Mapping):
        # Among the secrets, for it holds the hosts' variables. Ansible reads it once, before the play begins.
        text = _json("the hosts", request.inventory)
        return [str(private.write(f"{SEALED}/inventory.json", text))]
    return [source if "," in source else str(Path(source).absolute()) for source in request.inventory]


def _play(request: PlayRequest) -> dict[str, Any]:
    return {
        "name": "Bring hosts to the declared state",
        "hosts": "all",
        "become": True,
        "gather_facts": False,
        "environment": {"OPSHARDEN_RUN": request.run_id},
        "vars": {
            _HOSTS: list(request.hosts),
            _DATA_ROLES: list(map(str, request.content.data_roles)),
        },
        # --limit takes patterns: a name that is no host but a group lets in all hosts of the group.
        "pre_tasks": [
            {
                "name": "Leave out hosts that were not asked for",
                "ansible.builtin.meta": "end_host",
                "when": f"inventory_hostname not in {_HOSTS}",
                "tags": ["always"],
            }
        ],
        "tasks": _parts(request.content),
    }


def _parts(content: Content) -> list[dict[str, Any]]:
    """The roles, each in a block of its own: what fails in one of them does not end the host for the others."""
    if not content.singly:
        return [_part(role, {"ansible.builtin.import_role": _role(role)}) for role in content.roles]
    return [
        {
            **_part(
                f"{role}: {control}",
                {"ansible.builtin.include_role": _role(role), "vars": {CONTROLS: [control]}, "tags": ["always"]},
            ),
            "when": f"'{control}' in {_LEFT} | default([])",
        }
        for role, control in content.singly
    ]


def _role(name: str) -> dict[str, str]:
    return {"name": name, "tasks_from": _AT_ONCE[1]} if name == _AT_ONCE[0] else {"name": name}


def _part(name: str, what: Mapping[str, Any]) -> dict[str, Any]:
    # Where a task took too long, the host may be frozen, and each further task would take as long.
    leave = {"ansible.builtin.meta": "end_host", "when": "ansible_failed_result.timedout is defined"}
    go_on = {"name": GO_ON, "ansible.builtin.debug": {"msg": name}}
    return {"name": name, "block": [what], "rescue": [{**task, "tags": ["always"]} for task in (go_on, leave)]}


def _sealed(request: PlayRequest, private: Private) -> list[str]:
    unlock = request.unlock
    extra = {**request.content.extra_vars, **connection_vars(private.path, request.known_hosts)}
    words = ["--extra-vars", f"@{private.write(f'{SEALED}/extra.json', _json('the extra variables', extra))}"]
    for option, secret in (
        ("--connection-password-file", unlock.ssh_password),
        ("--become-password-file", unlock.become_password),
    ):
        if secret is not None:
            words += [option, str(private.write(f"{SEALED}/{option.strip('-')}", secret.get_secret_value() + "\n"))]
    for number, (label, password) in enumerate(unlock.vaults):
        path = private.write(f"{SEALED}/vault-{number}", password.get_secret_value() + "\n")
        words += ["--vault-id", f"{label}@{path}"]
    return words


def _json(what: str, value: object) -> str:
    try:
        return json.dumps(value, default=_plain)
    except (TypeError, ValueError) as error:
        raise PlayError(
            f"A variable for {what} cannot be passed to Ansible: {error}.", "Use plain YAML values."
        ) from None


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"a {type(value).__name__} is no plain value")
