"""Settings of programs: fix and check read files as the programs were seen to, and what becomes of the files."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from opsharden.catalogue import load_catalogue, roles_path
from opsharden.probe.reading.found import parsed
from tests.unit.roles.kinds.program_samples import LIMITS, LOGIN_DEFS, PWQUALITY, SYSTEMD
from tests.unit.roles.loading import Run, module

CHECKS = module("kinds", "conftest", "checks/setting")
FILES = module("kinds", "opsharden_program_files", "module_utils")
PROGRAMS = yaml.safe_load((roles_path() / "kinds" / "programs.yml").read_text("utf-8"))
OURS = "zz-opsharden.conf"
HEAD = "# Written by opsharden: what did not hold otherwise.\n"

Place = Callable[[str, Mapping[str, str | None]], dict[str, Any]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Puts a program's files below a folder of the test, by their names; returns the program there."""

    def put(name: str, texts: Mapping[str, str | None]) -> dict[str, Any]:
        program: dict[str, Any] = yaml.safe_load(yaml.safe_dump(PROGRAMS[name]).replace("/etc/", f"{tmp_path}/"))
        folder = Path(program["folders"][0]) if program["folders"] else tmp_path
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            path = folder / file if file else Path(program["main"][0])
            if text is None:
                path.mkdir()
            elif text.startswith("-> "):
                path.symlink_to(text[3:])
            else:
                path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return program

    return put


class Here:
    """This machine in place of a host: the questions of the check only look."""

    @staticmethod
    def run(command: str, *words: str) -> SimpleNamespace:
        asked = command % tuple(map(shlex.quote, words)) if words else command
        done = subprocess.run(["sh", "-c", asked], capture_output=True, check=False)
        said, complaints = (each.decode("utf-8", "backslashreplace") for each in (done.stdout, done.stderr))
        return SimpleNamespace(rc=done.returncode, stdout=said, stderr=complaints)


def both(program: dict[str, Any], key: str) -> list[tuple[str, Any]]:
    """For whom which value counts, as fix and check read it: the same."""
    default = program["settings"][key].get("default")
    ours = [(each.who, each.value) for each in FILES.Files(program).deciding(key, default)]
    found = CHECKS._found(Here, "it", program)
    theirs = [(each.who, each.value) for each in CHECKS.deciding(program, CHECKS.Files(program, found).said, key)]
    assert sorted(ours) == sorted(theirs)
    return ours


@pytest.mark.parametrize(("texts", "value"), SYSTEMD.values(), ids=SYSTEMD)
def test_files_in_systemds_syntax(place: Place, texts: dict[str, str | None], value: str | None) -> None:
    assert both(place("journald", texts), "SystemMaxUse") == [("", value or "4G")]


@pytest.mark.parametrize(("texts", "value"), PWQUALITY.values(), ids=PWQUALITY)
def test_files_of_pwquality(place: Place, texts: dict[str, str | None], value: str | None) -> None:
    assert both(place("pwquality", texts), "minlen") == [("", value or 8)]


@pytest.mark.parametrize(("text", "strong"), LOGIN_DEFS.values(), ids=LOGIN_DEFS)
def test_lines_of_login_defs(place: Place, text: str, strong: bool) -> None:
    found = both(place("login.defs", {"": text}), "ENCRYPT_METHOD")
    assert all(value in ("SHA512", "YESCRYPT") for _, value in found) is strong


@pytest.mark.parametrize(("text", "found"), LIMITS.values(), ids=LIMITS)
def test_lines_of_limits(place: Place, text: str, found: list[tuple[str, str]]) -> None:
    assert both(place("limits", {"50.conf": text}), "hard core") == found


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ("password requisite pam_pwquality.so retry=3\n", [None]),
        ("password requisite pam_pwquality.so minlen=8 minlen=9\n", ["9"]),
        ("password [default=die] /lib/security/pam_pwquality.so MinLen=9 # minlen=10\n", ["9"]),
        ("password requisite pam_pwquality.so [minlen=9] retry=3\n", ["9"]),
        ("password requisite \\\n pam_pwquality.so \\\n minlen=9\n", ["9"]),
        ("password requisite pam_pwquality.so minlen=many\n", [None]),
        ("# password requisite pam_pwquality.so minlen=9\n", []),
        ("password requisite pam_cracklib.so minlen=9\n", []),
        ("password a pam_pwquality.so minlen=9\npassword b pam_pwquality.so\n", ["9", None]),
    ],
)
def test_what_pam_gives_its_module_beats_all_files(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, values: list[str | None]
) -> None:
    folder = tmp_path / "pam.d"
    folder.mkdir()
    (folder / "common-password").write_text(lines)
    monkeypatch.setattr(FILES, "PAM", str(folder))
    monkeypatch.setattr(CHECKS, "PAM", CHECKS.PAM.replace("/etc/pam.d", str(folder)))
    monkeypatch.setattr(CHECKS, "_found", lambda *_: parsed(""))
    program = place("pwquality", {})
    ours = [each.value for each in FILES.Files(program).deciding("minlen", 8)]
    looked = CHECKS.Looked(Here, "it", program)
    theirs = [each.value for each in looked._deciding(looked._now, "minlen")]
    assert ours == theirs == ([value or 8 for value in values] or [8])


