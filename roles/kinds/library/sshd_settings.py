#!/usr/bin/python
"""Brings settings of sshd about where they do not hold, and touches no other."""

import functools
import os
import pwd
import shutil
import socket
import tempfile
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import odd
from ansible.module_utils.opsharden_sshd_config import SSHD, Files, Server, Trouble, split
from ansible.module_utils.opsharden_sshd_rules import settings_of

DOCUMENTATION = r"""
module: sshd_settings
short_description: Bring settings of sshd about where they do not hold
description:
  - A setting that holds stays as it is, wherever it is set, and so does a stricter one. What does not hold is set in
    one file of our own, which sshd is made to read first where it does not count otherwise.
  - All is tried by sshd before anything is written, looked at again afterwards, and put back if it did not come about
    or sshd does not answer any more.
  - Match blocks and settings on sshd's command line are left to whoever wrote them; RV(left) names those that keep a
    setting from everyone.
options:
  want:
    description:
      - For each control, its settings as sshd_config(5) names them, and what they have to be. V(exactly) is a word;
        V(at_most) a number, with V(at_least) where 0 means no limit; V(at_least) alone a LogLevel; V(none_of) are
        patterns of algorithms; V(says) names a file for where none says something; V(startups) is of MaxStartups.
    type: list
    elements: dict
    required: true
  entered:
    description: How Ansible got here, V(user) and whether V(locally); the only way in for root is not shut.
    type: dict
    required: true
"""

OWN = "/etc/ssh/sshd_config.d/00-opsharden.conf"
ENTERED = {"user": {"type": "str", "required": True}, "locally": {"type": "bool", "required": True}}
ONLY_WAY_IN = (
    "This host is reached as root, and PermitRootLogin no would shut root out: it is as it was. Run `opsharden "
    "bootstrap` and set ansible_user to the account it makes, or leave this control out for this host."
)

HEADER = "# Written by opsharden: what did not hold otherwise. One line for each setting.\n"


class Plan:
    """What would be written: our file, and what else has to change for it to count."""

    def __init__(self, module, server, path, settings):
        self.module, self.server, self.path, self.settings = module, server, path, settings
        self.files = Files(server.main)
        list(self.files.lines())
        for other, what in self.files.odd.items():
            raise Trouble(f"{other} is {what}, at which sshd waits when it reads its settings")
        self.now = server.effective(server.main)
        if self.look(self.files) != self.now:
            raise Trouble("the files that sshd reads could not be followed as sshd follows them")

    def look(self, files):
        """What sshd would work with."""
        folder = tempfile.mkdtemp(dir=self.module.tmpdir)
        try:
            return self.server.effective(files.stage(folder))
        finally:
            shutil.rmtree(folder)

    def holding(self, files):
        """Which of the settings would hold."""
        effective = self.look(files)
        return {each.keyword for each in self.settings if each.holds(effective)}

    def make(self):
        """The files to be, and the keywords that no file of ours can bring about."""
        wanted, all_ = self._wanted(), set(self._keywords())
        files = self._best(wanted, all_)
        helpless = all_ - self.holding(files)
        if helpless:
            own = _own(self.files.text(self.path))
            wanted.update({keyword: own.get(keyword) for keyword in helpless})
            files = self._best(wanted, all_ - helpless)
        self._nothing_else(files)
        if self.path in files.changed and odd(self.path):
            raise Trouble(f"{self.path} is {odd(self.path)}, where our file is to be")
        return files, sorted(helpless)

    def _wanted(self):
        """Our line for each keyword; none where what the host has without ours is enough."""
        text = self.files.text(self.path)
        own = _own(text)
        changed = {self.path: _written(text, dict.fromkeys(self._keywords()))} if text else {}
        without, aside = Files(self.server.main, changed), Files(self.server.main, changed)
        rest, enough = self.look(without), self.holding(self._put_aside(aside))
        wanted = {}
        for each in self.settings:
            if each.keyword in enough:
                wanted[each.keyword] = None
            elif each.keyword in own and each.stays(self.now, own[each.keyword]):
                wanted[each.keyword] = own[each.keyword]
            else:
                wanted[each.keyword] = each.line(rest, self._with)
        return wanted

    def _keywords(self):
        return [each.keyword for each in self.settings]

    def _with(self, line):
        """What sshd would work with if this line came first."""
        return self.look(Files(self.server.main, {self.server.main: f"{line}\n{self.files.text(self.server.main)}"}))

    def _best(self, wanted, to_hold):
        """Our file where it stands, if that is enough; else read before all others."""
        files = self._files(wanted, False)
        return files if to_hold <= self.holding(files) else self._files(wanted, True)

    def _files(self, wanted, first):
        before = self.files.text(self.path)
        lines = dict(wanted)
        if first:
            # What does not count now is not to count because our file moves up.
            dead = [key for key in _own(before) if not self._counts(key) and key not in lines]
            lines.update(dict.fromkeys(dead))
        ours = _written(before, lines)
        changed = {self.path: ours} if ours != before else {}
        if first:
            changed[self.server.main] = self._led(self.files.text(self.server.main))
        files = Files(self.server.main, changed)
        return self._put_aside(files)

    def _counts(self, keyword):
        line = self.files.deciding(keyword)
        return line is not None and line.path == self.path

    def _led(self, main):
        """The first file with ours read before all else in it; ours is moved up if it is named further down."""
        first = f"Include {self.path}"
        rest = [line for line in main.split("\n") if line.strip() != first]
        return "\n".join([first, *rest])

    def _put_aside(self, files):
        """Of MaxStartups sshd takes the last line, so looser ones behind ours become comments."""
        for each in (each for each in self.settings if each.keyword == "maxstartups"):
            while not each.holds(self.look(files)):
                line = files.deciding(each.keyword)
                if line is None or line.path == self.path:
                    break
                text = files.text(line.path).split("\n")
                text[line.number - 1] = f"# {text[line.number - 1]}"
                files.changed[line.path] = "\n".join(text)
        return files

    def _nothing_else(self, files):
        """Only what was asked for may come out otherwise than before."""
        after, asked = self.look(files), set(self._keywords())
        other = sorted(key for key in {*self.now, *after} - asked if self.now.get(key) != after.get(key))
        if other:
            raise Trouble(f"{', '.join(other)} would change as well, which was not asked for")


