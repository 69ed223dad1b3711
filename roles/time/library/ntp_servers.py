#!/usr/bin/python
"""Have the time service ask the declared servers and no others."""

from __future__ import annotations

import re
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import odd
from ansible.module_utils.opsharden_systemd import assigned, split

DOCUMENTATION = r"""
module: ntp_servers
short_description: Have the time service ask the declared servers and no others
description:
  - Reads what the service itself would read, drop-ins and includes followed (timesyncd.conf(5), chrony.conf(5)).
    Where that names the declared servers and no others, nothing is changed.
  - Otherwise our own file names them, and other lines that name servers are put aside where they lie in /etc.
options:
  service:
    description: The time service.
    choices: [systemd-timesyncd, chrony]
    required: true
  servers:
    description: Names or addresses.
    type: list
    elements: str
    required: true
author: opsharden
"""

HEAD = "# Ansible managed\n"
ROOTS = ("/etc", "/run", "/usr/local/lib", "/usr/lib")
TIMESYNCD = "systemd/timesyncd.conf"
CHRONY = "/etc/chrony/chrony.conf"
NAME = re.compile(r"[A-Za-z0-9._:%-]+")


class Files:
    """Files as they are and as they are to be."""

    def __init__(self):
        """Nothing is read yet."""
        self.old, self.new, self.odd = {}, {}, {}

    def text(self, path):
        """What a file holds, with what we are about to change."""
        real = Path(path).resolve()
        if real not in self.new:
            if what := odd(str(real)):
                self.odd[real] = what
            self.new[real] = real.read_text(errors="surrogateescape") if real.is_file() else ""
            self.old[real] = self.new[real]
        return self.new[real]

    def write(self, path, text):
        """A file is to hold this."""
        self.text(path)
        self.new[Path(path).resolve()] = text

    def put_aside(self, path, number):
        """Make a comment of a line. Says whether that may be: of the administrator's files only."""
        real = Path(path).resolve()
        if not str(real).startswith("/etc/"):
            return False
        lines = self.text(path).split("\n")
        lines[number - 1] = f"# {lines[number - 1]}"
        self.write(path, "\n".join(lines))
        return True

    def changed(self):
        """Path, what it held, what it is to hold; what is no file stays."""
        both = [(path, self.old[path], new) for path, new in self.new.items() if path not in self.odd]
        return [(path, old, new) for path, old, new in both if new != old]


class Timesyncd:
    """What systemd-timesyncd reads: one main file, and drop-ins sorted by name."""

    own = Path("/etc/systemd/timesyncd.conf.d/zz-opsharden.conf")

    def __init__(self, files):
        """Reads through files."""
        self.files = files
        self.declares = False

    def _order(self):
        """The files it reads, in their order: it is not root, so those that others can read."""
        mains = [Path(root, TIMESYNCD) for root in ROOTS if Path(root, TIMESYNCD).exists()]
        by_name = {self.own.name: self.own}
        for root in reversed(ROOTS):
            by_name.update({path.name: path for path in Path(root, f"{TIMESYNCD}.d").glob("*.conf")})
        paths = mains[:1] + [by_name[name] for name in sorted(by_name)]
        return [path for path in paths if readable(path) or (path == self.own and self.declares)]

    def to_open(self):
        """Our file and its folder, where the service cannot read them; not a folder that has others' files in it."""
        folder = self.own.parent
        alone = not folder.is_dir() or {path.name for path in folder.iterdir()} <= {self.own.name}
        found = [path for path in (folder, self.own) if path.exists() and not open_to_all(path)]
        return [path for path in found if path == self.own or alone] if self.declares else []

    def asked(self):
        """(server, path, line number) of all that are asked."""
        said = {"NTP": [], "FallbackNTP": []}
        for path in self._order():
            section = ""
            for number, line in enumerate(self.files.text(path).split("\n"), start=1):
                section = line.strip() if line.strip().startswith("[") else section
                found = re.fullmatch(r"\s*(NTP|FallbackNTP)\s*=(.*)", line)
                if found and section == "[Time]":
                    names = [(name, path, number) for name in found[2].split()]
                    said[found[1]] = [*said[found[1]], *names] if names else []
        return said["NTP"] or said["FallbackNTP"]

    def declare(self, servers):
        """Name the servers in our own file: the empty lines forget what other files said."""
        self.declares = True
        text = f"[Time]\nNTP=\nNTP={' '.join(servers)}\nFallbackNTP=\n"
        self.files.write(self.own, f"{HEAD}# The empty lines forget what other files said.\n{text}")


def open_to_all(path):
    """Whether others than its owner and group can read a file, or look into a folder."""
    return path.stat().st_mode & 0o005 == 0o005 if path.is_dir() else bool(path.stat().st_mode & 0o004)


def readable(path):
    """Whether a service that is not root reads a file; one that is not there it does without."""
    return not path.exists() or (open_to_all(path) and open_to_all(path.parent))


