from __future__ import annotations

import base64
import json
import shlex
from urllib.parse import quote

import pytest

from opsharden.evidence import redactor
from opsharden.evidence.redact import Censor

SECRET = "pa'ss \"wörd\\1"


@pytest.mark.parametrize(
    "form",
    [
        SECRET.encode(),
        json.dumps(SECRET).encode(),
        json.dumps(SECRET, ensure_ascii=False).encode(),
        shlex.quote(SECRET).encode(),
        quote(SECRET, safe="").encode(),
        base64.b64encode(SECRET.encode()),
    ],
)
def test_a_secret_is_found_in_every_form_it_is_written_in(form: bytes) -> None:
    cleaned = redactor([SECRET])(b"before " + form + b" after " + form)
    assert form.strip(b"\"'") not in cleaned
    assert cleaned.startswith(b"before ")
    assert b" after " in cleaned
    assert cleaned.count(b"[redacted]") == 2


def test_of_two_secrets_the_longer_goes_whole() -> None:
    assert redactor(["horse", "horse-battery"])(b"horse-battery horse") == b"[redacted] [redacted]"


def test_a_secret_may_be_bytes_that_are_no_text() -> None:
    assert redactor([b"\xff\xfe\x00"])(b"a\xff\xfe\x00b") == b"a[redacted]b"


def test_an_empty_secret_is_in_nothing() -> None:
    assert redactor(["", b""])(b"text") == b"text"


def test_text_without_secrets_stays_as_it_is() -> None:
    assert Censor(redactor([SECRET])).text("naïve – text\n") == "naïve – text\n"  # noqa: RUF001 - a dash is meant
