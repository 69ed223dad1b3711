#!/usr/bin/python
"""Puts up the warning that logins meet, and switches off login scripts that give the system away."""

from __future__ import annotations

import os
import stat

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: login_texts
short_description: Put up one warning at login, and silence what gives the system away
description:
  - Each of the files holds the text afterwards, and nothing else of it changes. In place of a link comes a file; what
    the link leads to stays as it is.
  - Of the scripts in a folder, those that a regular expression matches may no longer be run. A package upgrade keeps
    the modes of its configuration files. What is behind a link is not changed, but named.
options:
  text: {description: The warning., type: str, required: true}
  paths: {description: The files that show it., type: list, elements: path, required: true}
  scripts: {description: The folder of login scripts., type: path, required: true}
  telltale: {description: Extended regular expression, as grep(1) takes it., type: str, required: true}
"""

_MOST = 1 << 16


def shown(path: str) -> str | None:
    """What a file holds; nothing where it is no ordinary file, or far longer than any warning."""
    if not os.path.isfile(path) or os.path.getsize(path) > _MOST:
        return None
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def write(module: AnsibleModule, path: str, text: str) -> None:
    """Put a file in place, whole, with the owner and mode of the file that was there; in place of a link, its own."""
    draft = os.path.join(module.tmpdir, "draft")
    with open(draft, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(draft, 0o644)
    if os.path.islink(path):
        os.unlink(path)
    module.atomic_move(draft, path)


def telling(module: AnsibleModule) -> tuple[list[str], list[str]]:
    """The scripts that are run and give the system away: those to switch off, and those behind a link."""
    folder, telltale = module.params["scripts"], module.params["telltale"]
    plain, linked = [], []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        if not os.path.isfile(path) or not os.stat(path).st_mode & 0o111:
            continue
        rc, _, err = module.run_command(["grep", "-qE", "-e", telltale, "--", path])
        if rc > 1:
            module.fail_json(msg=f"grep cannot look for {telltale!r}: {err.strip()}")
        if rc == 0:
            (linked if os.path.islink(path) else plain).append(path)
    return plain, linked


def main() -> None:
    """What Ansible runs."""
    spec = {
        "text": {"type": "str", "required": True},
        "paths": {"type": "list", "elements": "path", "required": True},
        "scripts": {"type": "path", "required": True},
        "telltale": {"type": "str", "required": True},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    text = module.params["text"]
    before = {path: shown(path) for path in module.params["paths"]}
    # A blank line at the end makes no other warning.
    other = [path for path, found in before.items() if found is None or found.rstrip() != text.rstrip()]
    plain, linked = telling(module)
    try:
        for path in () if module.check_mode else other:
            write(module, path, text)
        for path in () if module.check_mode else plain:
            os.chmod(path, stat.S_IMODE(os.lstat(path).st_mode) & ~0o111)
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}.")
    for path in linked:
        module.warn(f"{path} gives the system away and is a link: nothing behind it was changed.")
    note = [f"{path} shows the warning." for path in other] + [f"{path} was switched off." for path in plain]
    diff = [
        {"before": before[path] or "", "after": text, "before_header": path, "after_header": path} for path in other
    ]
    module.exit_json(changed=bool(note), msg=" ".join(note), opsharden_note=note, diff=diff)


if __name__ == "__main__":
    main()
