#!/usr/bin/python
"""Have packages of Debian on a host, or not, and nothing else along with them."""

from __future__ import annotations

import re
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: debian_packages
short_description: Have packages on a host, or not, and nothing else along with them
description:
  - Looks first what a transaction would remove or replace by an older version beyond what was asked for.
    That is named and refused, in check mode too, unless O(may_remove) allows it.
  - Removes, never purges. Packages on hold stay. Needs no python3-apt on the host.
options:
  name:
    description: The packages. Of those that are to be there each may be several, of which one is enough (C(a | b)).
    type: list
    elements: str
    required: true
  state:
    description: Whether they are to be there.
    choices: [present, absent]
    default: present
  may_remove:
    description: Other packages that may go where they stand in the way.
    type: list
    elements: str
    default: []
  allow_with:
    description: The variable that allows more, for the sentence that refuses.
    type: str
    required: true
author: opsharden
"""

PLAIN = {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", "APT_LISTCHANGES_FRONTEND": "none"}
DAY = 86400
STAMP, LISTS = Path("/var/lib/apt/periodic/update-success-stamp"), Path("/var/lib/apt/lists")
PATIENCE = 60  # seconds to wait for somebody else's transaction
GONE = ("not-installed", "config-files")
LOCKED = re.compile(r"lock.*(?:held|locked) by (?:another )?process .*", re.IGNORECASE)


class Refused(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """Why nothing was done, one sentence."""


class Packages:
    """What is on the host, and how to change it."""

    def __init__(self, module):
        """Works with the module's parameters."""
        self.module = module
        self.choices = [name.split(" | ") for name in module.params["name"]]
        self.names = [name for choice in self.choices for name in choice]
        self.may_remove = set(module.params["may_remove"])
        self.warnings = []

    def run(self, *words):
        """A command's exit status and all it said, in plain English."""
        rc, out, err = self.module.run_command(list(words), environ_update=PLAIN)
        return rc, out + err

    def installed(self, names):
        """Name -> what is wanted of it (install, hold, ...), of those that are there, even in part."""
        form = "${Package} ${db:Status-Want} ${db:Status-Status}\\n"
        _, out, _ = self.module.run_command(["dpkg-query", "-W", "-f", form, *names], environ_update=PLAIN)
        words = [line.split() for line in out.splitlines()]
        return {name: want for name, want, status in words if status not in GONE}

    def whole(self, names):
        """Those of which nothing is missing."""
        form = "${Package} ${db:Status-Status}\\n"
        _, out, _ = self.module.run_command(["dpkg-query", "-W", "-f", form, *names], environ_update=PLAIN)
        return {line.split()[0] for line in out.splitlines() if line.endswith(" installed")}

    def change(self, *words):
        """Run a transaction, waiting for others to end. Raises Refused with what it said last."""
        deadline = time.monotonic() + PATIENCE
        while True:
            rc, said = self.run(*words)
            busy = LOCKED.search(said)
            if rc == 0:
                return
            if not busy:
                raise Refused(f"{words[0]} failed: {last_words(said)}")
            if time.monotonic() > deadline:
                raise Refused(f"another program holds the package database: {busy.group(0).strip()}")
            time.sleep(2)

    def absent(self):
        """Remove what is there of the names. Returns what went, or would go, and why the rest stays."""
        there = self.installed(self.names)
        stays = {name: f"{name} is on hold (apt-mark)" for name, want in there.items() if want == "hold"}
        going, more = self._removable(set(there) - set(stays))
        stays.update(more)
        if going and not self.module.check_mode:
            try:
                self.change("dpkg", "--remove", *sorted(going))
            except Refused as refusal:
                left = self.installed(going)
                stays.update({name: f"{name}: {refusal}" for name in left})
                going -= set(left)
        return sorted(going), sorted(stays.values())

    def _removable(self, going):
        """Which of them can go without another package that needs them, and who needs the others."""
        stays = {}
        while going:
            rc, said = self.run("dpkg", "--no-act", "--remove", *sorted(going))
            needed = needs(said)
            if rc == 0 or not needed:
                break
            for name, users in needed.items():
                allowed = (users & self.may_remove) - set(stays)
                held = [user for user, want in self.installed(allowed).items() if want == "hold"] if allowed else []
                if users == allowed and not held:
                    going |= allowed
                elif name in going:
                    going = going - {name}
                    why = f"removing {name} would take along {', '.join(sorted(users))}"
                    stays[name] = f"{why} ({held[0]} is on hold)" if held else why
        return going, stays

    def present(self):
        """Install what is missing. Returns what came and what went for it."""
        missing = self._missing()
        if not missing:
            return [], []
        self._update()
        command = ["apt-get", "-q", "--no-install-recommends", "install", *missing]
        rc, said = self.run(*command[:1], "--simulate", *command[1:])
        if rc and self.module.check_mode and not any(LISTS.glob("*Packages*")):
            self.warnings.append("There are no package lists yet, so what else a package takes along cannot be told.")
            return missing, []
        if rc:
            raise Refused(f"{' and '.join(missing)} cannot be installed: {last_words(said)}")
        goes = set(re.findall(r"^(?:Remv|Purg) (\S+)", said, re.MULTILINE))
        self._refuse(missing, said, goes)
        if not self.module.check_mode:
            flags = [] if goes else ["--no-remove"]
            try:
                self.change(*command[:1], "--yes", *flags, "-o", f"DPkg::Lock::Timeout={PATIENCE}", *command[1:])
            except Refused as refusal:
                if self._missing():
                    raise
                self.warnings.append(f"{' and '.join(missing)} came, but {refusal}.")
        return missing, sorted(goes)

    def _missing(self):
        """Of each choice that nothing whole is there of: what is there in part, else the first."""
        whole, begun = self.whole(self.names), self.installed(self.names)
        lacking = [choice for choice in self.choices if not whole.intersection(choice)]
        return sorted({next((name for name in choice if name in begun), choice[0]) for choice in lacking})

    def _refuse(self, missing, said, goes):
        what = f"installing {' and '.join(missing)} would"
        beyond = sorted(goes - self.may_remove)
        if beyond:
            raise Refused(f"{what} remove {', '.join(beyond)}")
        older = listed(said, "DOWNGRADED") - self.may_remove
        if older:
            raise Refused(f"{what} replace {', '.join(sorted(older))} by an older version")
        held = [name for name, want in self.installed(sorted(goes)).items() if want == "hold"] if goes else []
        if held:
            raise Refused(f"{what} remove {', '.join(sorted(held))}, which is on hold (apt-mark)")

    def _update(self):
        """Renew the lists where they are older than a day; where that fails, the old ones have to do."""
        newest = max((path.stat().st_mtime for path in (STAMP, LISTS) if path.exists()), default=0)
        empty = not any(LISTS.glob("*Packages*"))
        if self.module.check_mode or not (empty or time.time() - newest > DAY):
            return
        rc, said = self.run("apt-get", "-q", "-o", f"DPkg::Lock::Timeout={PATIENCE}", "update")
        if rc:
            self.warnings.append(f"The package lists could not be renewed: {last_words(said)}")


