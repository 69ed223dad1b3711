"""What the helper answers by itself, with no process: only what is certain to be the command's own answer.

Sent to hosts together with `serve.py`; see there. A program is what `opsharden.probe.native` made of a shell command:
simple commands one after the other, each with how it follows the one before. Whatever is not plain (a missing file, no
permission, an unknown state, something that is no ordinary file, much of anything, a wait) is declined, and then the
shell answers, with its own words and exit status, and with the time and the bounds of a command.
"""

import grp
import os
import pwd
import stat
import time

if False:  # for the type checker: hosts need not load it, and `bounds.py` and `search.py` stand before this text there
    from collections.abc import Callable

    from opsharden.probe.helper.bounds import CLOCK, MOST, PATIENCE, local_accounts, nearby, read
    from opsharden.probe.helper.search import find, grep

_OF_DPKG = 1 << 26
_FIELDS = ("Package:", "Status: ", "Version:")
_NAMING = ("Depends:", "Pre-Depends:", "Recommends:", "Suggests:", "Enhances:")
_RELATIONS = (*_NAMING, "Conflicts:", "Breaks:", "Replaces:", "Provides:")
_ONLY_NAMED = {"Status": "unknown ok not-installed"}  # a package that is not there, and that others name
_packages: "dict[str, dict[str, str]]" = {}
_related: "set[str]" = set()
_units: "dict[str, str]" = {}
_properties: "set[str]" = set()


def answer(program: str) -> "tuple[int, bytes] | None":
    """Exit status and stdout of a program; None declines."""
    if CLOCK.late >= PATIENCE:
        return None
    try:
        with CLOCK:
            return _answered(program)
    except Exception:  # whatever stands in the way of an answer of ours, the command itself goes on from here
        return None


def _answered(program: str) -> "tuple[int, bytes]":
    rc, out = 0, b""
    for part in program.split("\x1e"):
        link, negated, name, *words = part.split("\x1f")
        if (link == "&&" and rc) or (link == "||" and not rc):
            continue
        if link == "|":
            words, out = [*words, out.decode()], b""
        rc, said = PROGRAMS[name](*(str(rc) if word == "$?" else word for word in words))
        rc = int(not rc) if negated else rc
        out += said
    return rc, out


def _cat(*paths: str) -> "tuple[int, bytes]":
    out = b""
    for path in paths:
        out += read(path, MOST - len(out))
    return 0, out


def _test(*words: str) -> "tuple[int, bytes]":
    if len(words) == 3:
        left, right = int(words[0]), int(words[2])
        return int(not {"-eq": left == right, "-ne": left != right, "-le": left <= right}[words[1]]), b""
    kind, path = words
    nearby(path)
    try:
        found = os.lstat(path) if kind == "-L" else os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return 1, b""
    kinds = {"-f": stat.S_ISREG, "-d": stat.S_ISDIR, "-L": stat.S_ISLNK, "-S": stat.S_ISSOCK, "-p": stat.S_ISFIFO}
    holds = kind == "-e" or (found.st_size > 0 if kind == "-s" else kinds[kind](found.st_mode))
    return int(not holds), b""


def _grep_nothing(*paths: str) -> "tuple[int, bytes]":
    """`grep -rs` where none of the paths is there, or only folders with nothing in them."""
    status = 1
    for path in paths:
        nearby(path)
        try:
            os.lstat(path)
        except FileNotFoundError:
            status = 2
        else:
            if os.listdir(path):
                raise ValueError
    return status, b""


def _not(*words: str) -> "tuple[int, bytes]":
    return int(not _test(*words)[0]), b""


def _stat(option: str, form: str, *paths: str) -> "tuple[int, bytes]":
    if "%U" in form or "%G" in form:
        local_accounts()
    return 0, "".join(_fields(option, form, path) + "\n" for path in paths).encode("utf-8", "surrogateescape")


def _fields(option: str, form: str, path: str) -> str:
    nearby(path)
    found = os.stat(path, follow_symlinks="L" in option)
    has = {"a": f"{stat.S_IMODE(found.st_mode):o}", "u": found.st_uid, "g": found.st_gid, "s": found.st_size, "n": path}
    if "%U" in form:
        has["U"] = pwd.getpwuid(found.st_uid).pw_name
    if "%G" in form:
        has["G"] = grp.getgrgid(found.st_gid).gr_name
    first, *rest = form.split("%")
    return first + "".join(f"{has[each[0]]}{each[1:]}" for each in rest)


def _getent(database: str, name: str) -> "tuple[int, bytes]":
    local_accounts()
    if database == "passwd":
        user = pwd.getpwnam(name)
        found = [user.pw_name, user.pw_passwd, user.pw_uid, user.pw_gid, user.pw_gecos, user.pw_dir, user.pw_shell]
    else:
        group = grp.getgrnam(name)
        found = [group.gr_name, group.gr_passwd, group.gr_gid, ",".join(group.gr_mem)]
    if found[0] != name:
        raise ValueError
    return 0, ":".join(map(str, found)).encode() + b"\n"


def _sysctl(key: str) -> "tuple[int, bytes]":
    said = read("/proc/sys/" + key.replace(".", "/"))
    if said.count(b"\n") != 1:
        raise ValueError
    return 0, said


def _date() -> "tuple[int, bytes]":
    return 0, b"%d\n" % time.time()


def _uname(option: str) -> "tuple[int, bytes]":
    return 0, {"-s": os.uname().sysname, "-m": os.uname().machine}[option].encode() + b"\n"


