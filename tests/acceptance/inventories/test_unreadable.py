"""Inventories that cannot be read: one sentence with the reason, and no secret in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsharden.errors import UsageError
from tests.acceptance.inventories.asking import ONE, SECRET, Ask, called

SCRIPT = "#!/bin/sh\necho run >> runs\n"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"h.yml": "all:\n  hosts:\n    a: {\n"}, "not valid YAML at line 4"),
        ({"h.yml": f"all:\n\thosts: {SECRET}\n"}, "not valid YAML at line 2"),
        ({"h.yml": f"all: {{vars: {{p: *{SECRET}}}}}\n"}, "not valid YAML at line 1"),
        ({"h.yml": "all: {hosts: 3}\n"}, 'Invalid "hosts" entry for "all" group'),
        ({"h.yml": "all: {hosts: [a, b]}\n"}, "found a list instead"),
        ({"h.yml": "g: {hosts: {1: , 2: }}\n"}, "must be a string"),
        ({"h.yml": ""}, "No host matches all"),
        ({"h.yml": "web: {hosts: {a: }, children: {db: [d1]}}\n"}, "db"),
        ({"h.yml": "plugin: no.such.plugin\n"}, "unknown plugin 'no.such.plugin'"),
        ({"h.yml": "plugin: amazon.aws.aws_ec2\n"}, "ansible-galaxy collection install amazon.aws"),
        ({"h.yml": b"all: {hosts: {a: {x: b\xf6se}}}\n"}, "not written in UTF-8: see line 1"),
        ({"h": b"[a]\nok x=b\xf6se\n"}, "not written in UTF-8: see line 2"),
        ({"h.yml": "a: {children: {b: {children: {a: }}}}\n"}, "recursive dependency loop"),
        ({"h": "[a:children]\nb\n[b:children]\na\n"}, "recursive dependency loop"),
        ({"h": "[a:children]\nnosuch\n"}, "undefined group 'nosuch'"),
        ({"h": "[a]\nok these words\n"}, "got: these"),
        ({"h": "[a]\nweb[1:\n"}, "web[1:: what is in [ ] has to be a range"),
        ({"h": "[a]\nweb[1-3]\n"}, "web[1-3]: host range must be begin:end"),
        ({"h": "[a\nweb\n"}, "[a: what is in [ ]"),
        ({"h": "\ufeff[a]\nweb\n"}, "byte order mark"),
        ({"h.yml": "a: {hosts: {all: , b: }}\n"}, "host with same name: all"),
        ({"h": ""}, "No host matches all"),
        ({"h": f"{SCRIPT}echo 'cannot log in to the CMDB' >&2\nexit 3\n"}, "exit code 3. It said: cannot log in"),
        ({"h": f"{SCRIPT}echo hello\n"}, "could not be parsed as JSON"),
        ({"h": f"{SCRIPT}echo '[]'\n"}, "What it prints is a list; a program has to print a mapping of groups."),
        (
            {"h": f'{SCRIPT}echo \'{{"g": {{"hosts": {{"a": {{}}}}}}}}\'\n'},
            "What the group g has as hosts is a mapping;",
        ),
        ({"h": f"{SCRIPT}printf '\\377'\n"}, "UTF-8"),
        ({"h": f"{SCRIPT}false\n"}, "exit code 1"),
        ({"h": "#!/no/such/program\n"}, "is a program that does not work"),
        ({"i/h.yml": ONE, "i/#h.yml#": "web: {"}, "#h.yml#"),
        ({"i/h.yml": ONE, "i/README": "Our hosts\n"}, "README"),
        ({"i/h.yml": ONE, "i/b.yml": b"\xff\xfe"}, "b.yml is not written in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_reason(
    ask: Ask, tmp_path: Path, files: dict[str, str | bytes], words: str
) -> None:
    first = next(iter(files))
    heard = ask(files, first.partition("/")[0])
    assert isinstance(heard.error, UsageError)
    assert words in heard.text
    runs = tmp_path / "runs"
    assert not runs.exists() or runs.read_text() == "run\n", "a failing script is asked once"


def test_what_is_no_file(ask: Ask, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "neither a file nor a folder" in ask({}, "pipe").text
    assert "There is no inventory at" in ask({}, "nowhere").text
    assert "cannot be read: Not a directory" in ask({"i/h.yml": ONE}, "i/h.yml/further").text


def test_a_plugin_that_breaks(ask: Ask, tmp_path: Path) -> None:
    plugin = (
        "from ansible.plugins.inventory import BaseInventoryPlugin\n\n\nclass InventoryModule(BaseInventoryPlugin):\n"
        "    NAME = 'bad'\n\n    def verify_file(self, path):\n        return True\n\n"
        "    def parse(self, *given, **how):\n        raise KeyError('zone')\n"
    )
    done = called(
        tmp_path, {"h.yml": "plugin: bad\n", "p/bad.py": plugin, "ansible.cfg": "[defaults]\ninventory_plugins=p\n"}
    )
    assert done.returncode == 2
    assert "'zone' (KeyError)" in done.stderr


def test_files_with_variables(ask: Ask) -> None:
    assert "all.yml:2) cannot be read" in ask({"h.yml": ONE, "group_vars/all.yml": f"a:\n\tb: {SECRET}\n"}).text
    assert "all.yml) cannot be read" in ask({"h.yml": ONE, "group_vars/all.yml": b"a: b\xf6se\n"}).text
    heard = ask({"h.yml": ONE, "group_vars/all.yml": "a: 1\na: 2\n"})
    assert heard.tested == {"ok"}
    assert [text for text in heard.warnings if "duplicate mapping key 'a'" in text and "all.yml:2" in text]
