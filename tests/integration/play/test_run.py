from __future__ import annotations

import ast
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from opsharden.errors import PlayError, VaultError
from opsharden.inventory import load_inventory
from opsharden.model import ChangeStatus
from opsharden.play import HostResult, PlayEvent, PlayOutcome, PlayRequest, PlayStatus, Stats, Unlock, run_play
from opsharden.play.private import PREFIX, _root

Make = Callable[..., Any]


def play(request: PlayRequest, listen: Callable[[PlayEvent], None] = lambda event: None) -> PlayOutcome:
    return run_play(request, listen, cancel=threading.Event())


def ours(folder: Path, tmp_path: Path) -> bool:
    """Whether it is the folder of a play of this test; others may play on this machine too."""
    try:
        return tmp_path.name in (folder / "play" / "play.json").read_text(encoding="utf-8")
    except OSError:
        return False


def unused(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Any:
    """No folder of a test's play outlives it."""
    before = set(_root().glob(f"{PREFIX}*"))
    yield
    new = set(_root().glob(f"{PREFIX}*")) - before
    assert [folder for folder in new if ours(folder, tmp_path) or unused(folder)] == []


def test_tasks_are_told_apart(make_role: Make, make_request: Make) -> None:
    make_role(
        "mixed",
        """
- name: Nothing to do
  ansible.builtin.command: /bin/true
  changed_when: false
- name: Something changes
  ansible.builtin.command: /bin/true
- name: Not for this host
  ansible.builtin.command: /bin/false
  when: false
- name: Fails and does not matter
  ansible.builtin.command: /bin/false
  ignore_errors: true
- name: Rescue
  block:
    - name: Fails and is made good
      ansible.builtin.command: /bin/false
  rescue:
    - name: Makes good
      ansible.builtin.command: /bin/true
      changed_when: false
- name: Fails here and there
  ansible.builtin.command: sh -c 'echo no such thing >&2; exit 1'
  when: fails | default(false)
""",
    )
    request = make_request("mixed")
    first, second, *_ = request.hosts
    events: list[PlayEvent] = []
    outcome = play(
        make_request("mixed", hosts=(first, second, "gone"), host_vars={second: {"fails": True}, "gone": {"a": 1}}),
        events.append,
    )
    assert outcome.status is PlayStatus.COMPLETE
    assert {(change.host, change.role, change.task, change.status) for change in outcome.changes} == {
        (first, "mixed", "Something changes", ChangeStatus.CHANGED),
        (second, "mixed", "Something changes", ChangeStatus.CHANGED),
        (second, "mixed", "Fails here and there", ChangeStatus.FAILED),
    }
    assert [change.message for change in outcome.changes if change.message] == ["non-zero return code; no such thing"]
    assert outcome.failed == (second,)
    assert outcome.missing == ("gone",)
    assert outcome.counts[first].skipped == 2
    assert isinstance(events[-1], Stats)


def test_check_mode_changes_nothing(make_role: Make, make_request: Make, managed_hosts: Any) -> None:
    make_role("file", "- ansible.builtin.copy: {content: x, dest: /run/opsharden-test, mode: '0600'}\n")
    outcome = play(make_request("file", check=True))
    assert {change.host for change in outcome.changes} == set(managed_hosts.names)
    assert managed_hosts.exec(managed_hosts.names[0], "ls /run/opsharden-test 2>/dev/null || echo none") == "none\n"


def test_only_tagged_tasks_run(make_role: Make, make_request: Make) -> None:
    make_role(
        "tagged",
        "- {name: Wanted, ansible.builtin.command: /bin/true, tags: [a]}\n"
        "- {name: Unwanted, ansible.builtin.command: /bin/true, tags: [b]}\n",
    )
    assert {change.task for change in play(make_request("tagged", tags=("a",))).changes} == {"Wanted"}


def test_hosts_are_missing_where_no_task_looked_at_them(make_role: Make, make_request: Make) -> None:
    make_role("tagged", "- {name: Unwanted, ansible.builtin.command: /bin/true, tags: [b]}\n")
    request = make_request("tagged", tags=("a",))
    assert play(request).missing == request.hosts


def test_a_group_of_that_name_does_not_let_its_hosts_in(make_role: Make, make_request: Make, tmp_path: Path) -> None:
    make_role("touch", "- {name: Touch, ansible.builtin.command: /bin/true}\n")
    request = make_request("touch")
    trap = tmp_path / "trap.yml"
    trap.write_text(f"trap: {{hosts: {{{': , '.join(request.hosts)}: }}}}\n", encoding="utf-8")
    outcome = play(make_request("touch", hosts=("trap",), inventory=(*request.inventory, str(trap))))
    assert outcome.changes == ()
    assert dict(outcome.counts) == {}
    assert outcome.missing == ("trap",)


def test_variables_win_in_the_promised_order(make_role: Make, make_request: Make, tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    (folder / "host_vars").mkdir(parents=True)
    make_role("say", "- ansible.builtin.fail: {msg: '{{ low }} {{ middle }} {{ high }} {{ top }}'}\n")
    request = make_request("say")
    host = request.hosts[0]
    (folder / "hosts.yml").write_text(Path(request.inventory[0]).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "host_vars" / f"{host}.yml").write_text("{middle: user, high: user, top: user}\n", encoding="utf-8")
    outcome = play(
        make_request(
            "say",
            hosts=(host,),
            inventory=(str(folder),),
            default_vars={"low": "default", "middle": "default"},
            host_vars={host: {"high": "ours", "top": "ours"}},
            extra_vars={"top": "extra"},
        )
    )
    assert outcome.changes[0].message == "default user ours extra"


def test_a_part_of_the_inventory_plays_like_the_whole(make_role: Make, make_request: Make, tmp_path: Path) -> None:
    first, second, *_ = make_request("say").hosts
    folder = tmp_path / "inventory"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "hosts.yml").write_bytes(Path(make_request("say").inventory[0]).read_bytes())
    (folder / "groups.yml").write_text(f"few: {{hosts: {{{first}: }}, vars: {{peer: {second}}}}}\n", encoding="utf-8")
    password = tmp_path / "vault-password"
    password.write_text("correct horse\n", encoding="utf-8")
    command = ["encrypt_string", "--vault-password-file", str(password), "--name", "token", "hush"]
    vault = Path(sys.executable).with_name("ansible-vault")
    token = subprocess.run([vault, *command], capture_output=True, text=True, check=True).stdout
    plain = "greeting: 'hello {{ inventory_hostname }}'\nraw: !unsafe '{{ no template }}'\n"
    (folder / "group_vars" / "few.yml").write_text(plain + token, encoding="utf-8")
    make_role(
        "say",
        """
- ansible.builtin.command: hostname
  delegate_to: "{{ peer }}"
  register: there
- ansible.builtin.fail:
    msg: "{{ [greeting, raw, token, group_names, inventory_dir, hostvars[peer].ansible_host, there.stdout] }}"
""",
    )
    part = load_inventory([str(folder)]).excerpt([first, second])
    assert part is not None
    here: set[str] = set()

    def listen(event: PlayEvent) -> None:
        if isinstance(event, HostResult):
            for folder in _root().glob(f"{PREFIX}*"):
                here.update(path.name for path in folder.rglob("*.json") if ours(folder, tmp_path))

    said = []
    unlock = Unlock(vaults=(("default", SecretStr("correct horse")),))
    for inventory in ((str(folder),), part):
        request = make_request("say", hosts=(first,), inventory=inventory, unlock=unlock)
        outcome = play(request, listen)
        assert outcome.failed == (first,)
        said.append(outcome.changes[-1].message)
    assert said[0] == said[1]
    for word in (f"hello {first}", "{{ no template }}", "hush", "few", str(folder), second):
        assert word in said[1]
    assert "play.json" in here
    assert "inventory.json" not in here, "it is gone once Ansible has read it"


def test_a_host_costs_one_login_and_no_facts_and_no_file(make_role: Make, make_request: Make, tmp_path: Path) -> None:
    make_role(
        "frugal",
        """
- name: First
  ansible.builtin.shell: echo $SSH_CONNECTION
  become: false
  register: first
- name: Second
  ansible.builtin.shell: echo $SSH_CONNECTION; find ~/.ansible /tmp/ansible-tmp* 2>/dev/null || true
  become: false
  register: second
- ansible.builtin.fail: {msg: "{{ [first.stdout_lines, second.stdout_lines, ansible_facts] }}"}
""",
    )
    folders: set[Path] = set()

    def listen(event: PlayEvent) -> None:
        folders.update(folder for folder in _root().glob(f"{PREFIX}*") if ours(folder, tmp_path))

    request = make_request("frugal")
    outcome = play(request, listen)
    assert outcome.failed == tuple(sorted(request.hosts))
    for change in outcome.changes:
        if change.status is ChangeStatus.FAILED:
            first, second, facts = ast.literal_eval(change.message)
            assert first == second, "the same connection, and no folder of Ansible's on the host"
            assert len(first) == 1
            assert facts == {}
    (folder,) = folders
    assert not [process for process in psutil.process_iter(["cmdline"]) if str(folder) in str(process.info["cmdline"])]


def test_a_wrong_host_key_is_unreachable(make_role: Make, make_request: Make, tmp_path: Path) -> None:
    make_role("touch", "- {name: Touch, ansible.builtin.command: /bin/true}\n")
    wrong = tmp_path / "known hosts"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    other = (tmp_path / "k.pub").read_text(encoding="utf-8").split()[:2]
    request = make_request("touch")
    lines = (line.split()[0] for line in request.known_hosts[0].read_text(encoding="utf-8").splitlines())
    wrong.write_text("".join(f"{name} {' '.join(other)}\n" for name in lines), encoding="utf-8")
    outcome = play(make_request("touch", known_hosts=(wrong,)))
    assert outcome.unreachable == tuple(sorted(request.hosts))
    assert {change.status for change in outcome.changes} == {ChangeStatus.UNREACHABLE}
    assert "host key" in outcome.changes[0].message.lower()


def test_an_unknown_host_key_is_unreachable_whatever_the_inventory_says(
    make_role: Make, make_request: Make, tmp_path: Path
) -> None:
    make_role("touch", "- {name: Touch, ansible.builtin.command: /bin/true}\n")
    lax = tmp_path / "lax.yml"
    args = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    lax.write_text(
        f"all: {{vars: {{ansible_ssh_args: {args}, ansible_ssh_common_args: {args},\n"
        "  ansible_host_key_checking: false}}\n",
        encoding="utf-8",
    )
    empty = tmp_path / "empty"
    empty.touch()
    request = make_request("touch")
    outcome = play(make_request("touch", inventory=(*request.inventory, str(lax)), known_hosts=(empty,)))
    assert outcome.unreachable == tuple(sorted(request.hosts))
    assert empty.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    ("tasks", "says"),
    [
        ("- name: X\n  command: [unclosed\n   foo: bar\n", "YAML parsing failed"),
        ("- name: X\n  no.such.module:\n", "no.such.module"),
        (None, "the role 'user' was not found"),
    ],
)
def test_a_role_that_cannot_be_read_is_one_sentence(
    tasks: str | None, says: str, make_role: Make, make_request: Make
) -> None:
    if tasks is not None:
        make_role("user", tasks)
    with pytest.raises(PlayError, match=says) as raised:
        play(make_request("user"))
    assert "Traceback" not in raised.value.message
    assert "\n" not in raised.value.message
    assert PREFIX not in raised.value.message


