#!/usr/bin/python
"""Hold settings of the kernel: now, at boot, and where a firewall loads its own. Changes what is of the kind sysctl."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import odd

DOCUMENTATION = r"""
module: sysctl_settings
short_description: Hold settings of the kernel
description:
  - Reads what systemd-sysctl(8) will set at boot, by the rules of sysctl.d(5), and what the kernel works with now.
    Only what does not hold is changed.
  - What sorts behind our own file and lies in /etc is changed there; elsewhere it stays, with a warning.
  - In a container, the running kernel is the machine's own, but for its network; no other setting is written there.
options:
  want:
    description:
      - For each control, its settings as sysctl.d(5) names them, and what they are to be, V(exactly), V(one_of),
        V(at_least) or V(at_most). C(*) stands for every interface. Of V(one_of), the first is what is written.
    type: list
    elements: dict
    required: true
author: opsharden
"""

ROOTS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")  # the first one counts
LIVE = Path("/proc/sys")
OWN = Path("/etc/sysctl.d/zz-opsharden.conf")  # sorts behind nearly every other file, so what it says holds at boot
CONTAINER = Path("/run/systemd/container")
UFW = Path("/usr/sbin/ufw")
HEAD = '# Ansible managed\n# A leading "-" lets a setting be absent: a host without IPv6 has none of its settings.\n'


class Line:
    """One line of a file that says something of a setting; without a value it keeps patterns from setting it."""

    def __init__(self, path, number, text):
        """Reads the line."""
        key, equals, value = text.partition("=")
        self.path, self.number = path, number
        self.key, self.value = place(key.strip().lstrip("-").strip()), value.strip() if equals else None

    def __str__(self):
        """Where it is."""
        return f"{self.path}:{self.number}"


def place(key):
    """A key as its path below /proc/sys: the first separator tells which way round it is written."""
    first = next((letter for letter in key if letter in "./"), "/")
    path = key.translate(str.maketrans("./", "/.")) if first == "." else key
    return "/".join(part for part in path.split("/") if part)


def lines_of(path):
    """What a file says, line by line."""
    for number, text in enumerate(path.read_text(errors="surrogateescape").split("\n"), start=1):
        stripped = text.strip()
        if stripped and stripped[0] not in "#;" and ("=" in stripped or stripped[0] == "-"):
            yield Line(path, number, stripped)


def boot_files():
    """The paths that count at boot, in their order; what is no file among them masks others of its name."""
    found = {}
    for root in reversed(ROOTS):
        found.update({path.name: path for path in Path(root).glob("*.conf")})
    return [found[name] for name in sorted(found)]


def is_pattern(key):
    """Whether a key stands for several."""
    return any(sign in key for sign in "*?[")


def fits(path, pattern):
    """Whether a path is one of those a pattern stands for: `*` ends at a slash."""
    parts, signs = path.split("/"), pattern.split("/")
    return len(parts) == len(signs) and all(map(fnmatchcase, parts, signs))


class Boot:
    """What is set at boot, all files merged: an exact key beats patterns, the last word wins."""

    def __init__(self, lines):
        """Merges the lines as systemd-sysctl does: a line that repeats a value stays where it was."""
        self.said = {}
        for line in lines:
            before = self.said.get(line.key)
            if before and before.value == line.value:
                continue
            self.said.pop(line.key, None)
            self.said[line.key] = line

    def decides(self, path):
        """The line that decides a setting, if one does."""
        if path in self.said:
            return self.said[path]
        return next((self.said[key] for key in reversed(self.said) if is_pattern(key) and fits(path, key)), None)


class Wanted:
    """What a value has to be."""

    def __init__(self, given):
        """Takes it as a control has it."""
        named = given.get("one_of", [given["exactly"]] if "exactly" in given else [])
        self._one_of = [str(value) for value in named]
        self._least, self._most = given.get("at_least"), given.get("at_most")
        first = self._least if self._most is None else self._most
        self.value = self._one_of[0] if self._one_of else str(first)

    def holds(self, value):
        """Whether a value, as text, is right; none is not."""
        if value is None or self._one_of:
            return value in self._one_of
        try:
            number = int(value)
        except ValueError:
            return False
        return (self._least is None or number >= self._least) and (self._most is None or number <= self._most)


class Setting:
    """One setting in all its places: `*` stands for every interface."""

    def __init__(self, key, wanted):
        """Takes what a control says of it."""
        self.under, _, self.name = place(key).rpartition("/")
        self.wanted = Wanted(wanted)
        self.value, self.holds = self.wanted.value, self.wanted.holds
        self.ours_to_load = self.under.split("/")[0] == "net" or not CONTAINER.exists()

    def has(self, path):
        """Whether a path is this setting in one of its places."""
        folder, _, name = path.rpartition("/")
        return name == self.name and fits(folder, self.under)

    def live(self):
        """Path -> value in the running kernel."""
        found = {}
        for path in LIVE.glob(f"{self.under}/{self.name}"):
            try:
                found[str(path.relative_to(LIVE))] = path.read_text().strip()
            except OSError:  # an interface may go while we read
                continue
        return found

    def wanted_lines(self):
        """What our file says of it: for all at once, for those to come, for each."""
        for which in ("all", "default", "*") if "*" in self.under else ("",):
            yield f"{self.under.replace('*', which)}/{self.name}"


class Host:
    """The files and the kernel, and what is to become of them."""

    def __init__(self, own):
        """Reads all that counts."""
        self.own = own
        paths = boot_files()
        self.files = [path for path in paths if path != own and path.is_file()]
        self.theirs = {path: list(lines_of(path)) for path in self.files}
        self.ours = {line.key: line.value for line in lines_of(own)} if own.is_file() else {}
        self.before = dict(self.ours)
        self.edits = {}  # Path -> {line number: value}
        kinds = {path: odd(str(path)) for path in paths}
        self.left = [
            f"{path} is {what}, and what it sets at boot nobody can tell" for path, what in kinds.items() if what
        ]

    def boot(self):
        """What is set at boot, with what we are about to change."""
        lines = []
        for path in sorted([*self.files, self.own], key=lambda each: each.name):
            if path == self.own:
                ours = self.ours.items()
                lines += [_said(Line(path, at, ""), key, value) for at, (key, value) in enumerate(ours, start=1)]
            else:
                edits = self.edits.get(path.resolve(), {})
                for line in self.theirs[path]:
                    value = edits.get(line.number, line.value)
                    lines.append(_said(Line(path, line.number, ""), line.key, value))
        return Boot(lines)

    def hold_at_boot(self, setting):
        """Have one setting come out right at boot, in every place it has."""
        held = self._deciding(setting)
        if self._wrong(setting):
            self._say(setting)
        for path, value in held.items():  # what was stricter than asked stays so
            if setting.holds(value) and self._deciding(setting)[path] != value:
                self.ours[path] = value
        for _ in range(len(self.theirs) + 2):  # each round takes one more word away from every place
            wrong = self._wrong(setting)
            if not wrong:
                return
            for path, line in wrong.items():
                if line is None or line.path.name <= self.own.name:
                    self.ours[path] = setting.value
                elif in_etc(line.path):
                    self.edits.setdefault(line.path.resolve(), {})[line.number] = setting.value
                else:
                    self.left.append(f"{line} sets {path} after {self.own} does, and it is not the administrator's")
        self.left = sorted(set(self.left))

    def _say(self, setting):
        """Have our file say it, for all places where nobody says as much."""
        boot = self.boot()
        for path in setting.wanted_lines():
            line = boot.said.get(path) if is_pattern(path) else boot.decides(path)
            if not (line and setting.holds(line.value)):
                self.ours[path] = setting.value

    def _lines(self, setting):
        boot = self.boot()
        paths = {*setting.live(), *(key for key in boot.said if not is_pattern(key) and setting.has(key))}
        return {path: boot.decides(path) for path in sorted(paths)}

    def _deciding(self, setting):
        return {path: line and line.value for path, line in self._lines(setting).items()}

    def _wrong(self, setting):
        lines = self._lines(setting).items()
        return {path: line for path, line in lines if not (line and setting.holds(line.value))}

    def hold_in_ufw(self, setting):
        """Have ufw's own file, which it loads whenever it starts, say the same."""
        path = ufw_file()
        if path and (what := odd(str(path))):
            self.left.append(f"{path} is {what}, and what ufw sets by it nobody can tell")
        for line in lines_of(path) if path and path.is_file() else ():
            if setting.has(line.key) and not setting.holds(line.value):
                if in_etc(path):
                    self.edits.setdefault(path.resolve(), {})[line.number] = setting.value
                else:
                    self.left.append(f"{line} sets {line.key} whenever ufw starts, and it is not the administrator's")

    def new_texts(self):
        """Path -> what it held and what it is to hold, of the files that change."""
        found = {}
        if self.ours != self.before:
            old = self.own.read_text() if self.own.is_file() else ""
            found[self.own] = (old, HEAD + "".join(written(key, value) for key, value in sorted(self.ours.items())))
        for path, edits in self.edits.items():
            old = path.read_text(errors="surrogateescape")
            lines = old.split("\n")
            for number, value in edits.items():
                key = lines[number - 1].partition("=")[0].rstrip()
                lines[number - 1] = f"{key} = {value}"
            found[path] = (old, "\n".join(lines))
        return found


