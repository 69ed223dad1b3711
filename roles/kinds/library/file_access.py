#!/usr/bin/python
"""Takes away from files and folders, and from the folders above them, what lets others change (or read) them."""

from __future__ import annotations

import errno
import fcntl
import grp
import os
import pwd
import stat
import struct
from fnmatch import fnmatchcase

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_accesslist import has_list, stricter, too_far
from ansible.module_utils.opsharden_nofile import odd

DOCUMENTATION = r"""
module: file_access
short_description: Close files and folders to all but those who are to have them
description:
  - Of each file or folder that is there, permissions beyond its mode are taken away, and of its access list what goes
    beyond; a stricter mode stays. Where it belongs to somebody else, it is given to the first that may have it.
  - What others can only read is left where a folder above keeps them out.
  - Of each folder above, as far as it is named without a pattern, writing is taken away from all but root.
  - A link is never followed, and nothing behind one is changed. What is not of the kind that is named, what is
    immutable, and what is mounted read-only are left, and named.
options:
  want:
    description:
      - What controls want, each a mapping of paths to the most that may be allowed there, C(mode), C(owner), C(group),
        C(by_list). A path with C(/) at its end names folders, C(*) stands for anything in a name, C(/**) at the end for
        all that is below. Of several paths that name the same file, the one counts that is longest without its C(*).
    type: list
    elements: dict
    required: true
"""

LETTERS = {"r": 4, "w": 2, "x": 1}
GET_FLAGS = 0x80006601 | struct.calcsize("l") << 16  # FS_IOC_GETFLAGS
KEPT = 0x10 | 0x20  # immutable, append-only
KINDS = {False: stat.S_ISREG, True: stat.S_ISDIR}


class Wanted:
    """What one path of a control names, and the most that may be allowed there."""

    def __init__(self, path, said):
        self.folders, self.single = path.endswith("/"), "*" not in path
        parts = [part for part in path.split("/") if part]
        self.tree = parts[-1] == "**"
        self.parts = parts[:-1] if self.tree else parts
        self.rank = (len(path) - path.count("*"), not self.tree)
        plain = next((at for at, part in enumerate(self.parts) if "*" in part), len(self.parts))
        self.start = plain if plain < len(self.parts) or self.tree else plain - 1
        self.mode = int(said["mode"]["at_most"], 8)
        self.by_list = (self.mode | sum(LETTERS[letter] for letter in said.get("by_list") or "")) & 0o7
        self.owners = numbers(said.get("owner"), lambda name: pwd.getpwnam(name).pw_uid)
        self.groups = numbers(said.get("group"), lambda name: grp.getgrnam(name).gr_gid)

    @property
    def base(self):
        """The folder in which a pattern begins."""
        return "/" + "/".join(self.parts[: self.start])

    @property
    def way(self):
        """The folders down to there, the highest first."""
        return ["/" + "/".join(self.parts[:length]) for length in range(self.start + 1)]

    def found(self):
        """The paths that it names, of whatever kind, no link followed."""
        tops = list(matching(self.base, self.parts[self.start :])) if self.parts[self.start :] else [self.base]
        for top in tops:
            if not self.tree:
                yield top
            elif not os.path.islink(top):
                for folder, folders, files in os.walk(top):
                    yield from (os.path.join(folder, name) for name in folders + files)


def numbers(said, number_of):
    """The numbers of accounts or groups that the host has, root's where it has none of them; none for no names."""
    found = []
    for name in [said] if isinstance(said, str) else said or []:
        try:
            found.append(number_of(name))
        except KeyError:
            continue
    return found or ([0] if said else [])


def matching(folder, parts):
    """The paths below a folder that fit, one part a step."""
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        path = os.path.join(folder, name)
        if fnmatchcase(name, parts[0]):
            if len(parts) == 1:
                yield path
            elif not os.path.islink(path):
                yield from matching(path, parts[1:])


