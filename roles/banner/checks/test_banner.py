"""What a host says to whoever reaches it."""

import re

import pytest

from opsharden.model import Mismatch
from opsharden.probe.guarded import ROOT, Limit, amiss, listed, open_folder

TEXTS = ("/etc/issue", "/etc/issue.net", "/etc/motd")
# grep and ls answer 2 where one of the files is missing: that one then shows nothing.
SHOWN = "grep -aH '' /etc/issue /etc/issue.net /etc/motd 2>/dev/null || test $? -le 2"
# What is shown beside them: see agetty(8) and pam_motd(8).
BESIDE = (
    r"grep -saHnE '\\[mrsv]|Debian' /etc/issue.d/*.issue /run/issue.d/*.issue /usr/lib/issue.d/*.issue "
    "/etc/motd.d/* /run/motd.d/* /usr/lib/motd.d/* || test $? -le 2"
)
SCRIPTS = r"find /etc -maxdepth 2 -path '/etc/update-motd.d/*' -printf '%m %p\n'"
ACCESS = (
    "ls -ldn --time-style=+ / /etc /etc/issue /etc/issue.net /etc/motd /etc/update-motd.d /etc/update-motd.d/* "
    "2>/dev/null || test $? -le 2"
)
# The names that run-parts(8) runs, as pam_motd calls it.
RUN = re.compile(r"(?!.*\.dpkg-(?:old|dist|new|tmp)\Z)(?:[a-zA-Z0-9_-]+|_?(?:[a-z0-9_.]+-)+[a-z0-9]+)")
SILENT = "nothing about the system"


@pytest.mark.control("ban-texts")
def test_texts(host, values):
    wrong = other_texts(host, values["banner_text"]) + given_away(host) + scripts(host, values["banner_telltale"])
    assert wrong == []


def other_texts(host, warning):
    """The texts that are not the declared one."""
    shown = {path: [] for path in TEXTS}
    for line in host.check_output(SHOWN).splitlines():
        path, _, text = line.partition(":")
        shown[path].append(text)
    first = warning.strip().partition("\n")[0].strip()
    wanted = f"the text of banner_text, which {f'begins: {first}' if first else 'is empty'}"
    # A blank line at the end makes no other warning; testinfra cuts it off anyway.
    return [
        Mismatch(path, " / ".join(line for line in map(str.strip, lines) if line) or "nothing", wanted)
        for path, lines in shown.items()
        if "\n".join(lines).rstrip() != warning.rstrip()
    ]


def given_away(host):
    """Texts that are shown beside them and tell which system this is."""
    found = [line.split(":", 2) for line in host.check_output(BESIDE).splitlines()]
    by_hand = "{} is shown at login too and not ours to change: take out what tells the system, or the file."
    return [
        Mismatch(path, text.strip(), SILENT, f"{path}:{number}", by_hand.format(path)) for path, number, text in found
    ]


def scripts(host, telltale):
    """Scripts that are run at login and tell it."""
    found = [line.split(maxsplit=1) for line in host.check_output(SCRIPTS).splitlines()]
    wrong = []
    for mode, path in found:
        if not int(mode, 8) & 0o111 or not RUN.fullmatch(path.rpartition("/")[2]):
            continue
        if host.run_expect([0, 1], "grep -qE -e %s -- %s", telltale, path).rc == 0:
            linked = host.run_expect([0, 1], "test -L %s", path).rc == 0
            by_hand = f"{path} is a link, and apply changes nothing elsewhere: take it away." if linked else ""
            wrong.append(Mismatch(path, "run at login, and tells the system", "not run", by_hand=by_hand))
    return wrong


@pytest.mark.control("ban-access")
def test_access(host):
    seen = listed(host.check_output(ACCESS))
    if "/etc" not in seen:
        raise FileNotFoundError("ls shows no /etc.")
    scripts = [path for path in seen if path.startswith("/etc/update-motd.d/")]
    wrong = open_folder(seen, "/etc/update-motd.d") if not scripts else []
    for path, mode in [*((path, 0o644) for path in TEXTS), *((path, 0o755) for path in scripts)]:
        wrong += amiss(host, seen, path, Limit(mode, ROOT)) if path in seen else []
    assert list(dict.fromkeys(wrong)) == []
