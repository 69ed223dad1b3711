"""What a host says to whoever reaches it."""

import pytest

TEXTS = ("/etc/issue", "/etc/issue.net", "/etc/motd")
# grep answers 2 where one of them is missing: that one then shows nothing.
SHOWN = f"grep -H '' {' '.join(TEXTS)} 2>/dev/null || test $? -le 2"
SCRIPTS = "find /etc -maxdepth 2 -path '/etc/update-motd.d/*' -type f -perm /111 -exec grep -qE '{}' {{}} ';' -print"
ACCESS = r"find /etc -maxdepth 1 -type f \( -name issue -o -name issue.net -o -name motd \) -printf '%m %u:%g %p\n'"


@pytest.mark.control("ban-texts")
def test_texts(host, values):
    shown = dict.fromkeys(TEXTS, "")
    for line in host.check_output(SHOWN).splitlines():
        path, _, text = line.partition(":")
        shown[path] += f"{text}\n"
    expected = values["banner_text"].rstrip() + "\n"
    # A blank line at the end makes no other warning; testinfra cuts it off anyway.
    assert {path: text.rstrip() + "\n" for path, text in shown.items()} == dict.fromkeys(TEXTS, expected)
    assert host.check_output(SCRIPTS.format(values["banner_telltale"])).splitlines() == []


@pytest.mark.control("ban-access")
def test_access(host):
    wrong = {}
    for line in host.check_output(ACCESS).splitlines():
        mode, owner, path = line.split(maxsplit=2)
        if int(mode, 8) & ~0o644 or owner != "root:root":
            wrong[path] = f"{mode} {owner}"
    assert wrong == {}
