"""What can be known before anything is changed: whether the account will be let in, and what there is to do for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from opsharden.access import names, sshd
from opsharden.access.facts import Account, Facts, KeyFile
from opsharden.access.obstacle import Obstacle

_OURS = "automation"
"""The comment of accounts that we make."""

_CLOSED = ("nologin", "false", "true", "sync", "halt", "shutdown")
"""Programs that end a login at once."""


@dataclass(frozen=True)
class Plan:
    """What a host is to be given for the account.

    Attributes:
        account: Its name.
        line: The line for its authorized_keys, as it lies there already or as it will.
        key_file: Where that line goes; empty where nothing is to be done for the key.
        owner: Whose file that is.
        rule_file: Where sudo's rule goes; empty where it needs none.
        rule: sudo's rule.
        unlock: Whether sshd takes an account without a password for a locked one.
    """

    account: str
    line: str = ""
    key_file: str = ""
    owner: str = ""
    rule_file: str = ""
    rule: str = ""
    unlock: bool = False

    @property
    def words(self) -> str:
        """As arguments of `prepare.sh`."""
        unlock = "yes" if self.unlock else ""
        each = (self.account, self.line, self.key_file, self.owner, self.rule_file, self.rule, unlock)
        return shlex.join(each)


def of_the_system(seen: Facts) -> Iterator[Obstacle]:
    """What keeps a host from being changed at all."""
    if seen.missing and not seen.apt:
        named = f" ({seen.system})" if seen.system else ""
        yield Obstacle(
            f"this is no Debian{named}: there is no apt-get, and {' and '.join(seen.missing)} is missing",
            "opsharden is for Debian 12 and 13",
        )
    for folder in seen.readonly:
        yield Obstacle(f"{folder} is on a read-only file system", "See `findmnt` and `dmesg` there")
    for folder in seen.full:
        yield Obstacle(f"the file system of {folder} is full", "Make room there (`df -h`)")


def of_the_login(account: str, key: str, seen: Facts) -> Iterator[Obstacle]:
    """What keeps the account from logging in with a key, as far as the host says beforehand."""
    if seen.nologin and account != "root":
        file, notice = seen.nologin
        says = f' ("{notice}")' if notice else ""
        yield Obstacle(f"{file} keeps everybody but root out{says}", f"Remove {file} when the host is open again")
    if seen.account:
        yield from _of_the_account(seen.account, seen)
    elif not names.can_be_made(account):
        yield Obstacle(
            f"there is no account {account}, and useradd makes none of that name",
            "Make it there, or name another in ansible_user",
        )
    groups = seen.account.groups if seen.account else (account,)
    yield from sshd.obstacles(account, groups, key.split(maxsplit=1)[0], seen)


def of_sudo(account: str, seen: Facts) -> Iterator[Obstacle]:
    """What keeps sudo from letting the account."""
    if account == "root":
        return
    # What is wrong with the account's own file is mended.
    if seen.sudo_broken and not seen.sudo_broken.startswith(f"{names.rule_file(account)}:"):
        yield Obstacle(f"sudo's rules are broken already: {seen.sudo_broken}", "See `visudo -c` there")
    elif seen.sudo_reads is not None and names.RULES not in (each.rstrip("/") for each in seen.sudo_reads):
        yield Obstacle(
            f"its sudo does not read {names.RULES}",
            f"Add the line `@includedir {names.RULES}` to /etc/sudoers with visudo",
        )
    for where in seen.requiretty:
        yield Obstacle(
            f"its sudo wants a terminal (Defaults requiretty, {where.rstrip(':')})",
            f"Take that away, or add `Defaults:{account} !requiretty` behind it",
        )


def of_the_key(account: str, files: Sequence[KeyFile]) -> Iterator[Obstacle]:
    """What is said about this very key already, and would not let it do what it is for."""
    for file in files:
        for number, line in file.lines:
            options = _options(line)
            if "command=" in options.lower():
                yield Obstacle(
                    f"the key of {account} may only run one command ({file.path} line {number}: {options[:100]})",
                    f"Take that line out of {file.path}, or use another key",
                )
                return  # sshd takes the first line that fits


def home_of(account: str, seen: Facts) -> str:
    """The account's home directory, or the one it will get."""
    return seen.account.home if seen.account else str(PurePosixPath(seen.homes) / account)


