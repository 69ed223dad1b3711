"""What is stricter, by the rules of the fix."""

from __future__ import annotations

import pytest

from tests.unit.roles.loading import module

RULES = module("kinds", "opsharden_sshd_rules", "module_utils")


@pytest.mark.parametrize(
    ("now", "line"),
    [("10:30:100", "MaxStartups 10:30:60"), ("5:20:200", "MaxStartups 5:30:60"), ("3:90:50", "MaxStartups 3:90:50")],
)
def test_of_several_parts_each_stays_where_it_is_stricter(now: str, line: str) -> None:
    rule = RULES.Setting("MaxStartups", "startups", "10:30:60")
    assert rule.line({"maxstartups": [now]}, None) == line


@pytest.mark.parametrize("level", ["SILENT", "QUIET", "FATAL", "ERROR", "INFO"])
def test_every_level_as_sshd_calls_it_is_known(level: str) -> None:
    assert level in RULES.LEVELS


OWN_LIST = ["new", "old", "sha1"]


def sshd(line: str) -> dict[str, list[str]]:
    """What a server of this list of its own, that knows "newer" too, would work with."""
    words = line.split(" ", 1)[1]
    if "unknown" in words:
        raise RULES.Trouble("Unsupported KEX algorithm")
    if words.startswith("^"):
        names = [words[1:], *(name for name in OWN_LIST if name != words[1:])]
    elif words.startswith("-"):
        names = [name for name in OWN_LIST if name not in words[1:].split(",")]
    else:
        names = words.split(",")
    return {"kexalgorithms": [",".join(names)]}


@pytest.mark.parametrize(("now", "line"), [("old,new,sha1", "KexAlgorithms ^newer"), ("old,new", None), ("old", None)])
def test_what_is_to_be_first_comes_before_its_own_list_and_is_added_to_no_other(now: str, line: str | None) -> None:
    (setting,) = RULES.settings_of([{"KexAlgorithms": {"first": ["unknown", "newer", "new"]}}])
    assert not setting.holds({"kexalgorithms": [now]})
    assert setting.line({"kexalgorithms": [now]}, sshd) == line
    assert line is None or setting.holds(sshd(line))


def test_of_one_setting_several_controls_have_their_will() -> None:
    want = [{"KexAlgorithms": {"first": ["newer"]}}, {"KexAlgorithms": {"none_of": ["sha1"]}}]
    (setting,) = RULES.settings_of(want)
    assert not setting.holds({"kexalgorithms": ["newer,sha1"]})
    assert setting.line({"kexalgorithms": ["old,sha1"]}, sshd) == "KexAlgorithms old", "what was chosen gets no more"
