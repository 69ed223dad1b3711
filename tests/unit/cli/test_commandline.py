from __future__ import annotations

import shlex

import pytest

from opsharden.cli.commandline import filed_command, hushed


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
        ("apply -e {api_token:hunter2}", "apply -e …"),
        ("apply -e @secrets.yml -e", "apply -e @secrets.yml -e"),
        ("apply -ihosts.yml -fe", "apply -ihosts.yml -fe"),
        ("verify --exit-zero -o html:e.html", "verify --exit-zero -o html:e.html"),
    ],
)
def test_of_extra_variables_only_the_names_are_filed(given: str, filed: str) -> None:
    assert shlex.split(filed_command(shlex.split(given))) == ["opsharden", *shlex.split(filed)]


@pytest.mark.parametrize(
    ("given", "text", "told"),
    [
        ("-e api_token=hunter2", "There is no api_token=hunter2.", "There is no api_token=…."),
        ("--limit=a_name=hunter2", "No host a_name=hunter2 or b.", "No host a_name=… or b."),
        ("-eapi_token=hunter2", "In 'hunter2' nothing is found.", "In '[redacted]' nothing is found."),
        ("x {api_token:hunter2}", "Got an extra argument ({api_token:hunter2}).", "Got an extra argument (…)."),
        ("""'{"api_token": "hunter2"}'""", """No '{"api_token": "hunter2"}'.""", "No 'api_token=…'."),
        ("-e site=prod -i prod.yml", "There is no prod.yml.", "There is no prod.yml."),
        ("-e 'a=1 password=\"x hunter2\"'", "x hunter2 is wrong.", "[redacted] is wrong."),
        ("verify web1", "web1 is no host.", "web1 is no host."),
        ("-o html:a.html", "No html:a.html.", "No html:a.html."),
        ("-e @a=b.yml", "@a=b.yml is no YAML.", "@a=b.yml is no YAML."),
    ],
)
def test_a_message_repeats_no_value_of_a_variable(given: str, text: str, told: str) -> None:
    assert hushed(text, shlex.split(given)) == told