class Closing:
    """What is to be changed and what was left, of one control after the other."""

    def __init__(self):
        self.todo, self.left, self.ways = {}, [], {}
        self.done, self.before, self.after = [], [], []

    def control(self, want):
        """See what one control needs."""
        meant = {}
        for wanted in sorted((Wanted(path, said) for path, said in want.items()), key=lambda each: each.rank):
            if self._way(wanted):
                meant.update(dict.fromkeys(filter(lambda path: self._fits(path, wanted), wanted.found()), wanted))
        for path, wanted in sorted(meant.items()):
            try:
                self._look(path, wanted, meant)
            except FileNotFoundError:  # it went meanwhile
                continue
            except OSError as error:
                self.leave(f"{path} cannot be looked at ({error.strerror}), and was left as it is.")

    @staticmethod
    def _fits(path, wanted):
        """A folder is passed over where a pattern means files, and the other way round; what links lead to counts."""
        return wanted.single or os.path.isdir(path) == wanted.folders

    def _way(self, wanted):
        """Close the folders above; false where a link stands among them, or nothing is there."""
        for folder in wanted.way:
            if folder not in self.ways:
                self.ways[folder] = os.path.lexists(folder) and self._folder(folder)
            if not self.ways[folder]:
                return False
        return True

    def _folder(self, folder):
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode):
            kind = "a link" if stat.S_ISLNK(found.st_mode) else "no folder"
            self.leave(f"{folder} is {kind}, and nothing behind it was changed.")
            return False
        self._plan(folder, found, stat.S_IMODE(found.st_mode) & ~0o022, 0, found.st_gid)
        return True

    def _look(self, path, wanted, meant):
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            self._link(path, wanted, meant)
        elif not KINDS[wanted.folders](found.st_mode):
            if wanted.single or self._is_wide(path, found, wanted):
                kind = odd(path) or ("a file" if stat.S_ISREG(found.st_mode) else "no folder")
                self.leave(f"{path} is {kind} and was left as it is.")
        elif self._is_wide(path, found, wanted):
            owner = found.st_uid if found.st_uid in (wanted.owners or [found.st_uid]) else wanted.owners[0]
            group = found.st_gid if found.st_gid in (wanted.groups or [found.st_gid]) else wanted.groups[0]
            access_list, mode = too_far(path, wanted.by_list), stat.S_IMODE(found.st_mode)
            if access_list:
                mode = (mode & ~0o070) | (access_list.shown << 3)
            shut = 0o5 if self._is_shut_in(path, wanted) else 0
            self._plan(path, found, mode & (wanted.mode | shut), owner, group, access_list)

    def _link(self, path, wanted, meant):
        """Nothing is changed behind it; what is open there is said, unless it is looked at by its own name."""
        real = os.path.realpath(path)
        if not os.path.exists(real) or real == os.devnull or (real in meant and not os.path.islink(real)):
            return
        found = os.stat(real)
        if not KINDS[wanted.folders](found.st_mode) or self._is_wide(real, found, wanted):
            self.leave(f"{path} is a link and was left as it is.")

    def _is_wide(self, path, found, wanted):
        mode = stat.S_IMODE(found.st_mode)
        others = (wanted.owners and found.st_uid not in wanted.owners) or (
            wanted.groups and found.st_gid not in wanted.groups
        )
        too_much = mode & ~wanted.mode
        if others or too_much & ~0o5 or (too_much and not self._is_shut_in(path, wanted)):
            return True
        return bool((mode >> 3) & 0o7 & ~wanted.by_list and too_far(path, wanted.by_list))

    @staticmethod
    def _is_shut_in(path, wanted):
        """Whether a folder below the base keeps all out that are not of its own group."""
        above = os.path.dirname(path)
        while above.startswith(f"{wanted.base.rstrip('/')}/"):
            mode = os.lstat(above).st_mode
            if not mode & 0o1 and not (mode & 0o10 and has_list(above)):
                return True
            above = os.path.dirname(above)
        return False

    def _plan(self, path, found, mode, owner, group, access_list=None):
        """What is to become of a path. Where several controls want something of it, all of that: nothing is undone."""
        if path in self.todo:
            _, before, owner_before, group_before, list_before = self.todo[path]
            mode &= before
            owner = owner if owner != found.st_uid else owner_before
            group = group if group != found.st_gid else group_before
            access_list = stricter(list_before, access_list)
        now = (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)
        if now != (mode, owner, group) or access_list:
            self.todo[path] = (found, mode, owner, group, access_list)

    def bring_about(self, dry):
        """Change what is to be changed, or only say so."""
        for path, (found, mode, owner, group, access_list) in sorted(self.todo.items()):
            try:
                what = change(path, found, mode, owner, group, access_list, dry)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno not in WHY:
                    raise
                self.leave(f"{path} {WHY[error.errno]}, and was left as it is.")
                continue
            if what is None:
                self.leave(f"{path} was put in place anew at this moment; run it again.")
                continue
            self.done.append(f"{path}: {', '.join(what)}.")
            self.before.append(f"{stat.S_IMODE(found.st_mode):o} {found.st_uid}:{found.st_gid} {path}\n")
            self.after.append(f"{mode:o} {owner}:{group} {path}\n")

    def leave(self, sentence):
        """Say once what is left."""
        if sentence not in self.left:
            self.left.append(sentence)


