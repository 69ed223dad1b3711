#!/usr/bin/python
"""Brings settings of sudo about where they do not hold, and touches no other."""

import glob
import os
import re
import socket
import stat
import tempfile
from collections import namedtuple
from fnmatch import fnmatch

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import odd

DOCUMENTATION = r"""
module: sudoers_settings
short_description: Bring settings of sudo about where they do not hold
description:
  - A setting that holds stays as it is, wherever it is set, and so does a stricter one, also one for some only. What
    does not hold is set in one file of our own; where others would be read behind it, the first file names it in its
    last line.
  - All is tried before anything is written, looked at again afterwards, and put back if it did not come about.
  - Settings for single commands beat all others and are left to whoever wrote them.
options:
  want:
    description:
      - For each control, its options as sudoers(5) names them, and what they have to be. V(exactly) is true; V(at_most)
        a number; V(kept) a file, for where none that is kept is named.
    type: list
    elements: dict
    required: true
"""

MAIN = "/etc/sudoers"
# No dot in its name, or sudo would pass over it; sorts behind the others, and the last word counts.
OWN = "/etc/sudoers.d/zz-opsharden"
DEFAULTS = {"log_allowed": True, "log_denied": True, "timestamp_timeout": 15}  # where no file says anything
RULES = {"exactly": "flag", "at_most": "at_most", "kept": "file"}
HEADER = "# Written by opsharden: what did not hold otherwise.\n"
KEPT = ("/dev", "/proc", "/run", "/sys", "/tmp", "/var/tmp")  # noqa: S108 - where no log is kept

Statement = namedtuple("Statement", "kind who options")
"""One line of Defaults: the sign of its binding (`:` user, `>` target, `@` host, `!` command), to whom, what."""

_INCLUDE = re.compile(r'\s*[@#]include(dir)?\s+(?:"([^"]+)"|((?:\\.|\S)+))\s*')
_WHO = re.compile(r'([@:!>])((?:!?(?:"[^"]*"|\\.|[^\s,"\\])+(?:, )?)+)')
_OPTION = re.compile(r'(!*)([a-z_]+)(?:([+-]?=)("(?:\\.|[^"\\])*"|(?:\\.|[^,\\])*))?(?:, |$)')


