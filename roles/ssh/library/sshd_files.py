#!/usr/bin/python
"""Keeps the files that decide who gets in, and as which host, to root."""

import glob
import os
import stat

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_sshd_config import MAIN, SSHD, Files, Server, Trouble, split

DOCUMENTATION = r"""
module: sshd_files
short_description: Keep the files that decide who gets in, and as which host, to root
description:
  - Takes rights away from what sshd reads in /etc/ssh and from the folders there, and gives none. Links are followed.
    What lies outside of /etc/ssh may serve others too and is left as it is, and so is what is no file.
"""

HOME = "/etc/ssh"
ACL = "system.posix_acl_access"


def guarded(server):
    """Each file and the mode it may have at most; the folders that files are included from; and what is no file."""
    files = Files(server.main)
    lines = list(files.lines())
    lines += [(*[None] * 2, *split(option), *[None] * 2) for option in server.options]
    most = dict.fromkeys([*files.read, MAIN, *_below(f"{MAIN}.d")], 0o600)
    for _, _, keyword, words, *_ in lines:
        if keyword == "hostkey" and words:
            most[words[0]] = 0o600
            most[f"{words[0]}.pub"] = 0o644
        if keyword == "hostcertificate" and words:
            most[words[0]] = 0o644
    most.update(dict.fromkeys(glob.glob(f"{HOME}/ssh_host_*_key"), 0o600))
    most.update(dict.fromkeys(glob.glob(f"{HOME}/ssh_host_*.pub"), 0o644))
    return most, [folder for folder in files.folders if os.path.isdir(folder)], files.odd


def _below(folder):
    return [os.path.join(where, name) for where, _, names in os.walk(folder, followlinks=True) for name in names]


def folders(paths):
    """The folders in /etc/ssh on the way to any of them, links followed."""
    found = {os.path.dirname(path) for path in paths if path.startswith(f"{HOME}/")}
    return found | folders(found) if found else found


def wrong(path, most):
    """What owner and mode are, where they are not right."""
    found = os.stat(path)
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        # root's own group may write: nobody else is in it, unless an access list names others beside it.
        others = found.st_gid != 0 or ACL in os.listxattr(path)
        is_open = found.st_uid != 0 or mode & 0o002 or (mode & 0o020 and others)
    else:
        is_open = (found.st_uid, found.st_gid) != (0, 0) or mode & ~most
    return mode if is_open else None


def keep_to_root(path, mode):
    """Take away what is too much; the file is the one that was looked at, whatever is put in its place meanwhile."""
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.fchown(opened, 0, 0)
        os.fchmod(opened, mode)
    finally:
        os.close(opened)


def main():
    """Run the module."""
    module = AnsibleModule({}, supports_check_mode=True)
    if not os.access(SSHD, os.X_OK):
        module.exit_json(changed=False, msg="no SSH server is installed")
    try:
        most, include_from, odd = guarded(Server(module))
    except Trouble as error:
        module.fail_json(msg=f"The files of sshd are as they were: {error}.")
    real = {os.path.realpath(path): mode for path, mode in most.items() if os.path.isfile(path)}
    todo = {
        **dict.fromkeys(sorted(folders([*real, *most, *(f"{folder}/*" for folder in include_from)])), 0o7755),
        **real,
    }
    changed, left = [], [f"{path} is {what} and was left as it is." for path, what in odd.items()]
    for path, limit in todo.items():
        mode = wrong(path, limit) if os.path.realpath(path) == path else None
        if mode is None:
            continue
        if not f"{path}/".startswith(f"{HOME}/"):
            left.append(f"{path} lies outside of {HOME} and was left as it is.")
            continue
        changed.append(path)
        # Of a list, the group's part of the mode is the mask: without it, none whom it names can write.
        if not module.check_mode:
            keep_to_root(path, mode & limit)
    for sentence in left:
        module.warn(sentence)
    note = [f"Closed {', '.join(changed)}."] if changed else []
    module.exit_json(changed=bool(changed), files=changed, left=left, opsharden_note=note + left)


if __name__ == "__main__":
    main()