WHY = {
    errno.EPERM: "is immutable, or kept from all but growing (see lsattr)",
    errno.EROFS: "is on a file system that is mounted read-only",
}


def change(path, found, mode, owner, group, access_list, dry):
    """Close one file or folder. Returns what that changes, in words; nothing where another is there now."""
    before = stat.S_IMODE(found.st_mode)
    said = [f"owner {found.st_uid}:{found.st_gid} to {owner}:{group}"]
    what = said if (found.st_uid, found.st_gid) != (owner, group) else []
    what += [f"mode {before:o} to {mode:o}"] if before != mode else []
    what += [str(access_list)] if access_list else []
    if dry:
        would_fail(path)
        return what
    # By descriptor, so that what was looked at is what is changed, whatever becomes of the name meanwhile.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        now = os.fstat(handle)
        if (now.st_dev, now.st_ino) != (found.st_dev, found.st_ino):
            return None
        # The mode first and last: a change of owner takes special bits away, and must not open a gap.
        os.fchmod(handle, before & mode)
        if access_list:
            access_list.write(handle)
        os.fchown(handle, owner, group)
        os.fchmod(handle, mode)
    finally:
        os.close(handle)
    return what


def would_fail(path):
    """Raise what a change would be refused with, where that can be told without one. See ioctl_iflags(2)."""
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        (flags,) = struct.unpack("l", fcntl.ioctl(handle, GET_FLAGS, bytes(struct.calcsize("l"))))
    except OSError:  # this file system has none
        flags = 0
    finally:
        os.close(handle)
    if flags & KEPT:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), path)


def main():
    """What Ansible runs."""
    spec = {"want": {"type": "list", "elements": "dict", "required": True}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    closing = Closing()
    for want in module.params["want"]:
        closing.control(want)
    try:
        closing.bring_about(module.check_mode)
    except OSError as error:
        module.fail_json(
            msg=f"{error.filename or 'A file'}: {error.strerror}.",
            changed=bool(closing.done),
            opsharden_note=closing.done + closing.left,
        )
    for sentence in closing.left:
        module.warn(sentence)
    note = closing.done + closing.left
    diff = {"before": "".join(closing.before), "after": "".join(closing.after)}
    module.exit_json(changed=bool(closing.done), msg=" ".join(note), opsharden_note=note, left=closing.left, diff=diff)


if __name__ == "__main__":
    main()