@pytest.mark.parametrize(
    ("kind", "written", "alike"),
    [
        ("size", "1G", "1024M"),
        ("size", "0.5G", "512M"),
        ("size", "1G 1M", "1025M"),
        ("size", "141 M", "141M"),
        ("size", "100B", "100"),
        ("size", "200m", None),
        ("size", "infinity", None),
        ("endless_size", "infinity", "infinity"),
        ("span", "1month", "2629800s"),
        ("span", "1M", "1month"),
        ("span", "1m", "60"),
        ("span", "2weeks 1d", "15days"),
        ("span", "soon", None),
        ("truth", "On", "yes"),
        ("truth", "0", "no"),
        ("truth", "4K", None),
        ("truth_or_size", "4K", "yes"),
        ("truth_or_size", "off", "no"),
        ("number", " -4", "-4"),
        ("number", "4.0", None),
        ("limit", "-1", "unlimited"),
        ("limit", "many", None),
    ],
)
def test_fix_and_check_understand_values_alike(kind: str, written: str, alike: str | None) -> None:
    for meaning in (module("kinds", "opsharden_program_values", "module_utils").meaning, CHECKS.meaning):
        found = meaning({"type": kind}, written)
        assert found == (None if alike is None else meaning({"type": kind}, alike))
        assert (found is None) is (alike is None)


def test_all_that_controls_want_is_in_the_table() -> None:
    for want in load_catalogue().wants["setting"].values():
        for name, settings in want.items():
            assert set(settings) <= set(PROGRAMS[name]["settings"])


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Run) -> Callable[..., dict[str, Any]]:
    """Runs the module for one program, whose files lie below the test's folder."""
    loaded: ModuleType = module("kinds", "program_settings")
    real = os.path.realpath
    monkeypatch.setattr(loaded, "in_etc", lambda path: real(path).startswith(f"{tmp_path}/"))
    monkeypatch.setattr(loaded.Host, "has", lambda *_: True)
    monkeypatch.setattr(loaded, "restart", lambda *_: None)

    def bring_about(name: str, program: dict[str, Any], want: dict[str, Any]) -> dict[str, Any]:
        return run(loaded, want=[{name: want}], programs={name: program})

    return bring_about


LENGTH = {"minlen": {"at_least": 14}}


@pytest.mark.parametrize(
    ("texts", "after"),
    [
        ({"a.conf": "minlen = 20\n"}, {"a.conf": "minlen = 20\n"}),
        ({}, {OURS: f"{HEAD}minlen = 14\n"}),
        ({"": "minlen = 8 # mine\n"}, {"": "minlen = 14\n"}),
        (
            {"zzz.conf": "minlen = 8\ndifok = 5\n"},
            {"zzz.conf": "minlen = 14\ndifok = 5\n"},
        ),
        ({OURS: f"{HEAD}difok = 2\nminlen = 10\n"}, {OURS: f"{HEAD}difok = 2\nminlen = 14\n"}),
        ({OURS: f"{HEAD}minlen = 16\n"}, {OURS: f"{HEAD}minlen = 16\n"}),
        ({"a.conf": "minlen = 15\n", OURS: f"{HEAD}minlen = 14\n"}, {"a.conf": "minlen = 15\n", OURS: HEAD}),
    ],
)
def test_what_does_not_hold_is_said_in_our_file_and_where_that_is_beaten(
    place: Place, change: Callable[..., Any], texts: dict[str, str], after: dict[str, str]
) -> None:
    program = place("pwquality", texts)
    said = change("pwquality", program, LENGTH)
    folder = Path(program["folders"][0])
    found = {path.name: path.read_text() for path in folder.iterdir()}
    main = Path(program["main"][0])
    assert {**found, **({"": main.read_text()} if main.exists() else {})} == after
    assert said["changed"] is (texts != after)
    assert not said["left"]
    assert not change("pwquality", program, LENGTH)["changed"]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"a.conf": "minlen == 8\n"}, "a.conf:1 is not understood, and pwquality reads nothing behind that"),
        ({OURS: None}, f"{OURS} is a folder, where our file is to be"),
        ({OURS: f"{HEAD}minlen == 14\n"}, f"{OURS}:2 is not understood, and pwquality reads nothing behind that"),
    ],
)
def test_nothing_is_written_in_vain(
    place: Place, change: Callable[..., Any], texts: dict[str, str], sentence: str
) -> None:
    said = change("pwquality", place("pwquality", texts), LENGTH)
    assert said["changed"] is False
    assert [sentence in each for each in said["left"]] == [True]


def test_nothing_is_written_beside_a_pipe(place: Place, change: Callable[..., Any]) -> None:
    program = place("journald", {})
    os.mkfifo(Path(program["folders"][0]) / "50.conf")
    said = change("journald", program, {"Storage": {"exactly": "persistent"}})
    assert (said["changed"], len(said["left"])) == (False, 1)
    assert "50.conf is a pipe" in said["left"][0]


