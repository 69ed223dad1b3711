#!/usr/bin/python
"""Holds the mask of new files and the end of silent shells, in the files that sessions read when they begin."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import no_place, odd
from ansible.module_utils.opsharden_shell import settings, sources, without_bodies

DOCUMENTATION = r"""
module: session_settings
short_description: Hold what sessions begin with
description:
  - For the mask, every session takes it from pam_umask, as login.defs(5) says; a line for it is added to
    common-session(5) where none is there. Login shells set it too, since not each of them begins with PAM. What loosens
    it (options of pam_umask, C(umask) in start-up files of all shells and of root's) is changed in place. What is
    stricter stays.
  - For the timeout, a file of our own is read by login shells and by other interactive ones of bash. It keeps a shorter
    timeout and makes it read-only. Where another file makes a longer one read-only, that word is taken away.
  - A value that is not written out (C(umask $MASK)) is left to the administrator, and so is what is no file. What is
    only text (in comments, quotes and here-documents) sets nothing.
options:
  umask: {description: The permissions that new files are born without; empty leaves them., type: str, default: ""}
  timeout: {description: Seconds until a silent shell ends; 0 leaves it., type: int, default: 0}
"""

PROFILE, BASHRC, OWN = "/etc/profile", "/etc/bash.bashrc", "/etc/profile.d/zz-opsharden-timeout.sh"
ROOTS = [f"/root/{name}" for name in (".bash_profile", ".bash_login", ".profile", ".bashrc")]
LOGIN_DEFS = "/etc/login.defs"
COMMON = ("/etc/pam.d/common-session", "/etc/pam.d/common-session-noninteractive")
OWN_MASK = "/etc/profile.d/zz-opsharden-umask.sh"
LOGIN_ONLY = "shopt -q login_shell ||"
SERVICES = ("login", "sshd", "su", "su-l", "sudo", "sudo-i", "cron")
HOOK = f"{LOGIN_ONLY} . {OWN} # opsharden: acc-shell-timeout"
USERS_GROUPS = r"\b(?:no)?usergroups\b"

SCRIPT = """\
# Written by opsharden (acc-shell-timeout).
# In interactive shells only: scripts, file copies and automation may be silent for as long as their work takes.
case $- in
  *i*)
    case ${TMOUT:-0} in *[!0-9]*) TMOUT=0 ;; esac
    if [ "${TMOUT:-0}" -lt 1 ] || [ "$TMOUT" -gt @LIMIT@ ]; then
      TMOUT=@LIMIT@
    fi
    @READONLY@
    export TMOUT
    ;;
esac
"""
MASK_SCRIPT = """\
# Written by opsharden (acc-umask): takes away, and gives nothing back that another file took.
umask {}
"""
READONLY = "readonly TMOUT"
# An assignment to a read-only variable would end root's own start-up file where it stands.
BUT_ROOT = '[ "$(id -u)" -eq 0 ] ||'
READONLY_BUT_ROOT = f"{BUT_ROOT} readonly TMOUT # root's own files set a timeout of their own"

_UMASK = re.compile(r"umask((?:\s+-[Sp]+)*)\s+(\"[^\"]*\"|'[^']*'|(?!-[Sp]|\d?[<>])[^\s;&|)#]+)")
_MAKES_READ_ONLY = re.compile(r"(readonly|(?:declare|typeset)\s+-\w*r\w*)(?=(?:\s+\w+(?:=\S*)?)*\s+TMOUT\b)")
_SETS = re.compile(r"(?:(?:export|readonly|declare|typeset)\s+(?:-\w+\s+)*)?(?:\w+=\S*\s+)*TMOUT=(\"?'?)([^\s;&|\"']*)")
_UNSETS = re.compile(r"(unset)\s+(?=\w.*\bTMOUT\b|TMOUT\b)()")


class Files:
    """Text files that are looked at and perhaps changed; written at the end, each whole."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}
        self._now: dict[str, list[str]] = {}
        self.to_open: list[str] = []
        self.left: list[str] = []

    def lines(self, path: str) -> list[str]:
        """The lines of a file; none where it is not there. Change them in place."""
        if path not in self._now:
            text = None
            if what := odd(path):
                self.left.append(f"{path} is {what} and was left as it is; what it sets nobody can tell.")
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                    text = file.read()
            self._before[path], self._now[path] = text, (text or "").splitlines(keepends=True)
        return self._now[path]

    def said(self, path: str) -> list[str]:
        """The same for a file of the shell's, with nothing in the lines that are text of here-documents."""
        return without_bodies(self.lines(path))

    def has_place(self, path: str) -> bool:
        """Whether text can be written to a path; where not, it is named."""
        self.lines(path)
        what = no_place(path)
        if what and not odd(path):
            self.left.append(f"{path} is {what}, so nothing was written there.")
        return not what

    def put(self, path: str, text: str) -> None:
        """Have a file hold this, for every shell to read."""
        self.lines(path)
        self.to_open += [] if readable(path) or os.path.islink(path) else [path]
        self._now[path] = text.splitlines(keepends=True)

    def add(self, path: str, line: str) -> None:
        """Put a line at a file's end."""
        there = self.lines(path)
        if there and not there[-1].endswith("\n"):
            there[-1] += "\n"
        there.append(f"{line}\n")

    def changed(self) -> dict[str, tuple[str, str]]:
        """What is other than it was: path to text before and after."""
        both = {path: (self._before[path] or "", "".join(now)) for path, now in self._now.items()}
        return {path: texts for path, texts in both.items() if texts[0] != texts[1] and self.has_place(path)}

    def leave(self, path: str, number: int, why: str) -> None:
        """Name what is not changed."""
        self.left.append(f"{path}, line {number}: {why}")


