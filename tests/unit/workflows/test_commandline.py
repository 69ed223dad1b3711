from __future__ import annotations

import shlex

import pytest

from opsharden.workflows.commandline import filed_command


@pytest.mark.parametrize(
    ("given", "filed"),
    [
        ("apply web1 -K", "apply web1 -K"),
        ("apply -e api_token=hunter2", "apply -e api_token=…"),
        ("apply -eapi_token=hunter2", "apply -eapi_token=…"),
        ("apply -Ke api_token=hunter2 web1", "apply '-Ke api_token=…' web1"),
        ("apply --extra-vars api_token=hunter2", "apply --extra-vars api_token=…"),
        ("apply --extra-vars=api_token=hunter2", "apply --extra-vars=api_token=…"),
        ("apply -e 'a=hunter2 b=\"x hunter2\"'", "apply -e 'a=… b=…'"),
        ("apply -e '{a: hunter2, b: {c: hunter2}}'", "apply -e 'a=… b=…'"),
        ("apply -e '{a: hunter2'", "apply -e …"),
        ('apply -e "it\'s hunter2"', "apply -e …"),
        ("apply -e hunter2", "apply -e …"),
        ("apply -e @secrets.yml -e", "apply -e @secrets.yml -e"),
        ("apply -ihosts.yml -fe", "apply -ihosts.yml -fe"),
        ("verify --exit-zero -o html:e.html", "verify --exit-zero -o html:e.html"),
    ],
)
def test_of_extra_variables_only_the_names_are_filed(given: str, filed: str) -> None:
    assert shlex.split(filed_command(shlex.split(given))) == ["opsharden", *shlex.split(filed)]
