"""What the checks of this folder look at."""

import pytest

# A login shell as a person gets it: /etc/profile for everyone, and root's own files after it. It gets a session of its
# own, so that it cannot take the terminal of whoever looks.
LOGIN_SHELLS = """\
for home in / /root; do
  env -i HOME=$home setsid --wait bash -lic 'echo "looked $HOME $(umask) ${TMOUT:-none} ${TMOUT@a}"'
done </dev/null 2>/dev/null"""


@pytest.fixture
def login_shells(host):
    """The mask, the timeout, and whether it may be changed, in a login shell of everyone and of root."""
    answers = {}
    for line in host.check_output(LOGIN_SHELLS).splitlines():
        if line.startswith("looked "):
            _, home, mask, timeout, *attributes = line.split()
            answers[home] = (mask, timeout, "read-only" if "r" in "".join(attributes) else "may be changed")
    return {"everyone": answers["/"], "root": answers["/root"]}