def _read_packages() -> None:
    # What a transaction under way has not merged, and what dselect knows, is dpkg's to say.
    if os.listdir("/var/lib/dpkg/updates") or _size("/var/lib/dpkg/available"):
        raise ValueError
    packages: dict[str, dict[str, str]] = {}
    for paragraph in read("/var/lib/dpkg/status", _OF_DPKG).decode().rstrip("\n").split("\n\n"):
        lines = paragraph.split("\n")
        fields = dict(line.split(": ", 1) for line in lines if line[:8] in _FIELDS)
        for line in lines:
            if line.startswith(_RELATIONS):
                named = line.partition(":")[2].replace("|", ",").split(",")
                _related.update(each.split()[0].partition(":")[0] for each in named)
        # Of a package for two architectures, which one is meant is dpkg's to say too.
        packages[fields["Package"]] = {} if fields["Package"] in packages else fields
    _packages.update(packages)  # all of them or none: the time may be over before


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _dpkg_query(form: str, silent: str, *names: str) -> "tuple[int, bytes]":
    """`silent`: what dpkg-query complains about is thrown away, so a name that it does not know is no trouble."""
    if not _packages:
        _read_packages()
    wanted = set(names)
    there, out = sorted(wanted & (_packages.keys() | _related)), ""
    if len(there) < len(wanted) and not silent:
        raise ValueError
    for name in there:
        fields = _packages.get(name, _ONLY_NAMED)
        status = fields["Status"]
        out += (
            form.replace("${Package}", name)
            .replace("${Status}", status)
            .replace("${db:Status-Status}", status.split()[2])
            .replace("${Version}", fields.get("Version", ""))
        )
    return int(len(there) < len(wanted)), out.replace("\\n", "\n").encode()


def _systemctl_show(properties: str, units: str, wanted: str, value: str, *asked: str) -> "tuple[int, bytes]":
    shown = []
    for unit in asked:
        lines = _of_unit(properties, units, wanted, unit)
        shown.append("".join((line.partition("=")[2] if value else line) + "\n" for line in lines))
    return 0, "\n".join(shown).encode()


def _of_unit(properties: str, units: str, wanted: str, unit: str) -> "list[str]":
    """What is wanted of one unit; one `systemctl show` is for all that is asked of systemd."""
    if not _units:
        names = units.split(" ")
        blocks = _said("systemctl", "show", "--no-pager", "--property=" + properties, "--", *names).split("\n\n")
        if len(blocks) != len(names):
            raise ValueError
        _units.update(zip(names, blocks))
        _properties.update(properties.split(","))
    names = wanted.split(",")
    lines = [line for line in _units[unit].split("\n") if line.partition("=")[0] in names]
    if not lines or not _properties.issuperset(names):
        raise ValueError
    return lines


def _systemctl_cat(properties: str, units: str, wanted: str, _: str, unit: str) -> "tuple[int, bytes]":
    """The files of a unit, where systemd has read them as they are now."""
    has = dict(line.split("=", 1) for line in _of_unit(properties, units, wanted, unit))
    if (has["Id"], has["LoadState"], has["NeedDaemonReload"]) != (unit, "loaded", "no") or "\\" in has["DropInPaths"]:
        raise ValueError
    return 0, _files(has["FragmentPath"], *has["DropInPaths"].split())


def _sed(word: str, said: str) -> "tuple[int, bytes]":
    """`sed -E 's/=[1-9][0-9]*/=WORD/'`."""
    lines = []
    for line in said.split("\n"):
        name, equals, value = line.partition("=")
        if "=" in value:
            raise ValueError
        is_number = value.startswith(tuple("123456789"))
        lines.append(name + equals + (word + value.lstrip("0123456789") if is_number else value))
    return 0, "\n".join(lines).encode()


def _cat_config(name: str) -> "tuple[int, bytes]":
    """All files that systemd merges, in the order in which they count: see sysctl.d(5), CONFIGURATION DIRECTORIES."""
    roots, paths = ("/etc/", "/run/", "/usr/local/lib/", "/usr/lib/"), []
    if not name.endswith(".d"):
        paths = [root + name for root in roots if os.path.exists(root + name)]
        if paths != ["/etc/" + name]:
            raise ValueError
        name += ".d"
    by_name = {}
    for root in reversed(roots):
        for entry in os.listdir(root + name) if os.path.isdir(root + name) else ():
            if entry.endswith(".conf"):
                by_name[entry] = root + name + "/" + entry
    return 0, _files(*paths, *(by_name[entry] for entry in sorted(by_name)))


def _files(*paths: str) -> bytes:
    """Files as systemd shows them, each under its name."""
    parts = []
    for path in paths:
        text = read(path)  # declines a link to /dev/null, which means something of its own, as an empty file does
        if not text.endswith(b"\n"):
            raise ValueError
        parts.append(b"# %b\n%b" % (path.encode(), text))
    return b"\n".join(parts)


def _said(*words: str) -> str:
    ours, theirs = os.pipe()
    child = os.posix_spawnp(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, theirs, 1)])
    os.close(theirs)
    whole = False
    try:
        with open(ours, "rb") as pipe:
            said = pipe.read(MOST)
        whole = len(said) < MOST
    finally:
        if not whole:
            os.kill(child, 9)
        status = os.waitpid(child, 0)[1]
    if status:
        raise ValueError
    return said.decode().rstrip("\n")


PROGRAMS: "dict[str, Callable[..., tuple[int, bytes]]]" = {
    "cat": _cat,
    "test": _test,
    "test-not": _not,
    "stat": _stat,
    "getent": _getent,
    "sysctl": _sysctl,
    "date": _date,
    "uname": _uname,
    "dpkg-query": _dpkg_query,
    "systemctl-show": _systemctl_show,
    "systemctl-cat": _systemctl_cat,
    "sed": _sed,
    "cat-config": _cat_config,
    "find": find,
    "grep": grep,
    "grep-nothing": _grep_nothing,
}