def _own(text):
    """Keyword -> line, of our file."""
    found = {}
    for line in text.split("\n"):
        keyword, words = split(line)
        if keyword == "match":
            break
        if words:
            found.setdefault(keyword, line)
    return found


def _written(text, lines):
    """Our file with some keywords set anew, or taken out; all other lines stay as they are."""
    kept, done = [], set()
    for line in text.split("\n"):
        keyword, _ = split(line)
        if keyword not in lines:
            kept.append(line)
        elif lines[keyword] and keyword not in done:
            kept.append(lines[keyword])
            done.add(keyword)
    new = [line for keyword, line in lines.items() if line and keyword not in done]
    at = next((at for at, line in enumerate(kept) if split(line)[0] == "match"), len(kept))
    while at and not kept[at - 1].strip():
        at -= 1
    kept[at:at] = new
    whole = "\n".join(kept).rstrip("\n") + "\n" if any(kept) else ""
    return whole if text or not new else HEADER + whole


class Writing:
    """The files put in place; and back, if it comes to that."""

    def __init__(self, module, files):
        self.module = module
        self.new = {os.path.realpath(path): text for path, text in files.changed.items()}
        self.old = {path: _bytes(path) for path in self.new}

    def write(self):
        """Put them in place."""
        for path, text in self.new.items():
            self._put(path, text.encode("utf-8", "surrogateescape"))

    def back(self):
        """Put back what was there."""
        for path, content in self.old.items():
            if content is None:
                os.unlink(path)
            else:
                self._put(path, content)

    def _put(self, path, content):
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o755)
        new = not os.path.exists(path)
        handle, name = tempfile.mkstemp(dir=self.module.tmpdir)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        self.module.atomic_move(name, path)
        if new:
            os.chmod(path, 0o600)

    def diff(self):
        """Before and after, for Ansible."""
        return [
            {
                "before_header": path,
                "after_header": path,
                "before": (self.old[path] or b"").decode("utf-8", "replace"),
                "after": text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            }
            for path, text in self.new.items()
        ]