def _said(line, key, value):
    line.key, line.value = key, value
    return line


def written(key, value):
    """A line of our file."""
    dash = "-" if key.startswith("net/ipv6/") else ""
    dotted = key.translate(str.maketrans("./", "/."))
    return f"{dash}{dotted}\n" if value is None else f"{dash}{dotted} = {value}\n"


def in_etc(path):
    """Whether a file is the administrator's, links followed."""
    return str(path.resolve()).startswith("/etc/")


def ufw_file():
    """The file of settings that ufw loads, where there is ufw."""
    defaults = Path("/etc/default/ufw")
    if not (UFW.exists() and defaults.is_file()):
        return None
    named = re.findall(r"^\s*IPT_SYSCTL=[\"']?([^\"'\s#]*)", defaults.read_text(), re.MULTILINE)
    return Path(named[-1]) if named and named[-1] else None


def load(settings, check_mode):
    """Bring the running kernel into line. Returns what was there and what is. Raises OSError where it may not."""
    before, after = [], []
    for setting in settings:
        for path, value in sorted(setting.live().items()) if setting.ours_to_load else ():
            if setting.holds(value):
                continue
            before.append(f"{path} = {value}\n")
            after.append(f"{path} = {setting.value}\n")
            try:
                if not check_mode:
                    (LIVE / path).write_text(setting.value)
            except FileNotFoundError:  # the interface has gone
                continue
    return before, after


