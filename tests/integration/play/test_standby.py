"""What stands by on real hosts does what Ansible alone would have done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from opsharden.model import ChangeStatus
from opsharden.play import PlayOutcome, PlayStatus, TaskStarted, run_play

Make = Callable[..., Any]


def play(request: Any) -> PlayOutcome:
    return run_play(request, lambda event: None, cancel=threading.Event())


def complaints(outcome: PlayOutcome) -> list[tuple[str, str, str]]:
    return [
        (change.host, change.task, change.message)
        for change in outcome.changes
        if change.status in {ChangeStatus.FAILED, ChangeStatus.UNREACHABLE}
    ]


def test_tasks_are_run_by_one_program_which_is_gone_afterwards(
    make_role: Make, make_request: Make, managed_hosts: Any
) -> None:
    make_role(
        "many",
        """
- name: The first one makes the connection
  ansible.builtin.ping:
- name: Who runs this
  ansible.builtin.shell: cut -d ' ' -f 4 /proc/$PPID/stat
  register: once
- name: Who runs this, later
  ansible.builtin.shell: cut -d ' ' -f 4 /proc/$PPID/stat
  register: again
- name: The same
  ansible.builtin.assert: {that: once.stdout == again.stdout}
- name: Say who
  ansible.builtin.copy: {content: "{{ once.stdout }}", dest: /run/opsharden-test-standby, mode: "0600"}
""",
    )
    outcome = play(make_request("many"))
    assert complaints(outcome) == []
    for host in managed_hosts.names:
        file = "/run/opsharden-test-standby"
        assert managed_hosts.exec(host, f"test -e /proc/$(cat {file}) && echo there; rm {file}") == ""


def test_without_it_each_task_has_a_python_of_its_own(make_role: Make, make_request: Make, managed_hosts: Any) -> None:
    make_role(
        "alone",
        """
- name: Who runs this
  ansible.builtin.shell: cut -d ' ' -f 4 /proc/$PPID/stat
  register: once
- name: Who runs this, later
  ansible.builtin.shell: cut -d ' ' -f 4 /proc/$PPID/stat
  register: again
- name: Another
  ansible.builtin.assert: {that: once.stdout != again.stdout}
""",
    )
    outcome = play(replace(make_request("alone"), standby=False))
    assert (complaints(outcome), outcome.status) == ([], PlayStatus.COMPLETE)


SURROUNDINGS = "id; umask; ulimit -a; env | grep -Ev '^(_|PWD)=' | sort; wc -c; tty; cat /proc/self/oom_score_adj"


def test_a_task_finds_what_it_would_find_without(make_role: Make, make_request: Make, managed_hosts: Any) -> None:
    """Root, the account itself and another one: rights, limits, environment, no terminal and an empty stdin."""
    for way in ("ssh", "standby"):
        make_role(
            way,
            f"""
- name: As root
  ansible.builtin.shell: ({SURROUNDINGS}) >/run/opsharden-test-{way}-root
- name: As the account itself
  ansible.builtin.shell: ({SURROUNDINGS}) >/tmp/opsharden-test-{way}-own
  become: false
- name: As another
  ansible.builtin.shell: ({SURROUNDINGS}) >/tmp/opsharden-test-{way}-other
  become_user: nobody
  vars: {{ansible_remote_tmp: /tmp/.ansible}}
""",
        )
    plain = {host: {"ansible_connection": "ssh"} for host in managed_hosts.names}
    assert complaints(play(make_request("ssh", host_vars=plain))) == []
    assert complaints(play(make_request("standby"))) == []
    for host in managed_hosts.names:
        for place in ("/run/opsharden-test-{}-root", "/tmp/opsharden-test-{}-own", "/tmp/opsharden-test-{}-other"):
            found = [
                managed_hosts.exec(host, f"cat {place.format(way)}; rm {place.format(way)}")
                for way in ("ssh", "standby")
            ]
            ours, theirs = (
                [
                    line
                    for line in text.splitlines()
                    if not line.startswith(("SUDO_COMMAND=", "SSH_", "XDG_SESSION_ID="))
                ]
                for text in found
            )
            assert ours == theirs


def test_what_a_new_session_would_take_up_is_taken_up(make_role: Make, make_request: Make, managed_hosts: Any) -> None:
    make_role(
        "session",
        """