def test_a_section_is_written_once_and_another_control_keeps_its_line(place: Place, change: Callable[..., Any]) -> None:
    program = place("journald", {})
    change("journald", program, {"Storage": {"exactly": "persistent"}})
    change("journald", program, {"SystemMaxUse": {"at_most": "1G"}})
    own = Path(program["folders"][0]) / OURS
    assert own.read_text() == f"{HEAD}[Journal]\nStorage=persistent\nSystemMaxUse=1G\n"


def test_all_lines_of_a_value_that_goes_on_give_way(place: Place, change: Callable[..., Any]) -> None:
    program = place("journald", {"zzz.conf": "[Journal]\nStorage=\\\n# c\nauto\nSeal=no\n"})
    change("journald", program, {"Storage": {"exactly": "persistent"}})
    text = (Path(program["folders"][0]) / "zzz.conf").read_text()
    assert text == "[Journal]\nStorage=persistent\nSeal=no\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("ENCRYPT_METHOD MD5 # old\nUMASK 022\n", "ENCRYPT_METHOD\tYESCRYPT\nUMASK 022\n"),
        ("UMASK 022", "UMASK 022\nENCRYPT_METHOD\tYESCRYPT\n"),
        ("ENCRYPT_METHOD SHA512\nencrypt_method=md5\n", "ENCRYPT_METHOD SHA512\nENCRYPT_METHOD\tYESCRYPT\n"),
        ("ENCRYPT_METHOD SHA512\n", "ENCRYPT_METHOD SHA512\n"),
    ],
)
def test_the_line_of_login_defs_is_changed_or_added(
    place: Place, change: Callable[..., Any], text: str, after: str
) -> None:
    program = place("login.defs", {"": text})
    change("login.defs", program, {"ENCRYPT_METHOD": {"one_of": ["YESCRYPT", "SHA512"]}})
    assert Path(program["main"][0]).read_text() == after


def test_limits_for_some_are_said_again_behind_and_lines_behind_keep_for_whom_they_are(
    place: Place, change: Callable[..., Any]
) -> None:
    texts = {"10.conf": "* hard core infinity\nroot hard core infinity\n", "zzz.conf": "@dev - core 5 # theirs\n"}
    program = place("limits", texts)
    change("limits", program, {"hard core": {"exactly": 0}})
    folder = Path(program["folders"][0])
    assert (folder / OURS).read_text() == f"{HEAD}* hard core 0\nroot hard core 0\n"
    assert (folder / "zzz.conf").read_text() == "@dev - core 0\n"
    assert (folder / "10.conf").read_text() == texts["10.conf"]


def test_what_the_next_boot_forgets_is_not_enough(
    place: Place, change: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = place("journald", {})
    monkeypatch.setattr("ansible.module_utils.opsharden_program_files.FORGOTTEN", f"{tmp_path}/run")
    here = tmp_path / "run"
    here.mkdir()
    (here / "50.conf").write_text("[Journal]\nStorage=persistent\n")
    program["folders"][1] = str(here)
    change("journald", program, {"Storage": {"exactly": "persistent"}})
    assert (Path(program["folders"][0]) / OURS).read_text() == f"{HEAD}[Journal]\nStorage=persistent\n"


@pytest.mark.parametrize(
    ("want", "said"),
    [
        ({"Storag": {"exactly": "persistent"}}, "No setting was changed: nobody knows Storag of journald."),
        ({"SystemMaxUse": {"at_most": "5X"}}, "No setting of journald was changed: 5X is no value of SystemMaxUse."),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_is_done(
    place: Place, change: Callable[..., Any], want: dict[str, Any], said: str
) -> None:
    came = change("journald", place("journald", {}), want)
    assert (came["failed"], came["msg"]) == (True, said)


def test_a_flag_is_written_once(place: Place, change: Callable[..., Any]) -> None:
    program = place("pwquality", {})
    want = {"enforce_for_root": {"exactly": True}}
    assert change("pwquality", program, want)["changed"]
    assert not change("pwquality", program, want)["changed"]
    assert (Path(program["folders"][0]) / OURS).read_text() == f"{HEAD}enforce_for_root\n"


def test_what_beats_our_file_and_is_not_the_administrators_is_named_and_ours_not_written(
    place: Place, change: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "journal"
    elsewhere.write_text("[Journal]\nStorage=none\n")
    program = place("journald", {"zzz.conf": f"-> {elsewhere}"})
    said = change("journald", program, {"Storage": {"exactly": "persistent"}})
    assert said["changed"] is False
    assert ["zzz.conf:2 sets Storage to none" in each for each in said["left"]] == [True]


def test_the_order_of_our_own_lines_is_as_the_runs_were_and_stays(place: Place, change: Callable[..., Any]) -> None:
    program = place("pwquality", {})
    change("pwquality", program, {"minclass": {"at_least": 4}})
    change("pwquality", program, LENGTH)
    assert not change("pwquality", program, {**LENGTH, "minclass": {"at_least": 4}})["changed"]
    assert (Path(program["folders"][0]) / OURS).read_text() == f"{HEAD}minclass = 4\nminlen = 14\n"
