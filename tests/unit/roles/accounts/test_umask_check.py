"""What the check of masks makes of the rules of PAM."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.roles.loading import module


@pytest.fixture(scope="module")
def umask() -> Any:
    return module("accounts", "test_umask", "checks")


def pam(**files: list[str]) -> dict[str, list[tuple[str, list[str]]]]:
    """Files of /etc/pam.d as the check has them."""
    named = {f"/etc/pam.d/{name.replace('_', '-')}": lines for name, lines in files.items()}
    return {path: [(f"{path}:{at}", line.split()) for at, line in enumerate(lines, 1)] for path, lines in named.items()}


def test_the_module_of_a_rule_may_have_its_whole_path(umask: Any) -> None:
    rule = "session [default=ignore success=ok] /usr/lib/security/pam_umask.so umask=0022"
    lines = pam(su=["@include common-session"], common_session=["session optional pam_umask.so", rule])
    assert umask.asked(lines, "/etc/pam.d/su") == ("/etc/pam.d/common-session:2", ("umask=0022",))


def test_what_a_service_reads_by_another_is_brought_about_there(umask: Any) -> None:
    lines = pam(su_l=["@include su"], su=["@include common-session"], common_session=["session required pam_unix.so"])
    assert umask.asked(lines, "/etc/pam.d/su-l") == ("", ("/etc/pam.d/common-session",))


def test_a_rule_over_several_lines_is_not_judged_by_its_first(umask: Any) -> None:
    rules = ["session optional \\", "session optional pam_umask.so \\", "session optional pam_mount.so \\"]
    found = umask.goes_on(pam(su=rules, other=rules))
    assert [each.where for each in found] == ["/etc/pam.d/su:1", "/etc/pam.d/su:2"]