def test_no_host_matches(make_role: Make, make_request: Make) -> None:
    make_role("touch", "- {name: Touch, ansible.builtin.command: /bin/true}\n")
    with pytest.raises(PlayError, match="None of the hosts asked for"):
        play(make_request("touch", hosts=("nobody",)))


def vaulted(tmp_path: Path, text: str, password: str) -> str:
    secret = tmp_path / "vault-password"
    secret.write_text(password, encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("ansible-vault")),
        "encrypt_string",
        "--vault-password-file",
        str(secret),
        "--name",
        "hidden",
        text,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_vaulted_value_needs_its_password(make_role: Make, make_request: Make, tmp_path: Path) -> None:
    make_role("say", "- ansible.builtin.fail: {msg: 'it is {{ hidden }}'}\n")
    folder = tmp_path / "inventory"
    (folder / "group_vars").mkdir(parents=True)
    request = make_request("say")
    (folder / "hosts.yml").write_text(Path(request.inventory[0]).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "group_vars" / "all.yml").write_text(vaulted(tmp_path, "ripe pear", "opens"), encoding="utf-8")
    with pytest.raises(VaultError, match="no vault secrets found"):
        play(make_request("say", inventory=(str(folder),)))
    unlock = Unlock(vaults=(("default", SecretStr("opens")),), hide=(SecretStr("ripe pear"),))
    outcome = play(make_request("say", inventory=(str(folder),), unlock=unlock))
    assert {change.message for change in outcome.changes} == {"it is [redacted]"}


