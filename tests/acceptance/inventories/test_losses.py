"""Inventories of which Ansible would leave out a part."""

from __future__ import annotations

import pytest

from opsharden.errors import UsageError
from tests.acceptance.inventories.asking import OK, ONE, Ask


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"h.yml": f"web: {{host: {{web1: , web2: }}}}\nok: {{hosts: {{ok: {{{OK}}}}}}}\n"}, "unexpected key (host)"),
        ({"h.yml": f"web: {{hosts: {{w1: }}}}\nweb: {{hosts: {{ok: {{{OK}}}}}}}\n"}, "duplicate mapping key 'web'"),
        (
            {"h.yml": f"web:\n  hosts:\n    a: {{{OK}}}\n    b: {{{OK}}}\n    a: {{{OK}}}\n"},
            "duplicate mapping key 'a'",
        ),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}}}, childern: {{db: {{hosts: {{d: }}}}}}}}\n"}, "(childern)"),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}}}}}\ndb: [d1, d2]\n"}, "'db'"),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}}}, host: w2}}\n"}, "(host)"),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}, vars: {{x: 1}}}}}}\n"}, "`vars:` stands where"),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}, children: {{db: {{hosts: {{d: }}}}}}}}}}\n"}, "`children:` stands"),
        (
            {"h.yml": f"web: {{hosts: {{ok: {{{OK}, children: {{db: {{hosts: {{d: }}}}}}}}}}}}\n"},
            "variable of the host ok",
        ),
        ({"h.yml": f"web: {{hosts: {{ok: {{{OK}}}, 'w[3:1]': }}}}\n"}, "the range w[3:1], which names no host"),
        ({"h": f"[web]\nok {OK.replace(': ', '=').replace(',', '')}\nw[05:01]\n"}, "the range w[05:01], which"),
        (
            {"h": '#!/bin/sh\necho \'{"web": {"hosts": ["ok"], "childern": ["db"]}, "db": {"hosts": ["d"]}}\'\n'},
            "unexpected key (childern) in group (web)",
        ),
        ({"h": '#!/bin/sh\necho \'{"web": {"hosts": ["ok"]}, "db": {"host": ["d"]}}\'\n'}, "key (host) in group (db)"),
        (
            {"h": '#!/bin/sh\necho \'{"web": {"hosts": ["ok"], "children": {"db": {"hosts": {"d": {}}}}}}\'\n'},
            "below the children of the group web",
        ),
    ],
)
def test_what_loses_hosts_is_an_error_unless_told_otherwise(ask: Ask, files: dict[str, str], words: str) -> None:
    heard = ask(files)
    assert isinstance(heard.error, UsageError)
    assert words in heard.text
    assert "inventory_strict" in heard.error.advice
    heard = ask(files, inventory_strict=False)
    assert heard.error is None
    assert "ok" in heard.tested or "a" in heard.tested
    assert sum(words in text for text in heard.warnings) == 1


def test_an_empty_file_beside_others_is_told(ask: Ask) -> None:
    heard = ask({"i/h.yml": ONE, "i/prod": "\n"}, "i")
    assert heard.error is None
    assert ["prod is empty" in text for text in heard.warnings] == [True]


def test_a_folder_with_what_editors_leave(ask: Ask) -> None:
    heard = ask(
        {"i/h.yml": ONE, "i/h.yml~": "web: {", "i/.h.yml.swp": "\0", "i/h.yml.bak": "{", "i/more.txt": "x"}, "i"
    )
    assert heard.tested == {"ok"}
    assert len(heard.warnings) == 1
    assert "more.txt is passed over" in heard.warnings[0]
