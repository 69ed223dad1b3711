from __future__ import annotations

from opsharden.evidence.redact import Censor
from opsharden.redaction import Redactor


def test_text_without_secrets_stays_as_it_is() -> None:
    assert Censor(Redactor(["hunter22"])).text("naïve – text\n") == "naïve – text\n"  # noqa: RUF001 - a dash is meant


def test_text_with_one_is_stored_without_it() -> None:
    assert Censor(Redactor(["hunter22"])).text("-phunter22\0\ud800") == "-p[redacted]\\x00\\ud800"