- name: The first one makes the connection
  ansible.builtin.ping:
- name: Another limit for root
  ansible.builtin.copy:
    {content: "root hard nofile 5000\n", dest: /etc/security/limits.d/opsharden-test.conf, mode: "0644"}
- name: What is found
  ansible.builtin.shell: test "$(ulimit -Hn)" = 5000
- name: Another account
  ansible.builtin.user: {name: opsharden-test}
- name: It does something
  ansible.builtin.command: "true"
  become_user: opsharden-test
- name: Another group for it
  ansible.builtin.user: {name: opsharden-test, groups: [operator], append: true}
- name: It is in the group
  ansible.builtin.shell: id -Gn | grep -qw operator
  become_user: opsharden-test
""",
    )
    try:
        assert complaints(play(make_request("session"))) == []
    finally:
        for host in managed_hosts.names:
            managed_hosts.exec(host, "rm /etc/security/limits.d/opsharden-test.conf; userdel -r opsharden-test")


def test_all_that_roles_do_with_a_connection_works(
    make_role: Make, make_request: Make, managed_hosts: Any, tmp_path: Path
) -> None:
    make_role(
        "all_sorts",
        f"""
- name: Facts
  ansible.builtin.setup: {{gather_subset: [min]}}
- name: A large file
  ansible.builtin.copy: {{content: "{{{{ 'x' * 3000000 }}}}", dest: /run/opsharden-test-large, mode: "0600"}}
- name: A small one
  ansible.builtin.copy: {{content: "{{{{ 'y' * 10 }}}}", dest: /run/opsharden-test-small, mode: "0640", owner: nobody}}
- name: Fetch it
  ansible.builtin.fetch: {{src: /run/opsharden-test-large, dest: {tmp_path}/fetched/, flat: false}}
- name: A script
  ansible.builtin.script: {{cmd: {tmp_path}/script.sh}}
- name: Without a module
  ansible.builtin.raw: id -u
  register: raw
- name: In the background
  ansible.builtin.command: sleep 1
  async: 20
  poll: 1
- name: Anew
  ansible.builtin.meta: reset_connection
- name: After that
  ansible.builtin.wait_for_connection: {{timeout: 20}}
- name: Elsewhere
  ansible.builtin.command: hostname
  delegate_to: "{{{{ groups['all'] | first }}}}"
  register: elsewhere
- name: As expected
  ansible.builtin.assert:
    that:
      - raw.stdout | trim == '0'
      - elsewhere.stdout == groups['all'] | first
- name: Away with it
  ansible.builtin.file: {{path: "{{{{ item }}}}", state: absent}}
  loop: [/run/opsharden-test-large, /run/opsharden-test-small]
""",
    )
    (tmp_path / "script.sh").write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    outcome = play(make_request("all_sorts"))
    assert (complaints(outcome), outcome.status) == ([], PlayStatus.COMPLETE)
    assert {path.stat().st_size for path in (tmp_path / "fetched").rglob("*large")} == {3_000_000}


def test_a_connection_that_breaks_is_told_and_the_task_comes_to_its_end(
    make_role: Make, make_request: Make, managed_hosts: Any
) -> None:
    make_role(
        "long",
        """
- name: Begins
  ansible.builtin.command: /bin/true
- name: Stays long
  ansible.builtin.shell: sleep 4; echo whole >/run/opsharden-test-whole
- name: Never begun
  ansible.builtin.command: /bin/true
""",
    )
    sick, *healthy = managed_hosts.names
    cut: list[threading.Timer] = []

    def when_it_began(event: object) -> None:
        if isinstance(event, TaskStarted) and event.task == "Stays long":
            kill = "pkill -KILL -u opsharden sshd"
            cut.append(threading.Timer(2, managed_hosts.exec, (sick, kill)))
            cut[0].start()

    outcome = run_play(make_request("long"), when_it_began, cancel=threading.Event())
    assert [(host, task) for host, task, _ in complaints(outcome)] == [(sick, "Stays long")]
    assert outcome.counts[healthy[0]].unreachable == 0
    whole = "/run/opsharden-test-whole"
    wait = f"for i in $(seq 50); do test -e {whole} && break; sleep 0.1; done; cat {whole}; rm {whole}"
    for host in managed_hosts.names:
        assert managed_hosts.exec(host, wait) == "whole\n"
