"""What of Ansible's own settings (ansible.cfg, ANSIBLE_*) is honoured; docs/ansible.md tells it to people."""

from __future__ import annotations

from collections.abc import Iterator

from opsharden.inventory.ansible_api import constants

INSTEAD = {
    "DEFAULT_REMOTE_USER": "ansible_user",
    "DEFAULT_REMOTE_PORT": "ansible_port",
    "DEFAULT_PRIVATE_KEY_FILE": "ansible_ssh_private_key_file",
    "DEFAULT_BECOME_METHOD": "ansible_become_method",
    "DEFAULT_BECOME_USER": "ansible_become_user",
    "DEFAULT_BECOME_EXE": "ansible_become_exe",
    "DEFAULT_BECOME_FLAGS": "ansible_become_flags",
    "DEFAULT_TRANSPORT": "ansible_connection",
    "CONNECTION_PASSWORD_FILE": "ansible_password",
    "BECOME_PASSWORD_FILE": "ansible_become_password",
}
"""Settings that say how a host is reached, which the inventory alone says here; and the variable that does."""


def not_honoured() -> Iterator[str]:
    """A sentence for each setting that somebody has made and that nothing here heeds."""
    for setting, variable in INSTEAD.items():
        _, origin = constants.config.get_config_value_and_origin(setting)
        if origin not in ("default", None):
            definition = constants.config.get_configuration_definitions()[setting]
            name = (definition.get("ini") or [{"key": setting.lower()}])[0]["key"]
            yield f"Ansible's setting {name} ({origin}) is not heeded: set {variable} in the inventory."
