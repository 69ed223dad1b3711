"""What the checks of this folder look at."""

import pytest

NAMES = (
    *("passwd", "passwd-", "group", "group-", "shadow", "shadow-", "gshadow", "gshadow-", "shells"),
    *("opasswd", "opasswd.old"),
)
LOOK = (
    f"find /etc /etc/security -maxdepth 1 -type f \\( {' -o '.join(f'-name {name}' for name in NAMES)} \\)"
    r" -printf '%p %m %u %g\n'"
)


@pytest.fixture
def open_files(host):
    """Of the files named, those that are there and allow more than they may: observed and expected, by path."""
    found = {path: access for path, *access in map(str.split, host.check_output(LOOK).splitlines())}

    def look(paths, most, groups):
        missing = {"/etc/passwd", "/etc/group", "/etc/shadow"} - found.keys()
        if missing:
            raise FileNotFoundError(f"{', '.join(sorted(missing))}: no regular file.")
        wrong = {
            path: f"{mode} {owner}:{group}"
            for path, (mode, owner, group) in found.items()
            if path in paths and (int(mode, 8) & ~most or owner != "root" or group not in groups)
        }
        return wrong, dict.fromkeys(wrong, f"{most:o} or stricter, root:{' or root:'.join(groups)}")

    return look
