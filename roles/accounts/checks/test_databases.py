"""Whether the databases of accounts and groups make sense: no name and no number stands for two.

All of it is left to the administrator, since files on disk belong to numbers: who renumbers an account gives its files
to somebody else, and who deletes one may lock out who works with it.
"""

from collections import defaultdict
from typing import NamedTuple

import pytest

from opsharden.model import Mismatch

# The lines that the C library takes for entries (nss_files): blanks before names do not count, numbers may be signed.
# Names, numbers and members alone are asked for, never a hash.
ENTRY = r"""awk -F: '{sub(/^[ \t]+/, "")} !/^[#+-]/ && $1 != "" && $3 ~ /^ *[-+]?[0-9]+$/ """
PASSWD = ENTRY + r"""&& $4 ~ /^ *[-+]?[0-9]+$/ {print FNR ":" $1 ":" $3 ":" $4}' /etc/passwd"""
GROUP = ENTRY + r"""{print FNR ":" $1 ":" $3 ":" $4}' /etc/group"""
CHANGED = "test ! -e /etc/shadow || " + ENTRY + r"""{print FNR ":" $1 ":" $3 ":"}' /etc/shadow"""
TODAY = "date +%s"
ELSEWHERE = "getent group %s"  # by another source than the file
DAY = 86400


class Entry(NamedTuple):
    """A line of a database."""

    where: str
    name: str
    number: int  # of a password, the day on which it was changed
    more: str  # of an account, the number of its own group; of a group, its members

    @property
    def group(self):
        """The number of an account's own group."""
        return int(self.more)


def entries(said, path):
    """The entries of a database, in its order."""
    lines = [line.split(":", 3) for line in said.splitlines()]
    return [Entry(f"{path}:{line}", name, int(number), more) for line, name, number, more in lines]


@pytest.fixture
def accounts(host):
    """All entries of /etc/passwd."""
    return entries(host.check_output(PASSWD), "/etc/passwd")


@pytest.fixture
def groups(host):
    """All entries of /etc/group."""
    return entries(host.check_output(GROUP), "/etc/group")


def counting(entries):
    """The first of each name: no program sees the others, which are another control's."""
    return {entry.name: entry for entry in reversed(entries)}.values()


def sharing(entries, key):
    """Entries of which several have one key, together."""
    found = defaultdict(list)
    for entry in entries:
        found[key(entry)].append(entry)
    return [each for each in found.values() if len(each) > 1]


@pytest.mark.control("acc-one-root", root=False)
def test_one_root(accounts, groups):
    wrong = []
    for each in accounts:
        found = f"{each.number}, group {each.group}"
        if each.name == "root" and (each.number, each.group) != (0, 0):
            wrong.append(
                Mismatch("root", found, "0, group 0", each.where, f"Give root its numbers back ({each.where}).")
            )
        elif each.name != "root" and 0 in (each.number, each.group):
            kin = (
                f"{each.name} is root by another name" if not each.number else f"{each.name} may what root's group may"
            )
            by_hand = (
                f"{kin} ({each.where}): give it a number and a group of its own (`usermod -u`, `-g`), or delete it."
            )
            wrong.append(Mismatch(each.name, found, "others than 0", each.where, by_hand))
    for each in groups:
        if each.number == 0 and each.name != "root":
            by_hand = f"{each.name} is root's group by another name ({each.where}): `groupmod -g` gives it a number."
            wrong.append(Mismatch(f"group {each.name}", "0", "another than 0", each.where, by_hand))
    assert wrong == []


@pytest.mark.control("acc-pw-date-sane")
def test_no_password_of_tomorrow(host):
    today = int(host.check_output(TODAY)) // DAY
    wrong = []
    for each in counting(entries(host.check_output(CHANGED), "/etc/shadow")):
        if each.number > today:
            by_hand = (
                f"Until that day no rule about old passwords reaches {each.name} ({each.where}): look at the clock, "
                "then set a new password or the day (`chage -d`)."
            )
            found, wanted = f"changed in {each.number - today} days", "today, or before"
            wrong.append(Mismatch(f"password of {each.name}", found, wanted, each.where, by_hand))
    assert wrong == []


@pytest.mark.control("usr-groups-exist", root=False)
def test_groups_exist(host, accounts, groups):
    known = {each.number for each in groups}
    wrong = []
    for each in counting(accounts):
        if each.group not in known and host.run_expect([0, 2], ELSEWHERE, str(each.group)).rc:
            by_hand = (
                f"Who makes a group {each.group} shares the files of {each.name} ({each.where}): make that group, or "
                "give the account another (`usermod -g`)."
            )
            wrong.append(Mismatch(f"group of {each.name}", f"{each.group}, no group", "a group", each.where, by_hand))
    assert wrong == []


@pytest.mark.control("usr-shadow-group", root=False)
def test_nobody_is_in_the_group_shadow(accounts, groups):
    shadow = [each for each in groups if each.name == "shadow"]
    numbers = {each.number for each in shadow}
    members = [(each.where, name, "gpasswd -d {} shadow") for each in shadow for name in each.more.split(",") if name]
    members += [(each.where, each.name, "usermod -g") for each in accounts if each.group in numbers]
    assert [
        Mismatch(
            name,
            "in the group shadow",
            "not in it",
            where,
            f"{name} may read the hash of every password ({where}): `{command.format(name)}` takes that away.",
        )
        for where, name, command in members
    ] == []


@pytest.mark.control("usr-unique-ids", root=False)
def test_numbers_are_unique(accounts, groups):
    wrong = []
    for kind, database in (("user", accounts), ("group", groups)):
        for each in sharing(counting(database), lambda entry: entry.number):
            names = " and ".join(sorted(entry.name for entry in each))
            by_hand = (
                f"{names} have each other's files and rights: give all but one a number of their own, and their files."
            )
            place = max(entry.where for entry in each)
            wrong.append(Mismatch(f"{kind} id {each[0].number}", names, "one of them", place, by_hand))
    assert wrong == []


@pytest.mark.control("usr-unique-names", root=False)
def test_names_are_unique(accounts, groups):
    wrong = []
    for kind, database in (("account", accounts), ("group", groups)):
        for counts, *others in sharing(database, lambda entry: entry.name):
            by_hand = f"{counts.where} is the one that counts: rename or delete the others (`vipw`, `vigr`)."
            places = " and ".join(entry.where for entry in (counts, *others))
            wrong.append(Mismatch(f"{kind} {counts.name}", places, "one line", others[0].where, by_hand))
    assert wrong == []