class Chrony:
    """What chronyd reads: its file, and what that includes, all together."""

    own = Path("/etc/chrony/sources.d/opsharden.sources")

    def __init__(self, files):
        """Reads through files."""
        self.files = files
        self.main = Path(chrony_file(files))

    def _lines(self, path, sources=False, depth=0):
        """(directive, rest, path, line number) of a file and of all it includes."""
        for number, line in enumerate(self.files.text(path).split("\n"), start=1):
            words = line.split(maxsplit=1)
            word, rest = (words[0].lower(), words[1].strip()) if len(words) == 2 else ("", "")
            yield word, rest, path, number
            if sources or depth > 9:
                continue
            if word == "include":
                for each in sorted(glob(rest)):
                    yield from self._lines(each, depth=depth + 1)
            elif word in ("confdir", "sourcedir"):
                suffix = "*.conf" if word == "confdir" else "*.sources"
                for each in self._within(rest.split(), suffix):
                    yield from self._lines(each, sources=word == "sourcedir", depth=depth + 1)

    def _within(self, folders, suffix):
        """The files of folders, by name; of those with one name, the first folder's."""
        by_name = {}
        for folder in reversed(folders):
            by_name.update({each.name: each for each in Path(folder).glob(suffix)})
            if self.own.parent == Path(folder) and self.own.suffix == Path(suffix).suffix and self.files.text(self.own):
                by_name[self.own.name] = self.own  # also where it is not written yet
        return [by_name[name] for name in sorted(by_name)]

    def asked(self):
        """(server, path, line number) of all that are asked."""
        named = [each for each in self._lines(self.main) if each[0] in ("server", "pool", "peer") and each[1]]
        return [(rest.split()[0], path, number) for _, rest, path, number in named]

    def declare(self, servers):
        """Name the servers in our own file, and have chronyd read it."""
        self.files.write(self.own, HEAD + "".join(f"server {server} iburst\n" for server in servers))
        if self.own not in {path for _, _, path, _ in self._lines(self.main)}:
            text = self.files.text(self.main)
            end = "" if text.endswith("\n") or not text else "\n"
            self.files.write(self.main, f"{text}{end}sourcedir {self.own.parent}\n")

    def to_open(self):
        """Nothing: chronyd reads its files as root."""
        return []

    def without(self, path):
        """Keep chronyd from a folder of sources that others fill, by the line of /etc that names it."""
        for word, rest, where, number in list(self._lines(self.main)):
            if word == "sourcedir" and rest.split() == [str(Path(path).parent)]:
                return self.files.put_aside(where, number)
        return False


def glob(pattern):
    """The files a pattern of chrony's stands for."""
    path = Path(pattern)
    return Path(path.anchor or "/").glob(str(path.relative_to(path.anchor))) if path.is_absolute() else []


def chrony_file(files):
    """The file chronyd is started with: -f in its unit, or in what Debian's unit takes from /etc/default/chrony."""
    units = [Path("/usr/lib/systemd/system/chrony.service"), Path("/etc/systemd/system/chrony.service")]
    units += sorted(Path("/etc/systemd/system/chrony.service.d").glob("*.conf"))
    start = ""
    for unit in units:
        start = [start, *re.findall(r"^ExecStart=(.+)$", files.text(unit), re.MULTILINE)][-1]
    if "$DAEMON_OPTS" in start:
        options = assigned(files.text("/etc/default/chrony")).get("DAEMON_OPTS", "")
        start = " ".join([start, *split(options)])
    named = re.search(r"\s-f\s*(\S+)", start)
    return named[1] if named else CHRONY


def hold(service, servers):
    """Have a service ask these servers. Returns what is left, a sentence each."""
    if {name for name, _, _ in service.asked()} == set(servers):
        return []
    service.declare(servers)
    if {name for name, _, _ in service.asked()} == set(servers):
        return []
    left = []
    others = {(str(path), number) for _, path, number in service.asked() if path != service.own}
    for path, number in sorted(others):
        if not service.files.put_aside(path, number) and not without(service, path):
            left.append(f"{path}:{number} names servers, and does not lie in /etc")
    return left


def without(service, path):
    """Whether the folder that a file lies in could be left out."""
    return isinstance(service, Chrony) and service.without(path)


def main():
    """Do it, or in check mode say what would be done."""
    module = AnsibleModule(
        argument_spec={
            "service": {"type": "str", "choices": ["systemd-timesyncd", "chrony"], "required": True},
            "servers": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    odd = [name for name in module.params["servers"] if not NAME.fullmatch(name)]
    if odd or not module.params["servers"]:
        module.fail_json(
            msg=f"These are no servers to ask for the time: {odd}. Set time_servers to names or addresses."
        )
    files = Files()
    service = {"systemd-timesyncd": Timesyncd, "chrony": Chrony}[module.params["service"]](files)
    left = hold(service, module.params["servers"])
    diffs = []
    left += [f"{path} is {what} and was left as it is" for path, what in files.odd.items()]
    for path, old, new in files.changed():
        diffs.append({"before_header": str(path), "after_header": str(path), "before": old, "after": new})
        if not module.check_mode:
            write(module, path, new)
    opened = service.to_open()
    for path in () if module.check_mode else opened:
        path.chmod(0o755 if path.is_dir() else 0o644)
    left = [f"{sentence}." for sentence in left]
    for sentence in left:
        module.warn(sentence)
    note = [f"Changed {', '.join(each['after_header'] for each in diffs)}."] if diffs else []
    note += [f"The time service can read it now: {path}." for path in opened]
    note += left
    module.exit_json(changed=bool(diffs or opened), diff=diffs, left=left, opsharden_note=note)


def write(module, path, text):
    """Put a file down whole, with the rights it had; a new one is for all to read, for these services are not root."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
        path.parent.chmod(0o755)  # whatever the mask of this session is
    new = not path.exists()
    draft = Path(module.tmpdir) / "servers"
    draft.write_text(text, errors="surrogateescape")
    draft.chmod(path.stat().st_mode & 0o777 if path.is_file() else 0o644)
    module.atomic_move(str(draft), str(path))
    if new:  # Ansible goes by that mask as well
        path.chmod(0o644)


if __name__ == "__main__":
    main()
