"""What a host says to whoever reaches it."""

import re

import pytest

from opsharden.model import Mismatch
from opsharden.probe.reading.found import WHAT, looked

TEXTS = ("/etc/issue", "/etc/issue.net", "/etc/motd")
# What is shown beside them: see agetty(8) and pam_motd(8).
BESIDE = re.compile(r"/(?:etc|run|usr/lib)/(?:issue\.d/[^./][^/]*\.issue|motd\.d/[^./][^/]*)")
LOOK = (
    "find -L /etc/issue /etc/issue.net /etc/motd /etc/issue.d /run/issue.d /usr/lib/issue.d /etc/motd.d /run/motd.d "
    f"/usr/lib/motd.d /etc/update-motd.d -maxdepth 1 {WHAT} "
    "-type f ! -path '/etc/update-motd.d/*' -exec grep -aHn '' {} +"
)
TELLS = re.compile(r"\\[mrsv]|Debian")
SCRIPT_FOLDER = "/etc/update-motd.d"
# The names that run-parts(8) runs, as pam_motd calls it.
RUN = re.compile(r"(?!.*\.dpkg-(?:old|dist|new|tmp)\Z)(?:[a-zA-Z0-9_-]+|_?(?:[a-z0-9_.]+-)+[a-z0-9]+)")
SILENT = "nothing about the system"


@pytest.mark.control("ban-texts")
def test_texts(host, values):
    shown = looked(host.run(LOOK), "What is shown at login")
    wrong = other_texts(shown, values["banner_text"]) + given_away(shown)
    wrong += scripts(host, shown, values["banner_telltale"])
    assert wrong == []


def other_texts(shown, warning):
    """The texts that are not the declared one."""
    first = warning.strip().partition("\n")[0].strip()
    wanted = f"the text of banner_text, which {f'begins: {first}' if first else 'is empty'}"
    wrong = []
    for path in TEXTS:
        if odd := shown.odd(path):
            by_hand = f"{path} is {odd}, which apply does not put a file in the place of: take it away."
            wrong.append(Mismatch(path, odd, wanted, by_hand=by_hand))
            continue
        lines = [text for _, text in shown.lines.get(path, ())]
        # A blank line at the end makes no other warning; testinfra cuts it off anyway.
        if "\n".join(lines).rstrip() != warning.rstrip():
            said = " / ".join(line for line in map(str.strip, lines) if line)
            wrong.append(Mismatch(path, said or "nothing", wanted))
    return wrong


def given_away(shown):
    """Texts that are shown beside them and tell which system this is, or of which nobody knows what they tell."""
    by_hand = "{} is shown at login too and not ours to change: take out what tells the system, or the file."
    wrong = [
        Mismatch(path, text.strip(), SILENT, f"{path}:{number}", by_hand.format(path))
        for path, lines in shown.lines.items()
        for number, text in lines
        if BESIDE.fullmatch(path) and TELLS.search(text)
    ]
    # A folder there is passed over by those who show the files.
    odd = {path: shown.odd(path) for path, kind in shown.kinds.items() if kind != "d" and BESIDE.fullmatch(path)}
    wrong += [
        Mismatch(path, what, SILENT, by_hand=f"{path} is {what}, and what it shows nobody can tell: take it away.")
        for path, what in odd.items()
        if what
    ]
    return wrong


def scripts(host, shown, telltale):
    """Scripts that are run at login and tell it."""
    files = [path for path, kind in shown.kinds.items() if kind == "f" and path.startswith(f"{SCRIPT_FOLDER}/")]
    run = [path for path in sorted(files) if shown.modes[path] & 0o111 and RUN.fullmatch(path.rpartition("/")[2])]
    telling = [path for path in run if host.run_expect([0, 1], "grep -qE -e %s -- %s", telltale, path).rc == 0]
    elsewhere = elsewhere_in(host, SCRIPT_FOLDER) if telling else ""
    return [
        Mismatch(path, "run at login, and tells the system", "not run", by_hand=elsewhere or linked(host, path))
        for path in telling
    ]


def elsewhere_in(host, folder):
    """Why apply leaves what is in a folder: it is a link, and what it leads to is not ours; empty where it does not."""
    real = host.check_output("readlink -f %s", folder)
    if real.startswith("/etc/"):
        return ""
    return f"{folder} is a link to {real}, and apply changes nothing outside /etc: take the link away, or the script."


def linked(host, path):
    """Why apply leaves a script; empty where it does not."""
    is_link = host.run_expect([0, 1], "test -L %s", path).rc == 0
    return f"{path} is a link, and apply changes nothing elsewhere: take it away." if is_link else ""