def not_loaded(settings):
    """What is wrong in the running kernel and not ours to set, in words."""
    others = (setting for setting in settings if not setting.ours_to_load)
    wrong = sorted(path for each in others for path, value in each.live().items() if not each.holds(value))
    return [f"{', '.join(wrong)}: the running kernel is the machine's that runs this container"] if wrong else []


def main():
    """Do it, or in check mode say what would be done."""
    module = AnsibleModule(
        argument_spec={"want": {"type": "list", "elements": "dict", "required": True}},
        supports_check_mode=True,
    )
    settings = [Setting(key, wanted) for control in module.params["want"] for key, wanted in control.items()]
    host = Host(OWN)
    for setting in settings:
        host.hold_at_boot(setting)
        host.hold_in_ufw(setting)
    texts, diffs = host.new_texts(), []
    if OWN in texts and (what := odd(str(OWN))):
        module.fail_json(msg=f"Nothing was set: {OWN} is {what}, and our file's place; take it away.")
    for path, (old, new) in texts.items():
        diffs.append({"before_header": str(path), "after_header": str(path), "before": old, "after": new})
        if not module.check_mode:
            write(module, path, new)
    host.left += not_loaded(settings)
    try:
        before, after = load(settings, module.check_mode)
    except OSError as error:
        module.fail_json(
            changed=bool(texts),
            msg=f"The running kernel does not take {error.filename}: {error.strerror}. At boot it will; in a "
            "container it is for the machine that runs it to allow.",
        )
    if before:
        diffs.append({"before_header": "/proc/sys", "after_header": "/proc/sys"})
        diffs[-1].update(before="".join(before), after="".join(after))
    left = [f"{sentence}." for sentence in dict.fromkeys(host.left)]
    for sentence in left:
        module.warn(sentence)
    note = [f"Changed {', '.join(sorted(map(str, texts)))}."] if texts else []
    if before:
        names = sorted({line.partition(" = ")[0].rpartition("/")[2] for line in before})
        note.append(f"Set in the running kernel: {', '.join(names)}.")
    note += left
    module.exit_json(changed=bool(texts or before), diff=diffs, left=left, opsharden_note=note)


def write(module, path, text):
    """Put a file down whole, with the rights it had, or root's where it is new or a link."""
    draft = Path(module.tmpdir) / "settings"
    draft.write_text(text, errors="surrogateescape")
    mode = path.stat().st_mode & 0o777 if path.is_file() else 0o644
    if path.is_symlink():
        path.unlink()
    new = not path.exists()
    draft.chmod(mode)
    module.atomic_move(str(draft), str(path))
    if new:  # Ansible goes by the mask of its own session
        path.chmod(mode)


if __name__ == "__main__":
    main()
