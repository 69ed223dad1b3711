#!/usr/bin/python
"""Takes away from files, and from the folders above them, what lets others than root change (or read) them."""

from __future__ import annotations

import glob
import grp
import os
import stat
import struct

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import odd

DOCUMENTATION = r"""
module: only_root
short_description: Close files to all but root
description:
  - Of each file that is there, owner and group are set and permissions beyond its mode are taken away; a stricter mode
    stays. An access control list that may let more accounts read what the mode hides is dropped.
  - Of each folder above it, writing is taken away from all but root.
  - A link is never followed, and nothing behind one is changed. What is not an ordinary file is left, and named.
options:
  files:
    description: The files, each with the most it may allow.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Absolute path; in its last part it may be a pattern of the shell., type: path, required: true}
      mode: {description: The most permissions it may have., type: str, required: true}
      groups: {description: Groups it may belong to; it is given to the first of them., type: list, elements: str}
      control: {description: What it is closed for; for the reader., type: str}
"""

ACL = "system.posix_acl_access"
_ENTRY = struct.Struct("<HHI")
_GROUP_OBJ, _MASK = 0x04, 0x10


class Closing:
    """What was changed and what was left, while files are closed one after the other."""

    def __init__(self, dry: bool) -> None:
        self.dry = dry
        self.seen: dict[str, bool] = {}
        self.done: list[str] = []
        self.left: list[str] = []

    def folders(self, path: str) -> bool:
        """Close the folders above a path, the highest first; false where a link stands among them."""
        parts = path.strip("/").split("/")[:-1]
        for depth in range(len(parts) + 1):
            folder = "/" + "/".join(parts[:depth])
            if folder not in self.seen:
                self.seen[folder] = self._folder(folder)
            if not self.seen[folder]:
                return False
        return True

    def _folder(self, folder: str) -> bool:
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode):
            kind = "a link" if stat.S_ISLNK(found.st_mode) else "no folder"
            self._leave(f"{folder} is {kind}, and nothing behind it was changed.")
            return False
        mode = stat.S_IMODE(found.st_mode)
        self._set(folder, found, mode & ~0o022, 0, found.st_gid)
        return True

    def all(self, pattern: str, most: int, groups: list[int]) -> None:
        """Close the files that a pattern names, and the folders above them."""
        if os.path.lexists(os.path.dirname(pattern)) and self.folders(pattern):
            for path in sorted([pattern] if os.path.lexists(pattern) else glob.glob(pattern)):
                self.file(path, most, groups)

    def file(self, path: str, most: int, groups: list[int]) -> None:
        """Close one file."""
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            kind = "a link" if stat.S_ISLNK(found.st_mode) else odd(path) or "no file"
            self._leave(f"{path} is {kind} and was left as it is.")
            return
        mode = stat.S_IMODE(found.st_mode)
        if not most & 0o004 and mode & 0o070 and ACL in os.listxattr(path, follow_symlinks=False):
            mode = (mode & ~0o070) | (own_group(os.getxattr(path, ACL, follow_symlinks=False)) << 3)
            self.done.append(f"{path}: its access control list was dropped")
            if not self.dry:
                os.removexattr(path, ACL, follow_symlinks=False)
                os.chmod(path, mode)
                found = os.lstat(path)
        self._set(path, found, mode & most, 0, found.st_gid if found.st_gid in groups else groups[0])

    def _set(self, path: str, found: os.stat_result, mode: int, owner: int, group: int) -> None:
        before = stat.S_IMODE(found.st_mode)
        changes = []
        if (found.st_uid, found.st_gid) != (owner, group):
            changes.append(f"owner {found.st_uid}:{found.st_gid} to {owner}:{group}")
        if before != mode:
            changes.append(f"mode {before:o} to {mode:o}")
        if not changes:
            return
        self.done.append(f"{path}: {', '.join(changes)}")
        if self.dry:
            return
        # By descriptor, so that what was looked at is what is changed, whatever becomes of the name meanwhile.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            now = os.fstat(handle)
            if (now.st_dev, now.st_ino) != (found.st_dev, found.st_ino):
                self._leave(f"{path} was put in place anew at this moment; run it again.")
                return
            # The mode first and last: a change of owner takes special bits away, and must not open a gap.
            os.fchmod(handle, before & mode)
            os.fchown(handle, owner, group)
            os.fchmod(handle, mode)
        finally:
            os.close(handle)

    def _leave(self, sentence: str) -> None:
        if sentence not in self.left:
            self.left.append(sentence)


def own_group(acl: bytes) -> int:
    """What the list gives to the file's own group: the mode shows the most it gives to anybody instead."""
    entries = {tag: permissions for tag, permissions, _ in _ENTRY.iter_unpack(acl[4:])}
    return entries[_GROUP_OBJ] & entries.get(_MASK, 0o7)


def numbers(groups: list[str]) -> list[int]:
    """The numbers of those groups that the host has; root's where it has none of them."""
    found = []
    for name in groups:
        try:
            found.append(grp.getgrnam(name).gr_gid)
        except KeyError:
            continue
    return found or [0]


def main() -> None:
    """What Ansible runs."""
    options = {
        "path": {"type": "path", "required": True},
        "mode": {"type": "str", "required": True},
        "groups": {"type": "list", "elements": "str", "default": ["root"]},
        "control": {"type": "str"},
    }
    files = {"type": "list", "elements": "dict", "required": True, "options": options}
    module = AnsibleModule(argument_spec={"files": files}, supports_check_mode=True)
    closing = Closing(module.check_mode)
    try:
        for file in module.params["files"]:
            closing.all(file["path"], int(file["mode"], 8), numbers(file["groups"]))
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}.", done=closing.done)
    for sentence in closing.left:
        module.warn(sentence)
    done = [f"{each}." for each in closing.done]
    note = done + closing.left
    diff = {"before": "", "after": "".join(f"{line}\n" for line in closing.done)}
    module.exit_json(changed=bool(done), msg=" ".join(note), opsharden_note=note, left=closing.left, diff=diff)


if __name__ == "__main__":
    main()