def test_a_hidden_result_is_a_change_only_where_it_changed(make_role: Make, make_request: Make) -> None:
    make_role(
        "secret",
        "- {name: Changes, ansible.builtin.command: echo hunter2, no_log: true}\n",
    )
    make_role(
        "still",
        "- {name: Does not, ansible.builtin.command: echo hunter2, no_log: true, changed_when: false}\n",
    )
    events: list[PlayEvent] = []
    assert {change.task for change in play(make_request("secret"), events.append).changes} == {"Changes"}
    assert play(make_request("still"), events.append).changes == ()
    assert "hunter2" not in repr(events)


def test_a_result_too_large_is_known_to_be_lost(make_role: Make, make_request: Make) -> None:
    make_role(
        "loud",
        "- {name: Loud, ansible.builtin.command: head -c 3000000 /dev/zero, changed_when: false}\n"
        "- {name: Loud and bad, ansible.builtin.shell: 'head -c 3000000 /dev/zero | tr \"\\\\0\" x; exit 1'}\n",
    )
    events: list[PlayEvent] = []
    request = make_request("loud")
    outcome = play(make_request("loud", hosts=request.hosts[:1]), events.append)
    results = {event.task: event for event in events if isinstance(event, HostResult)}
    assert results["Loud"].unknown
    assert "too large" in results["Loud and bad"].message
    assert [change.task for change in outcome.changes] == ["Loud and bad"]


def test_a_listener_that_raises_does_not_end_the_run(make_role: Make, make_request: Make) -> None:
    make_role("touch", "- {name: Touch, ansible.builtin.command: /bin/true}\n")
    request = make_request("touch")

    def raising(event: PlayEvent) -> None:
        raise RuntimeError("a listener's own fault")

    assert {change.host for change in play(request, raising).changes} == set(request.hosts)
