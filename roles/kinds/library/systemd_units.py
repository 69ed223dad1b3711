#!/usr/bin/python
"""Have units of systemd run, or not, now and when the host starts."""

from __future__ import annotations

import re
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: systemd_units
short_description: Have units of systemd run, or not, now and when the host starts
description:
  - Leaves what is masked, what has no file that can be enabled, and what a condition keeps from starting. That is said.
  - M(ansible.builtin.systemd_service) would start again and again what a condition holds back, calls it started though
    nothing runs, knows one unit at a time and shows no diff.
options:
  want:
    description: What controls of the kind `unit` want.
    type: list
    elements: dict
    required: true
author: opsharden
"""

PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,SourcePath,ConditionResult,AssertResult,"
    "ConditionTimestampMonotonic,WantedBy,RequiredBy,TriggeredBy"
)
FOLDERS = [Path(root) / "systemd/system" for root in ("/etc", "/run", "/usr/local/lib", "/usr/lib")]
RESTING = ("inactive", "failed")
A_MOMENT = 1  # second, after which a program that cannot work has ended


class Unit:
    """One unit as it is now."""

    def __init__(self, said):
        """Takes systemd's properties."""
        self.said, self.name, self.path = said, said["Id"], said["FragmentPath"]
        self.load, self.file = said["LoadState"], said["UnitFileState"]

    @property
    def up(self):
        """Whether it runs. An old init script that was called and left nothing running does not."""
        script = self.file == "generated" and self.said["SubState"] == "exited"
        return self.said["ActiveState"] in ("active", "reloading", "refreshing") and not script

    @property
    def drawn(self):
        """Whether the host's start brings it up, but for what triggers it."""
        if self.file in ("static", "indirect", "generated"):
            return bool(self.said["WantedBy"] or self.said["RequiredBy"])
        return self.file == "enabled"

    @property
    def starts(self):
        """Whether the host's start brings it up, or what triggers it does."""
        return self.drawn or (self.file in ("static", "indirect") and bool(self.said["TriggeredBy"]))

    @property
    def held_back(self):
        """Whether it was started, and a condition of its own was not met."""
        tried = self.said["ConditionTimestampMonotonic"] != "0"
        return tried and "no" in (self.said["ConditionResult"], self.said["AssertResult"])

    def left(self):
        """Why it cannot be had running, in words; empty where it can be tried."""
        if self.load == "masked":
            return f"{self.path} masks {self.name}, and what was masked is not started"
        if self.load != "loaded" or self.file in ("bad", ""):
            return f"systemd cannot work with what stands for {self.name} (`systemctl status {self.name}`)"
        if self.file == "transient":
            return f"{self.name} has no file, so nothing can start it with the host"
        if not self.starts and self.file in ("static", "indirect"):
            return f"{self.path} does not say under [Install] when {self.name} is to start"
        return f"A condition keeps {self.name} from starting" if not self.up and self.held_back else ""

    def __str__(self):
        """For the diff."""
        return told(self.name, self.starts, self.said["ActiveState"])


def told(name, starts, state):
    """A line of the diff."""
    return f"{name}: {'starts' if starts else 'does not start'} with the host, {state} now\n"