class Trouble(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """What keeps us from going on, as a sentence."""


class Sudoers:
    """All of sudo's files as one text, as they are or as they would be.

    Args:
        module: To run cvtsudoers with, which reads them as sudo does.
        changed: Texts that take the place of what is on disk.
    """

    def __init__(self, module, changed=None):
        self.module, self.changed = module, dict(changed or {})

    def text(self, path):
        """A file's text; nothing where there is no file, or one that sudo passes over."""
        if path in self.changed:
            return self.changed[path]
        try:
            found = os.stat(path)
            if not stat.S_ISREG(found.st_mode):
                return ""
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                text = file.read()
        except OSError:
            return ""
        by_group = found.st_mode & stat.S_IWGRP and found.st_gid != 0
        return "" if found.st_uid != 0 or by_group or found.st_mode & stat.S_IWOTH else text

    def whole(self, path=MAIN, depth=0):
        """The file with all it includes in their places."""
        out = []
        for line in self.text(path).split("\n"):
            named = _INCLUDE.fullmatch(line) if depth < 16 else None
            if not named:
                out.append(line)
                continue
            name = (named[2] or re.sub(r"\\(.)", r"\1", named[3])).replace("%h", socket.gethostname().split(".")[0])
            name = os.path.join(os.path.dirname(path), name)
            if not named[1] and odd(name):  # visudo waits at a pipe, and refuses the rest
                raise Trouble(f"{path} includes {name}, which is {odd(name)}")
            out += [self.whole(other, depth + 1) for other in (self._folder(name) if named[1] else [name])]
        return "\n".join(out)

    def _folder(self, folder):
        names = {os.path.basename(path) for path in [*glob.glob(f"{folder}/*"), *self.changed]}
        paths = [os.path.join(folder, name) for name in sorted(names) if "." not in name and not name.endswith("~")]
        return [path for path in paths if os.path.isfile(path) or path in self.changed]

    def statements(self):
        """The settings, in the order in which sudo reads them.

        Raises:
            Trouble: sudo would not understand the files.
        """
        with tempfile.NamedTemporaryFile("w", dir=self.module.tmpdir, errors="surrogateescape") as file:
            file.write(self.whole())
            file.flush()
            rc, said, complaint = self.module.run_command(
                ["cvtsudoers", "-f", "sudoers", "-s", "aliases,privileges", file.name]
            )
        if rc != 0:
            raise Trouble(
                f"sudo's files cannot be read: {(complaint.strip().splitlines() or ['it does not say why'])[0]}"
            )
        lines = re.sub(r"\\\n\s*", " ", said).splitlines()
        return [found for line in lines if (found := statement(line))]


def statement(line):
    """One line of Defaults, as cvtsudoers writes it; nothing where it is another line."""
    if not line.startswith("Defaults"):
        return None
    rest = line[len("Defaults") :]
    who = _WHO.match(rest)
    kind, whom = (who[1], who[2].strip()) if who else ("", "")
    options = {}
    for negated, name, sign, value in _OPTION.findall(rest[who.end() if who else 0 :].strip()):
        options[name] = re.sub(r"\\(.)", r"\1", value.strip().strip('"')) if sign else len(negated) % 2 == 0
    if kind in ("@", ":", ">") and whom == "ALL":
        kind = whom = ""
    return Statement(kind, whom, options)


def is_elsewhere(each):
    """Whether a statement is bound to other hosts by name, as where one file is given to many."""
    own = socket.gethostname().lower()
    names = each.who.lower().split(", ")
    plain = each.kind == "@" and all(re.fullmatch(r"[a-z0-9.*?-]*[a-z*?][a-z0-9.*?-]*", name) for name in names)
    return plain and not any(fnmatch(host, name) for name in names for host in (own, own.split(".")[0]))


class Setting:
    """One setting: its name, how it is judged, what is written where it does not hold, and what it is by default."""

    def __init__(self, name, rule, value=None, default=None):
        self.name, self.rule, self.value, self.default = name, rule, value, default

    def holds(self, value):
        """Whether one value is right."""
        if self.rule == "flag":
            return value is True
        if self.rule == "at_most":
            return 0 <= float(value) <= float(self.value) if value is not True else False
        kept = (
            isinstance(value, str) and value.startswith("/") and not value.startswith(tuple(f"{way}/" for way in KEPT))
        )
        return kept and (os.path.isfile(value) or not os.path.exists(value))

    def line(self, value, kind="", who=""):
        """The line that says so."""
        said = self.name if value is True else f"!{self.name}" if value is False else f'{self.name}="{value}"'
        return f"Defaults{kind}{who} {said}"

    def state(self, statements):
        """What holds for everyone, and what for some whom nothing later covers, in sudo's order; not for commands."""
        everyone, some = self.default, {}
        for each in statements:
            if self.name in each.options and each.kind != "!" and not is_elsewhere(each):
                if each.kind:
                    some.pop((each.kind, each.who), None)
                    some[each.kind, each.who] = each.options[self.name]
                else:
                    everyone, some = each.options[self.name], {}
        return everyone, some

    def is_fine(self, statements):
        """Whether it holds for everyone and for all for whom something else is said."""
        everyone, some = self.state(statements)
        return all(map(self.holds, (everyone, *some.values())))

    def lines(self, rest, own):
        """What our file is to say. Exceptions that hold are said again behind, or ours would end them.

        Args:
            rest: The statements without ours.
            own: What our file says for everyone; it stays where it holds and is what is declared.
        """
        value = self.value if self.rule != "flag" else True
        if own is not None and self.holds(own) and self.rule == "at_most":
            value = own
        exceptions = {who: other for who, other in self.state(rest)[1].items() if self.holds(other) and other != value}
        return [self.line(value), *(self.line(other, *who) for who, other in exceptions.items())]


class Plan:
    """What would be written."""

    def __init__(self, module, path, settings):
        self.module, self.path, self.settings = module, path, settings
        self.text = Sudoers(module).text(path)

    def make(self):
        """The files to be, those that need no change left out."""
        lines = {each.name: each.wanted for each in self._wanted()}
        for last in (False, True):
            changed = self._changed(lines, last)
            if self._fine(changed):
                break
        changed = {path: text for path, text in changed.items() if text != Sudoers(self.module).text(path)}
        if self.path in changed and odd(self.path):
            raise Trouble(f"{self.path} is {odd(self.path)}, where our file is to be")
        return changed

    def left(self, changed):
        """What beats every file of ours, a sentence each."""
        statements = Sudoers(self.module, changed).statements()
        return [
            f"{setting.name} for the command {each.who} was left as it is: no other setting beats it."
            for setting in self.settings
            for each in statements
            if each.kind == "!" and setting.name in each.options and not setting.holds(each.options[setting.name])
        ]

    def _fine(self, changed):
        statements = Sudoers(self.module, changed).statements()
        return all(each.is_fine(statements) for each in self.settings)

    def _wanted(self):
        names = dict.fromkeys([each.name for each in self.settings], ())
        rest = Sudoers(self.module, {self.path: written(self.text, names)} if self.text else {}).statements()
        own = {
            name: value
            for each in filter(None, map(statement, self.text.splitlines()))
            if not each.kind
            for name, value in each.options.items()
        }
        for each in self.settings:
            each.wanted = [] if each.is_fine(rest) else each.lines(rest, own.get(each.name))
        return self.settings

    def _changed(self, lines, last):
        changed = {self.path: written(self.text, lines)} if self.text or any(lines.values()) else {}
        if last:
            main = Sudoers(self.module).text(MAIN)
            ours = f"@include {self.path}"
            rest = [line for line in main.rstrip("\n").split("\n") if line.strip() != ours]
            changed[MAIN] = "\n".join([*rest, ours]) + "\n"
        return changed


def written(text, lines):
    """Our file with some settings said anew where they stood, or no more; all other lines stay as they are."""
    kept, done = [], set()
    for line in text.splitlines():
        found = statement(line)
        names = [name for name in found.options if name in lines] if found else []
        if not names:
            kept.append(line)
        for name in names:
            if name not in done:
                kept.extend(lines[name])
                done.add(name)
    new = [line for name, said in lines.items() if name not in done for line in said]
    return "\n".join([*(kept or HEADER.splitlines()), *new]) + "\n"


class Writing:
    """The files put in place; and back, if it comes to that."""

    def __init__(self, module, changed):
        self.module, self.new = module, changed
        self.old = {}
        for path in changed:
            self.old[path] = None
            if os.path.exists(path):
                with open(path, "rb") as file:
                    self.old[path] = file.read()

    def write(self):
        """Put them in place, each checked by visudo before.

        Raises:
            Trouble: visudo refuses one; what was written is put back.
        """
        for path, text in self.new.items():
            # In the folder that it is for, since what it names may be relative; sudo passes over names with a dot.
            handle, name = tempfile.mkstemp(prefix=".opsharden.", dir=os.path.dirname(path))
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
            os.chmod(name, 0o440)
            rc, said, complaint = self.module.run_command(["visudo", "-cf", name])
            if rc != 0:
                os.unlink(name)
                self.back()
                raise Trouble(f"visudo refuses {path}: {(complaint or said).strip()}")
            self.module.atomic_move(name, os.path.realpath(path))
            os.chmod(path, 0o440)

    def back(self):
        """Put back what was there."""
        for path, content in self.old.items():
            if content is None:
                if os.path.exists(path):
                    os.unlink(path)
                continue
            handle, name = tempfile.mkstemp(prefix=".opsharden.", dir=os.path.dirname(path))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(name, 0o440)
            self.module.atomic_move(name, os.path.realpath(path))

    def diff(self):
        """Before and after, for Ansible."""
        return [
            {
                "before_header": path,
                "after_header": path,
                "before": (self.old[path] or b"").decode("utf-8", "replace"),
                "after": text,
            }
            for path, text in self.new.items()
        ]


def told(diff):
    """What was written to a file, in a sentence."""
    new = [line for line in diff["after"].splitlines() if line not in diff["before"].splitlines()]
    said = "; ".join(line.strip() for line in new if line.strip() and not line.startswith("# "))
    return f"Changed {diff['after_header']}{': ' if said else ''}{said}."


def bring_about(module, plan):
    """Write what is needed, and look again."""
    changed = plan.make()
    writing = Writing(module, changed)
    left = plan.left(changed)
    for sentence in left:
        module.warn(sentence)
    result = {"changed": bool(changed), "left": left, "diff": writing.diff()}
    result["opsharden_note"] = [*(told(each) for each in result["diff"]), *left]
    if not changed or module.check_mode:
        module.exit_json(**result)
    predicted = Sudoers(module, changed).statements()
    fine = module.run_command(["visudo", "-c"])[0] == 0
    writing.write()
    rc, said, complaint = module.run_command(["visudo", "-c"])
    if (fine and rc != 0) or Sudoers(module).statements() != predicted:
        writing.back()
        raise Trouble(f"sudo does not come to what was tried before: {(complaint or said).strip()}")
    module.exit_json(**result)


def default_of(module, name, default):
    """What sudo takes where no file says anything: since 1.9.14 each command gets a terminal of its own."""
    if name != "use_pty":
        return default
    said = module.run_command(["sudo", "-V"])[1]
    version = re.search(r"version (\d+)\.(\d+)\.(\d+)", said)
    return bool(version) and tuple(map(int, version.groups())) >= (1, 9, 14)


def setting_of(option, wanted):
    """What a control wants of one option."""
    ((way, value),) = wanted.items()
    return Setting(option, RULES[way], None if way == "exactly" else str(value), DEFAULTS.get(option))


def main():
    """Run the module."""
    arguments = {"want": {"type": "list", "elements": "dict", "required": True}}
    module = AnsibleModule(arguments, supports_check_mode=True)
    if not module.get_bin_path("visudo") or not module.get_bin_path("cvtsudoers"):
        module.exit_json(changed=False, msg="sudo is not installed")
    settings = [setting_of(*each) for control in module.params["want"] for each in control.items()]
    try:
        for each in settings:
            each.default = default_of(module, each.name, each.default)
        bring_about(module, Plan(module, OWN, settings))
    except Trouble as error:
        module.fail_json(msg=f"The settings of sudo are as they were: {error}.")


if __name__ == "__main__":
    main()
