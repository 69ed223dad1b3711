#!/usr/bin/python
"""Puts up the warning that logins meet, and switches off login scripts that give the system away."""

from __future__ import annotations

import os
import re
import stat

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import odd

DOCUMENTATION = r"""
module: login_texts
short_description: Put up one warning at login, and silence what gives the system away
description:
  - Each of the files holds the text afterwards, and nothing else of it changes. In place of a link comes a file; what
    the link leads to stays as it is. Where there is no file but a folder, a pipe or a device, also behind a link, it
    stays, and is named.
  - Of the scripts in a folder, those that a regular expression matches may no longer be run. A package upgrade keeps
    the modes of its configuration files. What is behind a link is not changed, but named; of a folder that is a link,
    what lies outside of /etc.
options:
  text: {description: The warning., type: str, required: true}
  paths: {description: The files that show it., type: list, elements: path, required: true}
  scripts: {description: The folder of login scripts., type: path, required: true}
  telltale: {description: Extended regular expression, as grep(1) takes it., type: str, required: true}
"""

_MOST = 1 << 16
_ETC = "/etc"
# The names that run-parts(8) runs, as pam_motd calls it.
_RUN = re.compile(r"(?!.*\.dpkg-(?:old|dist|new|tmp)\Z)(?:[a-zA-Z0-9_-]+|_?(?:[a-z0-9_.]+-)+[a-z0-9]+)")


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
    new = not os.path.exists(path)
    module.atomic_move(draft, path)
    if new:  # Ansible goes by the mask of its own session
        os.chmod(path, 0o644)


def telling(module: AnsibleModule) -> list[str]:
    """The scripts that are run and give the system away."""
    folder, telltale = module.params["scripts"], module.params["telltale"]
    found = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        if not _RUN.fullmatch(name) or not os.path.isfile(path) or not os.stat(path).st_mode & 0o111:
            continue
        rc, _, err = module.run_command(["grep", "-qE", "-e", telltale, "--", path])
        if rc > 1:
            module.fail_json(msg=f"grep cannot look for {telltale!r}: {err.strip()}")
        if rc == 0:
            found.append(path)
    return found


def not_ours(path: str) -> str:
    """Why a script is left; empty where it is not."""
    folder = os.path.dirname(path)
    if os.path.islink(path):
        return f"{path} gives the system away and is a link: nothing behind it was changed."
    if not os.path.realpath(folder).startswith(f"{_ETC}/"):
        return f"{path} gives the system away, and {folder} leads out of {_ETC}: nothing behind it was changed."
    return ""


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
    # Before anything is written, so that what cannot be is no reason to begin again.
    left = {path: f"{path} is {what} and was left as it is." for path in module.params["paths"] if (what := odd(path))}
    before = {path: shown(path) for path in module.params["paths"] if path not in left}
    # A blank line at the end makes no other warning.
    other = [path for path, found in before.items() if found is None or found.rstrip() != text.rstrip()]
    scripts = telling(module)
    left.update({path: why for path in scripts if (why := not_ours(path))})
    plain = [path for path in scripts if path not in left]
    try:
        for path in () if module.check_mode else other:
            write(module, path, text)
        for path in () if module.check_mode else plain:
            os.chmod(path, stat.S_IMODE(os.lstat(path).st_mode) & ~0o111)
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}.")
    for sentence in left.values():
        module.warn(sentence)
    done = [f"{path} shows the warning." for path in other] + [f"{path} was switched off." for path in plain]
    note = [*done, *left.values()]
    diff = [
        {"before": before[path] or "", "after": text, "before_header": path, "after_header": path} for path in other
    ]
    module.exit_json(changed=bool(done), msg=" ".join(note), left=list(left.values()), opsharden_note=note, diff=diff)


if __name__ == "__main__":
    main()
