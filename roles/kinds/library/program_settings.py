#!/usr/bin/python
"""Brings settings of programs about where they do not hold, and touches no other: what is of the kind setting."""

from __future__ import annotations

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import no_place, odd
from ansible.module_utils.opsharden_program_files import PAM, Files
from ansible.module_utils.opsharden_program_values import Setting

DOCUMENTATION = r"""
module: program_settings
short_description: Bring settings of programs about where they do not hold
description:
  - Reads the files of each program as it reads them itself. A setting that holds stays as it is, wherever it is set.
  - What does not hold is said in a drop-in of our own, or where there are none in the program's file. A line that would
    beat it is changed where it lies in /etc; elsewhere it stays, with a warning.
  - What takes the settings up is restarted where it runs.
options:
  want:
    description:
      - For each control, programs with their settings, and what these are to be, V(exactly), V(one_of), V(at_least) or
        V(at_most). V(beside) says what they are to be instead where a unit is loaded.
    type: list
    elements: dict
    required: true
  programs:
    description: The programs, as programs.yml has them.
    type: dict
    required: true
"""

HEADER = "# Written by opsharden: what did not hold otherwise.\n"


def line_of(syntax, key, value, who=""):
    """A setting as a program reads it."""
    if syntax == "limits":
        return f"{who or '*'} {key} {value}"
    if syntax == "pwquality":
        return key if value is True else f"{key} = {value}"
    return f"{key}={value}" if syntax == "systemd" else f"{key}\t{value}"


class Plan:
    """What would be written for one program.

    Attributes:
        left: What is left to the administrator, a sentence each.
    """

    def __init__(self, name, program, settings):
        self.name, self.program, self.settings = name, program, settings
        self._syntax = program["syntax"]
        self._changed, self.left = {}, []

    def make(self):
        """Path -> text, of the files that change."""
        now = Files(self.program)
        self.left = [f"{path} is {what}, so nothing of {self.name} is written" for path, what in now.odd.items()]
        if now.odd:
            return {}
        ours = [each for each in now.said if each.path == now.own and each.key in {one.key for one in self.settings}]
        if self.program["folders"] and ours:  # what holds without them needs none
            self._changed[now.own] = _without(now.text(now.own), ours)
        for setting in self.settings:
            for _ in now.said:  # each round takes one more word away
                self._change_behind(now, setting)
        if self.program["folders"]:
            self._say(now, ours)
        else:
            self._append(now)
        if not self.left:
            self.left = sorted({self._why(each, setting) for setting in self.settings for each in self._wrong(setting)})
        return {path: text for path, text in self._changed.items() if not self._as_is(now, path, text)}

    def _as_is(self, now, path, text):
        """Whether a file says that already. In ours each line is of a setting of its own: their order tells nothing."""
        if path == now.own and self.program["folders"]:
            return sorted(text.split("\n")) == sorted(now.text(path).split("\n"))
        return text == now.text(path)

    def _wrong(self, setting):
        """What decides a setting and is not right, now or after the next boot, with what is to be changed."""
        found = [Files(self.program, self._changed, lasting) for lasting in (False, True)]
        said = [each for files in found for each in files.deciding(setting.key, setting.default)]
        return [each for each in dict.fromkeys(said) if not setting.holds(each.value)]

    def _change_behind(self, now, setting):
        """Change the first line that would beat our own, where it is the administrator's."""
        behind = self._behind(now)
        wrong = [each for each in self._wrong(setting) if each.path in behind and in_etc(each.path)]
        for each in wrong[:1]:
            lines = Files(self.program, self._changed).text(each.path).split("\n")
            new = line_of(self._syntax, setting.key, setting.value)
            if self._syntax == "limits":
                new = " ".join([*lines[each.first - 1].split()[:3], str(setting.value)])
            lines[each.first - 1 : each.last] = [new]
            self._changed[each.path] = "\n".join(lines)

    def _behind(self, now):
        """The paths that are read behind our own file; all where there is none of ours."""
        order = Files(self.program, {**self._changed, now.own: self._changed.get(now.own, "")}).read
        return order[order.index(now.own) + 1 :] if self.program["folders"] and now.own in order else order

    def _say(self, now, ours):
        """Have our own file say what does not hold without it; not where that would be beaten."""
        new, behind = [], self._behind(now) if not odd(now.own) else []
        for setting in self.settings:
            wrong = [each for each in self._wrong(setting) if not _is_pams(each) and each.path not in behind]
            for who in dict.fromkeys(each.who for each in wrong):
                held = [each.value for each in ours if (each.key, each.who) == (setting.key, who)][-1:]
                keeps = held and setting.value is not True and setting.holds(held[0])
                value = held[0] if keeps else setting.value
                new.append(line_of(self._syntax, setting.key, value, who))
        if new:
            text = self._written(self._changed.get(now.own, now.text(now.own)), new)
            why = self._in_vain(now, text)
            if why:
                self.left.append(f"{why}, so nothing of {self.name} is written")
            else:
                self._changed[now.own] = text

    def _in_vain(self, now, text):
        """Why our own file would not be read; empty where it would be."""
        if odd(now.own):
            return f"{now.own} is {odd(now.own)}, where our file is to be"
        files = Files(self.program, {now.own: text})
        is_read = now.own in files.read and not files.ended.startswith(f"{now.own}:")
        return "" if is_read else f"{files.ended}, and {self.name} reads nothing behind that"

    def _written(self, text, lines):
        """Our file with these lines at its end."""
        text = text or HEADER
        if self._syntax == "systemd":
            head = f"[{self.program['section']}]"
            sections = [line.strip() for line in text.splitlines() if line.strip().startswith("[")]
            lines = lines if sections[-1:] == [head] else [head, *lines]
        return "".join([text, *(f"{line}\n" for line in lines)])

    def _append(self, now):
        """Say what nobody says behind all else in the program's own file."""
        missing = [setting for setting in self.settings if any(not each.path for each in self._wrong(setting))]
        if missing and in_etc(now.own) and not no_place(now.own):
            text = self._changed.get(now.own, now.text(now.own))
            end = "" if text.endswith("\n") or not text else "\n"
            lines = [f"{line_of(self._syntax, each.key, each.value)}\n" for each in missing]
            self._changed[now.own] = "".join([text, end, *lines])

    def _why(self, each, setting):
        """Why something wrong stays."""
        if not each.path:
            return f"{setting.key} of {self.name} is not set"
        return f"{each.path}:{each.first} sets {setting.key} to {each.value}, and that is not ours to change"