class Host:
    """The units of a host, and what is done to them."""

    def __init__(self, module):
        """Works through the module."""
        self.module, self.left, self.failed = module, [], []
        self.before, self.after, self.done = [], [], []

    def show(self, names):
        """The units of these names, each once, whether they are there or not."""
        files = [folder / name for folder in FOLDERS for name in names]
        if pipes := [str(file) for file in files if file.is_fifo()]:
            self.module.fail_json(msg=f"{pipes[0]} is a pipe, and systemd would wait there for good: take it away.")
        rc, out, err = self.module.run_command(["systemctl", "show", f"--property={PROPERTIES}", "--", *names])
        if rc:
            self.module.fail_json(msg=f"systemd could not be asked about {', '.join(names)}: {err.strip()}.")
        blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in out.strip().split("\n\n")]
        return list({block["Id"]: Unit(block) for block in blocks}.values())

    def there(self, names):
        """Those that have a program: a mask alone is none, nor is what a removed package left behind."""
        return [unit for unit in self.show(names) if self.is_there(unit)] if names else []

    def is_there(self, unit):
        """Whether a unit has a program."""
        if unit.load in ("masked", "not-found"):
            files = [folder / unit.name for folder in FOLDERS if (folder / unit.name).is_file()]
            return unit.up or any(str(file) not in (unit.path, f"/usr{unit.path}") for file in files)
        if unit.file != "generated" or (unit.up and unit.said["SubState"] == "running"):
            return True
        _, out, _ = self.module.run_command(["dpkg-query", "--search", unit.said["SourcePath"]])
        package = out.partition(":")[0]
        status = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
        return not package or self.module.run_command(status)[1] == "installed"

    def change(self, unit, up):
        """Tell that a unit is to be up, or not. Returns whether that is to be brought about now."""
        self.before.append(str(unit))
        self.after.append(told(unit.name, up, "active" if up else "inactive"))
        return not self.module.check_mode

    def run(self, command, name):
        """Have systemctl do something to a unit. Returns whether it did."""
        words = ["systemctl", *command.split(), name]
        rc, _, err = self.module.run_command(words)
        if rc:
            said = (err.strip().splitlines() or ["it did not say why"])[0].rstrip(".")
            self.failed.append(f"`{' '.join(words)}` was refused: {said}")
        else:
            self.done.append(" ".join(words))
        return rc == 0

    def running(self, name, wanted):
        """Have it, or another that does the same, run and start with the host."""
        there = self.there([name, *(wanted.get("or") or [])])
        if not there and wanted.get("package") and not self.module.check_mode:
            self.left.append(f"{wanted['package']} is installed and brings no {name}")
        if not there or any(unit.up and unit.starts for unit in there):
            return
        unit = sorted(there, key=lambda each: (each.left() != "", not each.up, not each.starts))[0]
        if why := unit.left():
            self.left.append(why)
            return
        if self.change(unit, True) and (unit.starts or self.enable(unit)):
            self.start(unit.name)

    def enable(self, unit):
        """Enable a unit; what runs and gets another name by that is stopped first.

        Where something waits for that other name, systemd merges the two and loses what runs: it goes on unseen, beside
        what is started next.
        """
        file = Path(unit.path)
        renamed = unit.up and file.is_file() and re.search(r"^Alias=", file.read_text(errors="replace"), re.MULTILINE)
        return (not renamed or self.run("stop", unit.name)) and self.run("enable", unit.name)

    def start(self, name):
        """Start it where it does not run, and look whether it does then."""
        if not self.show([name])[0].up and self.run("start", name):
            time.sleep(A_MOMENT)
            (unit,) = self.show([name])
            if unit.held_back and not unit.up:
                self.left.append(unit.left())
            elif not unit.up:
                self.failed.append(f"{name} was started and does not run: `systemctl status {name}` says why")

    def off(self, name, _):
        """Have it not run, and nothing start it."""
        there = self.there([name])
        starters = [each for unit in there if unit.load != "masked" for each in unit.said["TriggeredBy"].split()]
        for unit in there + self.there(starters):
            if not unit.drawn and unit.said["ActiveState"] in RESTING:
                continue
            fixed = unit.file in ("static", "indirect")
            if fixed and unit.path.startswith("/etc/"):
                self.left.append(f"{unit.path} stands where a mask would, so {unit.name} cannot be kept from starting")
            elif self.change(unit, False):
                self.run("mask --now" if fixed else "disable --now", unit.name)

    def single(self, name, wanted):
        """Say which run side by side: one of them is the administrator's choice."""
        at_work = [unit.name for unit in self.there([name, *wanted["or"]]) if unit.up or unit.starts]
        if len(at_work) > 1:
            self.left.append(f"Which of {' and '.join(at_work)} is to stay is not ours to say")


def main():
    """Do it, or in check mode say what would be done."""
    module = AnsibleModule(
        argument_spec={"want": {"type": "list", "elements": "dict", "required": True}}, supports_check_mode=True
    )
    host = Host(module)
    for control in module.params["want"]:
        for name, wanted in control.items():
            getattr(host, wanted["state"])(name, wanted)
    left = [f"{why}." for why in dict.fromkeys(host.left)]
    for sentence in left:
        module.warn(sentence)
    note = [f"Ran {command}." for command in host.done] + left
    diff = {"before": "".join(host.before), "after": "".join(host.after)}
    changed = bool(host.done or (host.after and module.check_mode))
    result = {"changed": changed, "diff": diff, "left": left, "opsharden_note": note}
    if host.failed:
        module.fail_json(msg=f"{'; '.join(host.failed)}.", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
