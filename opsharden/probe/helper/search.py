"""find(1) and grep(1) as far as checks need them: part of what the helper answers by itself; see `answers.py`.

The words of find are its own; `opsharden.probe.native` lets only those through that are known here.
"""

import grp
import os
import pwd
import stat

_MOST = 20000  # lines
_below: "dict[str, dict[str, list[str]]]" = {}  # folder -> name -> paths: of the kernel's settings each is asked for
_LETTERS = {
    **{stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFIFO: "p", stat.S_IFSOCK: "s"},
    **{stat.S_IFCHR: "c", stat.S_IFBLK: "b"},
}

if False:  # for the type checker: hosts need not load it
    from collections.abc import Callable

    from opsharden.probe.helper.bounds import local_accounts, nearby, read

    _Test = Callable[[str, str, os.stat_result], bool]


def find(*words: str) -> "tuple[int, bytes]":
    """What find prints. Raises where anything on the way cannot be read: find has its own words for that."""
    roots = []
    rest = list(words)
    look: Callable[[str], os.stat_result] = os.lstat
    if rest[0] == "-L":
        look = _followed
        del rest[0]
    while rest and not rest[0].startswith(("-", "(", "!")):
        roots.append(rest.pop(0))
    deepest = 1 << 30
    if rest[:1] == ["-maxdepth"]:
        deepest = int(rest[1])
        del rest[:2]
    if not {"-print", "-printf"}.intersection(rest):
        rest = ["(", *rest, ")", "-print"]
    out: list[str] = []
    holds = _either(rest, out)
    if rest:
        raise ValueError
    for root in roots:
        nearby(root, below=deepest > 0)
        _visit(root, deepest, look, holds)
    return 0, "".join(out).encode("utf-8", "surrogateescape")


def grep(folder: str, name: str) -> "tuple[int, bytes]":
    """What `grep -rs '' FOLDER --include=NAME` prints: every line of the files of that name, links not followed."""
    if folder not in _below:
        nearby(folder, below=True)
        _below[folder] = {}
        _sort(folder, _below[folder])
    out = []
    for path in _below[folder].get(name, ()):
        text = read(path)
        # grep has words of its own for what is no text.
        if not text.isascii() or b"\0" in text:
            raise ValueError
        out += [path.encode() + b":" + line + b"\n" for line in text.removesuffix(b"\n").split(b"\n") if text]
    return int(not out), b"".join(out)


def _sort(folder: str, found: "dict[str, list[str]]") -> None:
    """The files below a folder by their names, in grep's order, which is that of the directory."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            _sort(entry.path, found)
        elif entry.is_file(follow_symlinks=False):
            found.setdefault(entry.name, []).append(entry.path)


def _followed(path: str) -> os.stat_result:
    """What is behind a link; the link where that is nothing. What else may lie in a folder behind one is find's."""
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        nearby(os.path.realpath(path))
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return found
        if stat.S_ISDIR(found.st_mode):
            raise ValueError
    return found


def _visit(path: str, deeper: int, look: "Callable[[str], os.stat_result]", holds: "_Test") -> None:
    found = look(path)
    holds(path, path.rpartition("/")[2] or path, found)
    if deeper and stat.S_ISDIR(found.st_mode):
        # In the order of the directory, and each at once with what is below it: as find goes.
        for entry in os.scandir(path):
            _visit(entry.path, deeper - 1, look, holds)


def _either(words: "list[str]", out: "list[str]") -> "_Test":
    choices = [_all(words, out)]
    while words[:1] == ["-o"]:
        del words[0]
        choices.append(_all(words, out))
    return lambda *file: any(holds(*file) for holds in choices)


def _all(words: "list[str]", out: "list[str]") -> "_Test":
    conditions = []
    while words and words[0] not in (")", "-o"):
        conditions.append(_one(words, out))
    return lambda *file: all(holds(*file) for holds in conditions)


def _one(words: "list[str]", out: "list[str]") -> "_Test":
    word = words.pop(0)
    if word == "!":
        inner = _one(words, out)
        return lambda *file: not inner(*file)
    if word == "(":
        inner = _either(words, out)
        words.remove(")")
        return inner
    if word == "-print":
        return lambda path, name, found: _printed(path + "\n", out)
    value = words.pop(0)
    if word == "-printf":
        return lambda path, name, found: _printed(_filled(value, path, name, found), out)
    return TESTS[word](value)


def _printed(text: str, out: "list[str]") -> bool:
    if len(out) > _MOST:
        raise ValueError
    out.append(text)
    return True


def _of_kind(value: str) -> "_Test":
    kind = {"f": stat.S_ISREG, "d": stat.S_ISDIR, "l": stat.S_ISLNK}[value]
    return lambda path, name, found: kind(found.st_mode)


def _of_user(value: str) -> "_Test":
    local_accounts()
    uid = pwd.getpwnam(value).pw_uid
    return lambda path, name, found: found.st_uid == uid


def _of_group(value: str) -> "_Test":
    local_accounts()
    gid = grp.getgrnam(value).gr_gid
    return lambda path, name, found: found.st_gid == gid


def _of_mode(value: str) -> "_Test":
    bits = int(value[1:], 8)
    if value[0] == "-":
        return lambda path, name, found: found.st_mode & bits == bits
    return lambda path, name, found: bool(found.st_mode & bits)


TESTS: "dict[str, Callable[[str], _Test]]" = {
    "-type": _of_kind,
    "-user": _of_user,
    "-group": _of_group,
    "-perm": _of_mode,
    "-name": lambda pattern: lambda path, name, found: _like(pattern, name),
    "-path": lambda pattern: lambda path, name, found: _like(pattern, path),
}


def _like(pattern: str, text: str) -> bool:
    """A pattern whose only wildcard is `*`, which stands for anything, slashes too."""
    first, *parts = pattern.split("*")
    if not parts:
        return pattern == text
    last = parts.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    middle, at = text[len(first) : len(text) - len(last)], 0
    for part in parts:
        at = middle.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _filled(form: str, path: str, name: str, found: os.stat_result) -> str:
    fields = {"%m": f"{stat.S_IMODE(found.st_mode):o}", "%p": path, "%f": name, "\\n": "\n"}
    if "%u" in form or "%g" in form:
        local_accounts()
    fields["%u"] = pwd.getpwuid(found.st_uid).pw_name if "%u" in form else ""
    fields["%g"] = grp.getgrgid(found.st_gid).gr_name if "%g" in form else ""
    fields["%U"], fields["%G"] = str(found.st_uid), str(found.st_gid)
    fields["%y"] = _LETTERS[stat.S_IFMT(found.st_mode)]
    fields["%l"] = os.readlink(path) if "%l" in form and fields["%y"] == "l" else ""
    text, at = "", 0
    while at < len(form):
        sign = form[at : at + 2]
        text += fields[sign] if sign in fields else form[at]
        at += 2 if sign in fields else 1
    return text