def of_the_key_file(wanted: Plan, seen: Facts) -> Iterator[Obstacle]:
    """What keeps sshd from reading the key in the file it is to go to."""
    there, home = seen.account, home_of(wanted.account, seen)
    if not wanted.key_file:
        yield _nowhere(seen)
        return
    if there is None or not PurePosixPath(wanted.key_file).is_relative_to(home):
        return
    if there.home_mode is None:
        yield Obstacle(f"the home of {there.name}, {home}, does not exist", f"`mkhomedir_helper {there.name}` makes it")
        return
    mode, uid = there.home_mode
    if seen.one("strictmodes", "yes") == "no" or there.comment == _OURS:
        return
    if uid not in (there.uid, 0):
        yield Obstacle(
            f"the home of {there.name}, {home}, is somebody else's, and sshd reads no keys there (StrictModes)",
            f"`chown {there.name} {home}`",
        )
    if mode & 0o022:
        yield Obstacle(
            f"others may write to {home} (mode {mode:04o}), and sshd reads no keys there (StrictModes)",
            f"`chmod go-w {home}`",
        )


def plan(account: str, key: str, seen: Facts, files: Sequence[KeyFile]) -> Plan:
    """What is to be made on a host for an account that does not log in yet.

    Args:
        account: Its name.
        key: A line for its authorized_keys.
        seen: The host.
        files: Those in which sshd looks for its keys, with the lines that hold ours.
    """
    file = _key_file(account, seen, files)
    lines = [line for _, line in file.lines] if file else []
    inside = file is not None and PurePosixPath(file.path).is_relative_to(home_of(account, seen))
    root = seen.account is not None and seen.account.uid == 0
    return Plan(
        account,
        line=lines[0] if lines else key,
        key_file=file.path if file else "",
        owner=account if inside else "root",
        rule_file="" if root else names.rule_file(account),
        rule="" if root else names.rule(account),
        unlock=seen.one("usepam") == "no",
    )


def _key_file(account: str, seen: Facts, files: Sequence[KeyFile]) -> KeyFile | None:
    """Where the key is to lie: where it lies already, else in the first file that is of this account alone."""
    uid = seen.account.uid if seen.account else None
    own = {path for path, alone in sshd.key_paths(account, uid, home_of(account, seen), seen) if alone}
    fitting = [file for file in files if file.lines or file.path in own]
    return next(iter(sorted(fitting, key=lambda file: not file.lines)), None)


def _nowhere(seen: Facts) -> Obstacle:
    command = seen.one("authorizedkeyscommand") or "none"
    if command != "none":
        return Obstacle(
            f"its sshd asks a program for the keys of accounts (AuthorizedKeysCommand {command.split()[0]})",
            "Put the automation key (keys/automation.pub, or the one in ansible_ssh_private_key_file) where that looks",
        )
    return Obstacle(
        "its sshd reads keys from no file of this account alone "
        f"(AuthorizedKeysFile {seen.one('authorizedkeysfile', 'none')})",
        "Put the automation key there yourself, or add %u to AuthorizedKeysFile in sshd_config",
    )


def _of_the_account(there: Account, seen: Facts) -> Iterator[Obstacle]:
    name, pam = there.name, seen.one("usepam", "yes") == "yes"
    if there.shell_missing:
        yield Obstacle(f"the shell of {name}, {there.shell}, is not there", f"`usermod --shell /bin/bash {name}`")
    elif PurePosixPath(there.shell).name in _CLOSED:
        yield Obstacle(
            f"the shell of {name} is {there.shell}, which lets nobody in", f"`usermod --shell /bin/bash {name}`"
        )
    if there.expires is not None and seen.today > there.expires:
        yield Obstacle(f"the account {name} has expired", f"`chage --expiredate -1 {name}`")
    if pam and there.changed == 0:
        yield Obstacle(f"{name} has to change its password at the next login", f"`chage --lastday $(date +%F) {name}`")
    elif pam and there.lasts is not None and there.changed and seen.today > there.changed + there.lasts:
        yield Obstacle(f"the password of {name} is too old, and has to be changed", f"`chage --maxdays -1 {name}`")
    if not pam and there.password.startswith("!") and there.password not in ("!", "!!", "!*"):
        yield Obstacle(
            f"the account {name} is locked, which sshd without PAM takes for closed (UsePAM no)",
            f"`usermod --unlock {name}`",
        )


def _options(line: str) -> str:
    """What stands before the key on a line of authorized_keys: sshd(8), AUTHORIZED_KEYS FILE FORMAT."""
    head = line.strip()
    while head and not head.startswith(("ssh-", "ecdsa-", "sk-")):
        word = _word(head)
        if word == head:
            break
        head = head[len(word) :].lstrip()
    return line.strip()[: len(line.strip()) - len(head)].strip()


def _word(text: str) -> str:
    """Up to the next blank that is in no quotes."""
    quoted = False
    for index, sign in enumerate(text):
        if sign == '"' and (index == 0 or text[index - 1] != "\\"):
            quoted = not quoted
        if sign in " \t" and not quoted:
            return text[:index]
    return text