def needs(said):
    """Package -> those that cannot do without it, out of what dpkg says."""
    found, name = {}, ""
    for line in said.splitlines():
        refused = re.match(r"dpkg: dependency problems prevent removal of (\S+?)(?::\w+)?:$", line)
        user = re.match(r" (\S+?)(?::\w+)? (?:pre-)?depends on ", line)
        if refused:
            name = refused.group(1)
        elif user and name:
            found.setdefault(name, set()).add(user.group(1))
    return found


def listed(said, word):
    """The names under one of apt-get's headings."""
    block = re.search(rf"^The following packages will be {word}:\n((?: .*\n)*)", said, re.MULTILINE)
    return set(block.group(1).split()) if block else set()


def last_words(said):
    """The line that says why: the first error, else the last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "dpkg: error"))]
    return (errors or lines or ["it did not say why"])[:1][0] if errors else (lines or ["it did not say why"])[-1]


def main():
    """Do what the parameters say."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "may_remove": {"type": "list", "elements": "str", "default": []},
            "allow_with": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    packages = Packages(module)
    came, went, stays = [], [], []
    try:
        if packages.names and module.params["state"] == "absent":
            went, stays = packages.absent()
        elif packages.names:
            came, went = packages.present()
    except Refused as refusal:
        stays = [str(refusal)]
    for warning in packages.warnings:
        module.warn(warning)
    diff = {
        "before": "".join(f"{name} installed\n" for name in went),
        "after": "".join(f"{name} installed\n" for name in came),
    }
    note = [f"{what} {', '.join(names)}." for what, names in (("Installed", came), ("Removed", went)) if names]
    result = {"changed": bool(came or went), "opsharden_note": note, "installed": came, "removed": went, "diff": diff}
    if stays:
        advice = f" List in {module.params['allow_with']} what may go." if any("would" in why for why in stays) else ""
        module.fail_json(msg=f"Refused: {'; '.join(stays)}.{advice}", refused=stays, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
