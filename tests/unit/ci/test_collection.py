"""The content laid out as a collection: where things lie and what they are called there."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible.playbook.task import Task

from opsharden import __version__

ROOT = Path(__file__).parents[3]
FULL = "opsharden.content."


def _build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", ROOT / ".ci/collection/build.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


BUILD = _build()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collection") / "stage"
    BUILD.lay_out(folder)
    return folder


def tasks_of(tasks: Any) -> Iterator[dict[str, Any]]:
    for task in tasks or ():
        parts = [task[name] for name in ("block", "rescue", "always") if name in task]
        if parts:
            for part in parts:
                yield from tasks_of(part)
        else:
            yield task


def test_every_task_names_its_module_in_full_and_it_is_there(stage: Path) -> None:
    keywords = set(Task.fattributes)
    called = set()
    for path in stage.glob("roles/*/*/*.yml"):
        if path.parent.name in ("tasks", "handlers"):
            for task in tasks_of(yaml.safe_load(path.read_text("utf-8"))):
                (module,) = (key for key in task if key not in keywords)
                called.add(module)
    assert {name for name in called if not name.startswith(("ansible.builtin.", FULL))} == set()
    ours = {name.removeprefix(FULL) for name in called if name.startswith(FULL)}
    there = {path.stem for path in [*stage.glob("plugins/modules/*.py"), *stage.glob("plugins/action/*.py")]}
    assert ours <= there
    documented = {path.stem for path in stage.glob("plugins/modules/*") if "DOCUMENTATION" in path.read_text("utf-8")}
    assert there <= documented, "ansible-doc says what each is for"
    assert {"data_controls", "option_limits", "time_service"} <= ours


def test_options_and_variables_called_like_a_module_stay(stage: Path) -> None:
    service = (stage / "roles/time/tasks/service.yml").read_text("utf-8")
    assert f'{FULL}time_service:\n    service: "{{{{ time_service }}}}.service"' in service
    assert (stage / "roles/time/defaults/main.yml").read_text("utf-8").count(FULL) == 0


def test_plugins_import_nothing_but_python_ansible_and_each_other(stage: Path) -> None:
    here = {path.stem for path in stage.glob("plugins/module_utils/*.py")}
    for path in stage.glob("plugins/*/*.py"):
        text = path.read_text("utf-8")
        assert re.findall(r"ansible\.module_utils\.opsharden_|^\s*(?:from|import) opsharden", text, re.M) == [], path
        used = re.findall(r"ansible_collections\.opsharden\.content\.plugins\.module_utils\.(\w+)", text)
        assert set(used) <= here, path
    assert "opsharden_nofile" in here


def test_each_kind_calls_a_module_of_the_collection(stage: Path) -> None:
    text = (stage / "plugins/action/data_controls.py").read_text("utf-8")
    kinds = text.partition("MODULES = {")[2].partition("}")[0]
    modules = re.findall(r': "([^"]+)"', kinds)
    assert "opsharden.content.sysctl_settings" in modules
    assert all((stage / "plugins/modules" / f"{name.removeprefix(FULL)}.py").is_file() for name in modules)


def test_all_roles_are_played_in_full_names_and_need_no_other(stage: Path) -> None:
    (play,) = yaml.safe_load((stage / "playbooks/site.yml").read_text("utf-8"))
    assert [name.removeprefix(FULL) for name in play["roles"]] == yaml.safe_load(
        (ROOT / "playbooks/site.yml").read_text("utf-8")
    )[0]["roles"]
    assert {FULL + path.name for path in stage.glob("roles/*")} == set(play["roles"])
    for path in stage.glob("roles/*/meta/main.yml"):
        assert yaml.safe_load(path.read_text("utf-8"))["dependencies"] == [], path


def test_a_dependency_on_another_role_is_one_in_full() -> None:
    meta = "galaxy_info: {role_name: x} # kept\ndependencies:\n  - role: kinds # its modules\n  - role: time\n"
    assert BUILD.with_full_dependencies(meta) == (
        'galaxy_info: {role_name: x} # kept\ndependencies: ["opsharden.content.time"]\n'
    )
    assert BUILD.with_full_dependencies("dependencies: []\nx: 1\n") == "dependencies: []\nx: 1\n"


def test_what_only_the_command_reads_stays_here(stage: Path) -> None:
    shipped = {path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file()}
    assert {
        name for name in shipped if re.search(r"checks/|proofs|cases|peers\.yml|__pycache__|library/", name)
    } == set()
    tops = {"README.md", "LICENSE", "CHANGELOG.md", "galaxy.yml", "meta", "playbooks", "plugins", "roles"}
    assert {path.name for path in stage.iterdir()} == tops
    assert "roles/backup/templates/opsharden_backup.py" in shipped
    assert "roles/ssh/meta/limits.yml" in shipped


def test_its_version_is_ours(stage: Path) -> None:
    assert yaml.safe_load((stage / "galaxy.yml").read_text("utf-8"))["version"] == __version__


def test_the_page_names_the_file_that_is_built() -> None:
    page = (ROOT / "docs/collection.md").read_text("utf-8")
    assert set(re.findall(r"opsharden-content-(\d[\d.]*\d)\.tar\.gz", page)) == {__version__}
    assert not re.search(r"\]\((?!https?:)", page), (
        "it is the collection's README, beside which the other pages are not"
    )


def test_two_files_of_one_name_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("a", "b"):
        path = tmp_path / role / "library" / "same.py"
        path.parent.mkdir(parents=True)
        path.write_text(f"# {role}\n")
    monkeypatch.setattr(BUILD, "roles_path", lambda: tmp_path)
    with pytest.raises(SystemExit, match=r"b/library/same\.py: another role"):
        BUILD.lay_out(tmp_path / "stage")


def test_what_plugins_read_lies_where_they_look(stage: Path) -> None:
    """The action finds the table of programs in the folder above its own."""
    assert (stage / "plugins" / "programs.yml").read_bytes() == (ROOT / "roles/kinds/programs.yml").read_bytes()