def _is_pams(said):
    return said.path.startswith(f"{PAM}/")


def _without(text, said):
    """A text without the lines that say something."""
    gone = {number for each in said for number in range(each.first, each.last + 1)}
    return "\n".join(line for number, line in enumerate(text.split("\n"), start=1) if number not in gone)


def in_etc(path):
    """Whether a file is the administrator's, links followed."""
    return os.path.realpath(path).startswith("/etc/")


class Host:
    """What the module asks about the host."""

    def __init__(self, module):
        self._run = module.run_command

    def has(self, package):
        """Whether a package of Debian is installed."""
        return self._run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package])[1].startswith("installed")

    def meant(self, wanted):
        """What is wanted of a setting on this host."""
        for unit, other in wanted.get("beside", {}).items():
            rc, said, why = self._run(["systemctl", "show", "--property=LoadState", "--value", unit])
            if rc != 0:
                raise OSError(f"systemd does not say whether there is {unit}: {why.strip()}")
            if said.strip() == "loaded":
                return other
        return wanted


def plans(module):
    """A plan for each program that is installed and of which something is wanted."""
    host, known = Host(module), module.params["programs"]
    by_program = {}
    for control in module.params["want"]:
        for name, settings in control.items():
            by_program.setdefault(name, []).extend(settings.items())
    for name, settings in by_program.items():
        program = known.get(name)
        kinds = program["settings"] if program else {}
        unknown = [f"{key} of {name}" for key, _ in settings if key not in kinds]
        if unknown:
            module.fail_json(msg=f"No setting was changed: nobody knows {', '.join(unknown)}.")
        if host.has(program["package"]):
            wanted = [Setting(key, kinds[key], host.meant(each)) for key, each in settings]
            in_vain = [f"{each.value} is no value of {each.key}" for each in wanted if not each.holds(each.value)]
            if in_vain:
                module.fail_json(msg=f"No setting of {name} was changed: {', '.join(in_vain)}.")
            yield Plan(name, program, wanted)


def write(module, path, text):
    """Put a file down whole, with the rights it had; a new one is for all to read. A link at our own place goes."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder)
        os.chmod(folder, 0o755)  # noqa: S103 - as packages make it, whatever the mask of this session is
    if os.path.basename(path).startswith("zz-opsharden") and os.path.islink(path):
        os.unlink(path)
    path = os.path.realpath(path)
    new = not os.path.exists(path)
    draft = os.path.join(module.tmpdir, "setting")
    with open(draft, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        file.write(text)
    os.chmod(draft, 0o644 if new else os.stat(path).st_mode & 0o777)
    module.atomic_move(draft, path)
    if new:  # Ansible goes by that mask as well
        os.chmod(path, 0o644)


def restart(module, unit):
    """Have a unit that runs take its settings up."""
    rc, said, why = module.run_command(["systemctl", "try-restart", unit])
    if rc != 0:
        module.fail_json(changed=True, msg=f"{unit} does not take up what was written: {(why or said).strip()}")


def main():
    """Run the module."""
    arguments = {
        "want": {"type": "list", "elements": "dict", "required": True},
        "programs": {"type": "dict", "required": True},
    }
    module = AnsibleModule(arguments, supports_check_mode=True)
    diffs, left, units = [], [], []
    for plan in plans(module):
        texts = plan.make()
        for path, text in texts.items():
            old = Files(plan.program).text(path)
            diffs.append({"before_header": path, "after_header": path, "before": old, "after": text})
            if not module.check_mode:
                write(module, path, text)
        left += [f"{sentence}." for sentence in plan.left]
        unit = plan.program.get("restart")
        if texts and unit:
            units.append(unit)
            if not module.check_mode:
                restart(module, unit)
    for sentence in left:
        module.warn(sentence)
    note = [f"Changed {', '.join(each['after_header'] for each in diffs)}."] if diffs else []
    note += [f"Restarted {unit}." for unit in units]
    module.exit_json(changed=bool(diffs), diff=diffs, left=left, opsharden_note=[*note, *left])


if __name__ == "__main__":
    main()
