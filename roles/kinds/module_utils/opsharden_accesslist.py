"""Access control lists of files, as the kernel keeps them, cut down to what they may give. See acl(5)."""

from __future__ import annotations

import errno
import os
import struct

ACL = "system.posix_acl_access"
_HEAD = 4  # bytes: the version
_ENTRY = struct.Struct("<HHI")
_GROUP_OBJ, _MASK = 0x04, 0x10
_NAMED = (0x02, 0x08)  # users and groups
_ALL = 0o7


class AccessList:
    """The list of a file, without what goes too far; where it then names nobody any more, none.

    Attributes:
        shown: The middle digit of the mode that the file then has: the most the list gives to those it names, and to
            the file's own group; without a list, what that group has.
    """

    def __init__(self, raw, most):
        self._raw, self._most = raw, most
        entries = list(_ENTRY.iter_unpack(raw[_HEAD:]))
        rights = {tag: given for tag, given, _ in entries}
        self._mask = rights.get(_MASK, _ALL)
        named = [entry for entry in entries if entry[0] in _NAMED]
        self.goes_too_far = any(given & self._mask & ~most for _, given, _ in named)
        # What forbids somebody something stays.
        kept = [(tag, given & most, number) for tag, given, number in named if not given or given & most]
        self.shown = rights[_GROUP_OBJ] & self._mask
        for _, given, _ in kept:
            self.shown |= given & self._mask
        unnamed = [(tag, self.shown if tag == _MASK else given, number) for tag, given, number in entries]
        unnamed = [entry for entry in unnamed if entry[0] not in _NAMED]
        self._entries = sorted((*unnamed, *kept), key=lambda entry: (entry[0], entry[2])) if kept else []

    def __str__(self):
        """What becomes of it."""
        return "its access list was cut down" if self._entries else "its access list was dropped"

    def cut_to(self, other):
        """The list that gives no more than this one and another of the same file."""
        return AccessList(self._raw, self._most & other._most)

    def write(self, handle):
        """Put it in the place of the one that the open file has."""
        if self._entries:
            os.setxattr(handle, ACL, self._raw[:_HEAD] + b"".join(_ENTRY.pack(*entry) for entry in self._entries))
        else:
            os.removexattr(handle, ACL)


def has_list(path):
    """Whether a file has a list; on some file systems none can have one."""
    try:
        return ACL in os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return False
        raise


def too_far(path, most):
    """The list of a file, cut down for those it names to rights, a digit of a mode; None where it goes no further."""
    if not has_list(path):
        return None
    found = AccessList(os.getxattr(path, ACL, follow_symlinks=False), most)
    return found if found.goes_too_far else None


def stricter(one, other):
    """Of two lists of the same file, either of which may be None, what neither of them lets through."""
    if one is None or other is None:
        return one or other
    return one.cut_to(other)
