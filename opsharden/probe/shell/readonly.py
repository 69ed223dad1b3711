"""Whether a shell command certainly only reads.

What one host was asked is sent to other hosts ahead of any check, as root. So a command passes only where every word
of it is understood; what is not, is left to be asked by the check itself. To teach it a program, add a line below.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from opsharden.probe.shell import expressions
from opsharden.probe.shell.arguments import Judge, anything, nothing, options, sentence, verbs
from opsharden.probe.shell.files import harmless_to_open, harmless_to_open_all
from opsharden.probe.shell.words import NotUnderstood, Word, simple_commands


class Files(Enum):
    """What a program does with the files it is given."""

    LOOKS_AT = auto()  # opens none: it may be given any
    READS = auto()  # opens them: it may be given as many as a pattern matches, but none that acts when it is opened
    COUNTS = auto()  # the same, but what a word is for depends on those before it: no patterns


@dataclass(frozen=True, slots=True)
class Program:
    """A program that only reads where its words are in order."""

    in_order: Judge
    files: Files = Files.COUNTS


def _reads(in_order: Judge) -> Program:
    return Program(in_order, Files.READS)


def _looks(in_order: Judge) -> Program:
    return Program(in_order, Files.LOOKS_AT)


# Of -D only `skip`: grep -r passes over devices by itself, grep -R waits at a pipe for whoever writes into it.
_GREP = options(
    "-# -E -F -G -P -i -y -v -w -x -z -s -q -b -n -H -h -o -a -I -r -R -L -l -c -T -Z -U -e= -f= -m= -A= -B= -C= -d= "
    "--extended-regexp --fixed-strings --basic-regexp --perl-regexp --regexp= --file= --ignore-case --no-ignore-case "
    "--word-regexp --line-regexp --null-data --no-messages --invert-match --max-count= --byte-offset --line-number "
    "--line-buffered --with-filename --no-filename --label= --only-matching --quiet --silent --binary-files= --text "
    "--devices=skip --directories= --recursive --dereference-recursive --include= --exclude= --exclude-from= "
    "--exclude-dir= "
    "--files-without-match --files-with-matches --count --initial-tab --null --before-context= --after-context= "
    "--context= --group-separator= --no-group-separator --color[=] --colour[=] --binary"
)
_DPKG_ACTIONS = (
    "-l -s -L -S -V --list --status --listfiles --search --verify --print-architecture --print-foreign-architectures "
    "--get-selections --compare-versions"
)
_UNIT_OPTIONS = "-p= -P= -a -l --property= --value --all --full --no-pager --no-legend"

_TABLE = {
    # Looking at files.
    "test": _looks(expressions.test),
    "[": _looks(expressions.bracket),
    "stat ls namei readlink realpath basename dirname getfacl getcap": _looks(anything),
    "find": _looks(expressions.find(_GREP)),
    "lsattr": _reads(options("-a -d -l -R")),
    "df": _reads(
        options(
            "-a -B= -h -H -i -k -l -P -t= -T -x= --all --block-size= --human-readable --si --inodes --local --no-sync "
            "--output[=] --portability --total --type= --print-type --exclude-type="
        )
    ),
    "du": _looks(
        options(
            "-0 -a -b -B= -c -d= -D -h -H -k -l -L -m -P -s -S -t= -x --null --all --apparent-size --bytes "
            "--block-size= --total --max-depth= --human-readable --inodes --dereference --si --summarize --threshold= "
            "--time[=] --exclude= --one-file-system"
        )
    ),
    # Reading files.
    "cat head wc cut tr md5sum sha1sum sha256sum sha512sum": _reads(anything),
    "tail": _reads(options("-# -c= -n= -q -v -z --bytes= --lines= --quiet --silent --verbose --zero-terminated")),
    "grep egrep fgrep": _reads(_GREP),
    "awk mawk gawk": Program(expressions.awk),
    "sed": Program(expressions.sed),
    "sort": _reads(
        options(
            "-b -d -f -g -i -M -h -n -R -r -V -c -C -k= -m -s -t= -u -z --ignore-leading-blanks --dictionary-order "
            "--ignore-case --general-numeric-sort --ignore-nonprinting --month-sort --human-numeric-sort "
            "--numeric-sort --random-sort --reverse --version-sort --sort= --check[=] --key= --merge --stable "
            "--field-separator= --unique --zero-terminated"
        )
    ),
    # The second file is the one that uniq writes.
    "uniq": Program(
        options(
            "-c -d -D -f= -i -s= -u -z -w= --count --repeated --all-repeated[=] --skip-fields= --group[=] "
            "--ignore-case --skip-chars= --unique --zero-terminated --check-chars=",
            operands=1,
        )
    ),
    # Saying things.
    "echo true false": _looks(anything),
    "printf": Program(expressions.printf),
    "command": Program(sentence(r"-[vV](?: [^-\n][^\n]*)*")),
    "which": Program(options("-a")),
    "date": Program(
        options(
            r"-d= -I[=] -r= -R -u --date= --iso-8601[=] --reference= --rfc-email --rfc-3339= --utc --universal",
            operands=r"\+[\s\S]*",
        )
    ),
    # Accounts. getent can be told to load a library of any name, with -s.
    "id whoami": Program(anything),
    "getent": Program(options("")),
    "passwd": Program(options("-S -a --status --all", needs="-S --status", operands=1)),
    "chage": Program(options("-l --list", needs="-l --list", operands=1)),
    "crontab": Program(options("-l -u=", needs="-l", operands=0)),
    "cvtsudoers": Program(options("-e -f= -s= --expand-aliases --output-format= --suppress=", operands=1)),
    "visudo": Program(
        options("-c -f= -q -s --check --file= --quiet --strict", needs="-c --check", operands=0),
    ),
    "sshd": Program(options("-T -t -G -C= -q", needs="-T -t -G", operands=0)),
    # The kernel and its devices.
    "uname ps lsmod": Program(anything),
    "hostname": Program(
        options(
            "-a -A -d -f -i -I -s -y --alias --all-fqdns --domain --fqdn --long --ip-address --all-ip-addresses "
            "--short --yp --nis",
            operands=0,
        )
    ),
    "sysctl": Program(
        options("-a -A -X -b -e -n -N -r= --all --binary --ignore --names --values --pattern=", operands=r"[^=]+")
    ),
    "lsblk": _looks(anything),
    "findmnt": _looks(
        options(
            "-A -a -b -C -c -D -d= -f -i -J -k -l -m -M= -n -O= -o= -P -R -r -s -T= -t= -U -u -v -y --all "
            "--ascii --bytes --nocanonicalize --canonicalize --df --direction= --first-only --invert --json "
            "--kernel --list --mtab --mountpoint= --noheadings --options= --output= --output-all --pairs --pseudo "
            "--real --submounts --raw --fstab --target= --types= --uniq --notruncate --nofsroot"
        )
    ),
    "mount": Program(nothing),
    "swapon": Program(
        options("-s --summary --show[=] --noheadings --raw --bytes", needs="-s --summary --show", operands=0)
    ),
    "blockdev": _looks(
        sentence(
            r"--report(?: /dev/(?:(?:sd|hd|vd|xvd|nvme|mmcblk|dm-|md|loop|sr|zram)\w*|(?:mapper|disk/by-\w+)/[^/\n]+))*"
        )
    ),
    "aa-status": Program(
        options("--enabled --profiled --enforced --complaining --verbose --json --pretty-json", operands=0)
    ),
    "auditctl": Program(sentence("-l|-s")),
    # The network.
    "ss": Program(
        options(
            "-n -r -a -l -o -e -m -p -T -i -s -b -Z -z -4 -6 -0 -t -M -S -u -d -w -x -f= -H -O -A= --numeric --resolve "
            "--all --listening --options --extended --memory --processes --threads --info --summary --ipv4 --ipv6 "
            "--packet --tcp --mptcp --sctp --udp --dccp --raw --unix --family= --no-header --oneline --query= --socket="
        )
    ),
    "netstat": Program(
        options(
            "-n -l -t -u -a -p -x -w -W -4 -6 --numeric --listening --tcp --udp --all --programs --unix", operands=0
        )
    ),
    "ip": Program(
        sentence(
            r"(?:(?:--?(?:4|6|0|o|oneline|j|json|p|pretty|d|details|s|stats|statistics|br|brief)|--?f(?:amily)? \w+) )*"
            r"(?:addr|address|a|link|l|route|r|rule|neigh|neighbour|n|maddr)"
            r"(?: (?:show|list|ls)(?: [\w.:@/%+][\w.:@/%+-]*)*)?"
        )
    ),
    # nft reads all its words as one script, in which `;` begins a new command.
    "nft": Program(sentence(r"(?:(?:-[nsjaty]+|--(?:numeric|stateless|json|handle|terse)) )*list(?: \w[\w.-]*)*")),
    "iptables-save ip6tables-save": Program(options("-c --counters", operands=0)),
    # It asks a server. The address has no path, so that it can ask for nothing else.
    "promtool": Program(
        sentence(r"query instant(?: (?:-o |--format=)(?:json|promql))? https?://[\w.:\[\]-]+/? [^-@\n][^\n]*")
    ),
    # Packages.
    "dpkg-query": Program(
        options("-W -l -s -L -S -f= --show --list --status --listfiles --search --showformat= --no-pager")
    ),
    "dpkg": Program(
        options(
            f"{_DPKG_ACTIONS} --no-pager",
            needs=_DPKG_ACTIONS,
        )
    ),
    "apt-config": Program(sentence(r"dump(?: [A-Za-z][\w:-]*)?")),
    # systemd.
    "systemctl": Program(
        verbs(
            "show is-active is-enabled is-failed cat list-units list-unit-files list-timers list-sockets "
            "list-dependencies get-default is-system-running status",
            f"{_UNIT_OPTIONS} -t= -q -n= -o= --type= --state= --plain --failed --quiet --lines= --output= --reverse",
        )
    ),
    "systemd-analyze": Program(verbs("cat-config", "--no-pager --no-legend")),
    "loginctl": Program(
        verbs("show-session show-user show-seat list-sessions list-users list-seats", _UNIT_OPTIONS),
    ),
    "timedatectl": Program(verbs("show status", _UNIT_OPTIONS)),
}
_PROGRAMS = {name: program for names, program in _TABLE.items() for name in names.split()}
_DIRECTORY = re.compile(r"\A/(?:usr/)?s?bin/")


@lru_cache(maxsize=4096)
def is_read_only(command: str) -> bool:
    """Whether a shell command certainly changes nothing on a host where root runs it with no input.

    It says nothing about how long that takes or who may know the answer, and takes the host's programs for what their
    names say.
    """
    try:
        return all(map(_only_reads, simple_commands(command)))
    except NotUnderstood:
        return False


def _only_reads(words: Sequence[Word]) -> bool:
    name = _DIRECTORY.sub("", words[0].text)
    program = _PROGRAMS.get(name)
    if program is None:
        return False
    given = words[1:]
    if any(word.status for word in given) and name not in ("test", "["):
        return False
    return all(_may_get(program, word) for word in given) and program.in_order([word.text for word in given])


def _may_get(program: Program, word: Word) -> bool:
    """Whether the program may get whatever file the word names; most words name none."""
    if program.files is Files.LOOKS_AT:
        return True
    if word.glob:
        return program.files is Files.READS and harmless_to_open_all(word.text)
    return harmless_to_open(word.text)
