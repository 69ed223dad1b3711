#!/usr/bin/python
"""Keep the system's scheduled jobs to root."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: scheduled_jobs
short_description: Keep the system's scheduled jobs to root
description:
  - Takes from /etc/crontab and the folders /etc/cron.* what others than root may do, and from the jobs in these
    folders that others may write them. Nothing is given that was not there, and links are left as they are.
author: opsharden
"""

FOLDER, TABLE, JOB = 0o700, 0o700, 0o7755


def candidates():
    """Path and what its mode may hold, of all that is no link."""
    for path in sorted(Path("/etc").iterdir()):
        if path.is_symlink():
            continue
        if path.name == "crontab" and path.is_file():
            yield path, TABLE
        elif path.name.startswith("cron.") and path.is_dir():
            yield path, FOLDER
            yield from ((job, JOB) for job in sorted(path.iterdir()) if job.is_file() and not job.is_symlink())


def led_astray():
    """The links among them that lead to what is not root's alone, a sentence each."""
    tops = sorted(path for path in Path("/etc").iterdir() if path.name == "crontab" or path.name.startswith("cron."))
    inside = [job for path in tops if path.is_dir() and not path.is_symlink() for job in sorted(path.iterdir())]
    for path in [*tops, *inside]:
        found = path.stat() if path.is_symlink() and (path.is_file() or path.is_dir()) else None
        if found and (found.st_uid or found.st_mode & 0o022):
            yield f"{path} is a link to what is not root's alone: nothing behind it was changed."


def in_order(path, allowed):
    """Whether a path is root's alone as far as it has to be: a job's group may be any that cannot write it."""
    found = path.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if allowed == JOB:
        return found.st_uid == 0 and not mode & 0o022
    return found.st_uid == found.st_gid == 0 and not mode & ~allowed


def main():
    """Do it, or in check mode say what would be done."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    before, after, note = [], [], []
    for path, allowed in candidates():
        if in_order(path, allowed):
            continue
        found = path.lstat()
        now, then = stat.S_IMODE(found.st_mode), stat.S_IMODE(found.st_mode) & allowed
        before.append(f"{now:o} {found.st_uid}:{found.st_gid} {path}\n")
        after.append(f"{then:o} 0:0 {path}\n")
        note.append(f"{path}: {now:o} {found.st_uid}:{found.st_gid} to {then:o} 0:0.")
        if not module.check_mode:
            os.chown(path, 0, 0)
            path.chmod(then)
    left = list(led_astray())
    for sentence in left:
        module.warn(sentence)
    diff = {"before": "".join(before), "after": "".join(after)}
    module.exit_json(changed=bool(after), diff=diff, left=left, opsharden_note=note + left)


if __name__ == "__main__":
    main()