def readable(path: str) -> bool:
    """Whether shells of all accounts read a file; one that is not there keeps nobody from anything."""
    return not os.path.exists(path) or bool(os.stat(path).st_mode & 0o004)


def write(module: AnsibleModule, path: str, text: str) -> None:
    """Put a file in place, whole, with the owner and mode it had; through a link, so that the link stays."""
    new = not os.path.exists(path)
    draft = os.path.join(module.tmpdir, "draft")
    with open(draft, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
    os.chmod(draft, 0o644)
    module.atomic_move(draft, os.path.realpath(path))
    if new:  # Ansible goes by the mask of its own session
        os.chmod(path, 0o644)


def start_up(files: Files) -> list[str]:
    """All files that shells of everyone and of root read when they begin, those they source by name included."""
    found = [PROFILE, BASHRC, *sorted(glob.glob("/etc/profile.d/*.sh")), *ROOTS]
    for path in found:  # grows while it is gone through
        for line in files.said(path):
            found += [named for named in sources(line) if named not in found and os.path.isfile(named)]
    return [path for path in found if path != OWN]


def replaced(line: str, match: re.Match[str], group: int, new: str) -> str:
    """A line with another text in the place of a group."""
    return line[: match.start(group)] + new + line[match.end(group) :]


# The mask of new files.


def numbers(value: str) -> list[int]:
    """What a number may mean: login.defs(5) reads 27 as decimal, pam_umask as octal."""
    found = []
    for base in (8, 0):
        try:
            found.append(int(value, base))
        except ValueError:
            if base == 8:
                return []
    return found


def strict(mask: int, required: int) -> bool:
    """Whether a mask takes away all that is required."""
    return mask & required == required


def loosens(value: str, required: int) -> bool | None:
    """Whether `umask VALUE` gives what is to be taken away; None where that cannot be told."""
    if re.fullmatch(r"0*[0-7]{1,3}", value):
        return not strict(int(value, 8), required)
    if not re.fullmatch(r"[ugoa]*[-+=][rwx]*(?:,[ugoa]*[-+=][rwx]*)*", value):
        return None
    for clause in value.split(","):
        who, sign, what = re.fullmatch(r"([ugoa]*)([-+=])([rwx]*)", clause).groups()
        given = sum({"r": 4, "w": 2, "x": 1}[letter] for letter in set(what)) if sign != "-" else 0
        for class_, shift in (("g", 3), ("o", 0)):
            if (not who or class_ in who or "a" in who) and given & (required >> shift) & 7:
                return True
    return False


def mask_in_shells(files: Files, required: int) -> None:
    """Change what loosens the mask in start-up files."""
    for path in start_up(files):
        there, said = files.lines(path), files.said(path)
        for number, line in enumerate(said):
            for match in reversed(settings(line, _UMASK)):
                value = match[2].strip("\"'")
                lax = loosens(value, required)
                if lax is None and not restores(said, value):
                    files.leave(path, number + 1, f"what `umask {value}` sets cannot be told.")
                if lax:
                    there[number] = replaced(there[number], match, 2, stricter(value, required))


def sets(value: str, required: int) -> bool:
    """Whether `umask VALUE` by itself brings about what is required."""
    value = value.strip("\"'")
    return value.isdigit() or value == stricter(value, required)


def mask_in_login_shells(files: Files, required: int) -> None:
    """Have login shells set the mask where no file of theirs does: not each of them begins with PAM."""
    for path in (PROFILE, *sorted(glob.glob("/etc/profile.d/*.sh"))):
        for line in files.said(path) if readable(path) else ():
            match = _UMASK.match(line)
            if match and loosens(match[2].strip("\"'"), required) is False and sets(match[2], required):
                return
    if files.has_place(OWN_MASK):
        files.put(OWN_MASK, MASK_SCRIPT.format(stricter("u", required)))


def stricter(value: str, required: int) -> str:
    """What to give to umask in place of a value that loosens."""
    if value.isdigit():
        return f"{int(value, 8) | required:04o}"
    return "g-w,o-rwx" if required == 0o027 else "go-rwx"


def restores(there: list[str], value: str) -> bool:
    """Whether a variable holds what the mask was before."""
    name = re.sub(r"\W", "", value)
    return any(re.search(rf"\b{name}=[\"']?(?:\$\(|`)\s*umask\b", line) for line in there)


def mask_in_login_defs(files: Files, required: int) -> None:
    """Change what login.defs says of the mask, or have it say so."""
    there, said = files.lines(LOGIN_DEFS), False
    for number, line in enumerate(there):
        match = re.match(r"(\s*UMASK\s+)(\"?[^\s#]*)", line)
        if match:
            said = True
            may_mean = numbers(match[2])
            if not may_mean or not all(strict(mask, required) for mask in may_mean):
                new = (may_mean[0] if may_mean else 0) | required
                there[number] = f"{match[1]}{new:03o}{line[match.end() :]}"
    if not said:
        files.add(LOGIN_DEFS, f"UMASK\t\t{required:03o}")


def code(line: str) -> str:
    """A line of pam.d(5) without its comment."""
    return re.sub(r"(^|\s)#.*", r"\1", line.rstrip("\n"))


def mask_in_pam(files: Files, required: int) -> None:
    """Have every session ask pam_umask, and pam_umask take away what is required."""
    default = users_groups_by_default()
    for path in (*COMMON, *(f"/etc/pam.d/{name}" for name in SERVICES)):
        there, asked = files.lines(path), False
        for number, line in enumerate(there):
            if re.match(r"\s*-?session\s", line) and re.search(r"\bpam_umask\.so\b", code(line)):
                asked = True
                if code(line).rstrip().endswith("\\"):
                    files.leave(path, number + 1, "the rule goes on in the next line; write it in one.")
                else:
                    there[number] = pam_line(line, required, default)
        if path in COMMON and not asked:
            # Behind the part that pam-auth-update manages, where it leaves lines of others alone.
            files.add(path, "session optional\t\t\tpam_umask.so nousergroups # opsharden: acc-umask")


def users_groups_by_default() -> str:
    """What pam_umask does without an option: since Debian 13 it gives the group of a user's name what the user has."""
    with open("/etc/os-release", encoding="utf-8") as file:
        version = re.search(r"^VERSION_ID=\"?(\d+)", file.read(), re.MULTILINE)
    return "nousergroups" if version and int(version[1]) < 13 else "usergroups"


def pam_line(line: str, required: int, default: str) -> str:
    """A line of pam_umask with nothing in its options that loosens the mask."""
    text, comment = re.fullmatch(r"([^#\n]*)(.*\n?)", line, re.DOTALL).groups()
    for match in reversed(list(re.finditer(r"\bumask=(\S+)", text))):
        mask = (numbers(match[1]) or [0])[0]
        if not strict(mask, required):
            text = f"{text[: match.start(1)]}{mask | required:04o}{text[match.end(1) :]}"
    if (re.findall(USERS_GROUPS, text) or [default])[-1] != "nousergroups":
        kept = re.sub(rf"\s*{USERS_GROUPS}", "", text)
        text = f"{kept.rstrip()} nousergroups{' ' if comment.strip() else ''}"
    return text + comment


# The end of silent shells.


def good(value: str, limit: int) -> bool:
    """Whether a timeout holds."""
    return value.isdigit() and 0 < int(value) <= limit


def session(files: Files, login: bool, root: bool) -> Iterator[tuple[str, str]]:
    """The lines that an interactive shell reads when it begins, each with its file."""

    def inside(path: str, within: tuple[str, ...] = (BASHRC, ROOTS[-1])) -> Iterator[tuple[str, str]]:
        for line in files.said(path) if root or readable(path) else ():
            if (login and LOGIN_ONLY in line) or (root and BUT_ROOT in line):
                continue
            yield path, line
            for named in sources(line):
                if named not in (path, *within):
                    yield from inside(named, (path, *within))

    profile, bashrc = "".join(files.said(PROFILE)), (BASHRC,)
    scripts = sorted(glob.glob("/etc/profile.d/*.sh")) if "/etc/profile.d" in profile else ()
    everyones = (PROFILE, *(bashrc if BASHRC in profile else ()), *scripts) if login else bashrc
    for path in everyones:
        yield from inside(path)
    first = next(([name] for name in ROOTS[:-1] if os.path.isfile(name)), []) if login else []
    reads_bashrc = not login or any(".bashrc" in line for name in first for line in files.said(name))
    for path in (*first, *(ROOTS[-1:] if reads_bashrc else ())) if root else ():
        yield from inside(path)


def ends(files: Files, limit: int, login: bool, root: bool) -> bool:
    """Whether such a shell ends in time, and nobody can put it off; root's own files may say so without more ado."""
    value, read_only, own = "", False, False
    for path, line in session(files, login, root):
        for match in settings(line, _SETS) + settings(line, _UNSETS):
            if not read_only:
                value, own = match[2], path.startswith("/root/")
        read_only = read_only or bool(settings(line, _MAKES_READ_ONLY))
    return good(value, limit) and (read_only or own)


def timeout(files: Files, limit: int) -> None:
    """Have interactive shells end, where they do not."""
    if all(ends(files, limit, login, root) for login in (True, False) for root in (True, False)):
        return
    if not files.has_place(OWN):
        return  # nor may others read what stands there
    own = False
    for path in start_up(files):
        there, said = files.lines(path), files.said(path)
        values = [match[2] for line in said for match in settings(line, _SETS)]
        holds = bool(values) and all(good(value, limit) for value in values)
        for number, line in enumerate(said):
            # Read-only at more than the limit, or at nothing: then our file could not set it right.
            for match in () if holds else reversed(settings(line, _MAKES_READ_ONLY)):
                there[number] = replaced(there[number], match, 1, "export")
            if line and path.startswith("/root/"):
                for match in reversed(settings(there[number], _SETS)):
                    own = True
                    if not good(match[2], limit):
                        there[number] = replaced(there[number], match, 2, str(limit))
    read_only = READONLY_BUT_ROOT if own else READONLY
    files.put(OWN, SCRIPT.replace("@LIMIT@", str(limit)).replace("@READONLY@", read_only))
    if not any(OWN in sources(line) for line in files.said(BASHRC)):
        files.add(BASHRC, HOOK)


def main() -> None:
    """What Ansible runs."""
    spec = {"umask": {"type": "str", "default": ""}, "timeout": {"type": "int", "default": 0}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    files = Files()
    if module.params["timeout"] < 0:
        module.fail_json(
            msg="A shell cannot end after less than a second: set accounts_shell_timeout_seconds to 1 or more."
        )
    if module.params["umask"]:
        required = int(module.params["umask"], 8)
        mask_in_shells(files, required)
        mask_in_login_shells(files, required)
        mask_in_login_defs(files, required)
        mask_in_pam(files, required)
    if module.params["timeout"]:
        timeout(files, module.params["timeout"])
    changed = files.changed()
    for path, (_, after) in () if module.check_mode else changed.items():
        write(module, path, after)
    for path in () if module.check_mode else files.to_open:
        os.chmod(path, 0o644)
    for sentence in files.left:
        module.warn(sentence)
    diff = [
        {"before_header": path, "after_header": path, "before": before, "after": after}
        for path, (before, after) in changed.items()
    ]
    done = [f"Changed: {', '.join(changed)}."] if changed else []
    done += [f"Every shell can read it now: {path}." for path in files.to_open]
    note = done + files.left
    module.exit_json(changed=bool(done), msg=" ".join(note), left=files.left, opsharden_note=note, diff=diff)


if __name__ == "__main__":
    main()