def _bytes(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


class Running:
    """The sshd that runs.

    Args:
        module: To run commands with.
        listening: What it listens on, as `sshd -T` says: `0.0.0.0:22`, `[::]:22`.
    """

    def __init__(self, module, listening):
        self._run = module.run_command
        self._places = [place.rpartition(":")[::2] for place in listening]
        self.answered = self.answers(1)

    def reload(self):
        """Have it take its settings up, where it runs; open sessions outlive that.

        Behind a socket sshd does not survive a reload: it tries to bind again the port that the socket holds. A restart
        gets the port handed over.
        """
        behind = self._run(["systemctl", "--quiet", "is-active", "ssh.socket"])[0] == 0
        self._run(["systemctl", "try-restart" if behind else "try-reload-or-restart", "ssh.service"])

    def answers(self, seconds):
        """Whether it greets whoever connects, before so many seconds are over."""
        until = time.monotonic() + seconds
        while not any(self._greets(address.strip("[]"), int(port)) for address, port in self._places):
            if time.monotonic() > until:
                return False
            time.sleep(0.2)
        return True

    @staticmethod
    def _greets(address, port):
        here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - as sshd says it; we connect
        try:
            with socket.create_connection((here, port), timeout=2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False


def what_went_wrong(server, running, predicted):
    """Have sshd take up what was written; why it has to be put back, if it has to be."""
    try:
        if server.effective(server.main) != predicted:
            return "sshd does not come to what was tried before"
    except Trouble as error:
        return str(error)
    running.reload()
    if running.answered and not running.answers(10):
        return "sshd did not answer any more with the new settings"
    return ""


def told(diff):
    """What was written to a file, in a sentence."""
    new = [line for line in diff["after"].splitlines() if line not in diff["before"].splitlines()]
    said = "; ".join(line.strip() for line in new if line.strip() and not line.startswith("# "))
    return f"Changed {diff['after_header']}{': ' if said else ''}{said}."


def shuts_root_out(setting):
    """Whether a setting keeps root from logging in."""
    return setting.keyword == "permitrootlogin" and setting.line({}, dict).lower() == "permitrootlogin no"


def is_only_way_in(module):
    """Whether root, who we are here as, could not come back by another account."""
    entered = module.params["entered"]
    if entered["user"] != "root" or os.environ.get("SUDO_USER", "root") != "root":
        return False
    return not (entered["locally"] and any(can_log_in(module, account) for account in pwd.getpwall()))


def can_log_in(module, account):
    """Whether somebody else than root has a shell, and a key or a password to get to it."""
    if account.pw_uid == 0 or account.pw_shell.endswith(("/nologin", "/false")):
        return False
    keys = os.path.join(account.pw_dir, ".ssh", "authorized_keys")
    if os.path.isfile(keys) and os.path.getsize(keys):
        return True
    return module.run_command(["getent", "shadow", account.pw_name])[1].startswith(f"{account.pw_name}:$")


def bring_about(module, server, plan, refused):
    """Write what is needed, and look again. What was refused is said when all else is done."""
    files, helpless = plan.make()
    writing = Writing(module, files)
    changed = any(writing.old[path] != text.encode("utf-8", "surrogateescape") for path, text in writing.new.items())
    why = "a Match block for all or sshd's command line sets it, and beats every other line"
    left = [f"{each.name} was left as it is: {why}." for each in plan.settings if each.keyword in helpless]
    for sentence in left:
        module.warn(sentence)
    result = {"changed": changed, "left": left, "diff": writing.diff() if changed else []}
    result["opsharden_note"] = [*(told(each) for each in result["diff"]), *left]
    leave = functools.partial(module.fail_json, msg=refused) if refused else module.exit_json
    if not changed or module.check_mode:
        leave(**result)
    predicted = plan.look(files)
    running = Running(module, plan.now.get("listenaddress", []))
    writing.write()
    trouble = what_went_wrong(server, running, predicted)
    if trouble:
        writing.back()
        running.reload()
        raise Trouble(trouble)
    leave(**result)


def main():
    """Run the module."""
    arguments = {
        "want": {"type": "list", "elements": "dict", "required": True},
        "entered": {"type": "dict", "required": True, "options": ENTERED},
    }
    module = AnsibleModule(arguments, supports_check_mode=True)
    if not os.access(SSHD, os.X_OK):
        module.exit_json(changed=False, msg="no SSH server is installed")
    try:
        server = Server(module)
        settings = settings_of(module.params["want"])
        refused = any(map(shuts_root_out, settings)) and is_only_way_in(module)
        settings = [each for each in settings if not (refused and shuts_root_out(each))]
        bring_about(module, server, Plan(module, server, OWN, settings), ONLY_WAY_IN if refused else "")
    except Trouble as error:
        module.fail_json(msg=f"The settings of sshd are as they were: {error}.")


if __name__ == "__main__":
    main()
