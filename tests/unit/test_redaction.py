from __future__ import annotations

import base64
import html
import json
import shlex
import time
from urllib.parse import quote, quote_plus

import pytest

from opsharden.redaction import MARK, Redactor, is_secret, told

SECRET = "pa'ss \"wörd\\1/$x"


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps({"a": json.dumps({"b": SECRET})}),
        repr(SECRET),
        repr({"a": [SECRET, "it's"]}),
        repr(f'she said "{SECRET}" and it\'s so'),
        ascii(SECRET),
        shlex.quote(SECRET),
        shlex.join(["x", f"--login={SECRET}"]),
        quote(SECRET, safe=""),
        quote(SECRET),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        html.escape(SECRET),
        "'" + SECRET.replace("'", "''") + "'",
        shlex.quote(json.dumps({"a": SECRET})),
        shlex.quote(repr([SECRET, "it's"])),
        json.dumps({"command": shlex.join(["curl", "-d", json.dumps({"a": SECRET})])}),
        json.dumps(repr(SECRET.encode())),
        shlex.quote(json.dumps(json.dumps({"a": SECRET}))),
        html.escape(shlex.quote(SECRET)),
        f"https://me:{quote(SECRET, safe='')}@host".replace("%", "%%"),
        SECRET.encode().hex(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        *(base64.b64encode(f"{user}:{SECRET}\n".encode()).decode() for user in ("a", "ab", "abc")),
    ],
)
def test_a_secret_is_found_in_every_form_it_is_written_in(form: str) -> None:
    clean = Redactor([SECRET]).text(f"before {form} after")
    assert MARK in clean
    assert "ss" not in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")


@pytest.mark.parametrize("user", ["a", "ab", "abc", "root"])
def test_of_a_basic_auth_header_nothing_of_the_code_is_left(user: str) -> None:
    header = b"Authorization: Basic " + base64.b64encode(f"{user}:hunter2".encode())
    assert Redactor(["hunter2"])(header) == b"Authorization: Basic [redacted]"


def test_many_secrets_with_signs_are_taken_in_quickly() -> None:
    began = time.process_time()
    Redactor([f"{number}'s pa&%" for number in range(300)])
    assert time.process_time() - began < 5


def test_of_two_secrets_the_longer_goes_whole() -> None:
    assert Redactor(["horse-ba", "horse-battery"]).text("horse-battery horse-ba") == f"{MARK} {MARK}"


@pytest.mark.parametrize("common", ["", "no", "No", "1", "yes", "true", "on", "off", "abc", "None", "null"])
def test_what_is_in_everything_is_not_replaced(common: str) -> None:
    text = f"PermitRootLogin {common}, 1 abc no Null"
    assert Redactor([common]).text(text) == text


@pytest.mark.parametrize("text", ["xpw1234", "pw12345", "pw1234_x"])
def test_a_short_secret_is_not_found_within_a_word(text: str) -> None:
    assert Redactor(["pw1234"]).text(text) == text


@pytest.mark.parametrize("text", ["{}", "https://me:{}@host", "a={};", "mysql -p{} x", "'{}'", "{}\n"])
def test_a_short_secret_is_found_where_it_stands_alone(text: str) -> None:
    assert "pw1234" not in Redactor(["pw1234"]).text(text.format("pw1234"))


def test_a_long_secret_is_found_within_a_word() -> None:
    assert Redactor(["hunter22"]).text("-phunter22x") == f"-p{MARK}x"


def test_a_key_of_several_lines_is_found_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    assert Redactor([key]).text("2: kqhkiG9w0BAQEF\n-----END KEY-----") == f"2: {MARK}\n-----END KEY-----"
    assert Redactor([key]).text(json.dumps({"k": key})) == '{"k": "' + MARK + '"}'


def test_bytes_that_are_no_text_may_be_secret_and_may_be_around_one() -> None:
    assert Redactor([b"\xff\xfe\x00\x01"])(b"a \xff\xfe\x00\x01 b") == b"a [redacted] b"
    assert Redactor(["hunter22"])(b"\xffhunter22\xfe") == b"\xff[redacted]\xfe"
    assert Redactor(["hunter22"]).text("\udc80hunter22\ud800") == f"\udc80{MARK}\ud800"


def test_many_secrets_and_much_text_take_no_time() -> None:
    redactor = Redactor([f"{number:x}secret{number * 7919:x}" for number in range(500)])
    text = b"A line of evidence such as hosts give, MaxAuthTries 4 and so on.\n" * 5000
    began = time.process_time()
    assert redactor(text) == text
    assert redactor(b"QUJD" * 100_000) == b"QUJD" * 100_000
    assert time.process_time() - began < 2


def test_names_that_say_so_tell_secrets_among_plain_variables() -> None:
    variables = {
        "api_token": "t1",
        "db": {"password": "p1", "user": "u1"},
        "pin": 1,
        "smtp_secret": 12345,
        "ssh_permit_password_login": "no",
        "time_servers": ["ntp9.example.org"],
    }
    assert list(told(variables)) == ["t1", "p1", "12345"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("db_password", "hello"),
        ("api_token", "12345"),
        ("ansible_become_password", "hello"),
        ("smtp_user", "postmaster@example.org"),
        ("note", "correct horse"),
        ("x", "Tr0ub4dor"),
    ],
)
def test_these_of_a_vaulted_file_are_secrets(name: str, value: object) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("permit_root", "no"),
        ("use_password", False),
        ("use_password", "no"),
        ("level", 1),
        ("port", 8080),
        ("interface", "eth0"),
        ("kind", "prod"),
        ("ansible_user", "opsharden"),
        ("ansible_host", "web1.example.org"),
        ("nothing", None),
    ],
)
def test_these_are_none(name: str, value: object) -> None:
    assert not is_secret(name, value)
