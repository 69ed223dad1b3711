"""What never gets out: known secrets, in whatever form they are written, replaced in all that is filed, shown or told.

What is replaced:

- Eight characters and more, wherever they stand, also within a word.
- Four to seven characters where they stand alone or behind an option's letter: `pw1234` is replaced in
  `https://me:pw1234@host` and in `-ppw1234`, not in `xpw1234`.
- Shorter ones, and the words that YAML takes for true, false and nothing, never: they are in everything, so to replace
  them would hide much of the evidence and protect nothing.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

MARK = "[redacted]"
_ANYWHERE = 8
_ALONE = 4
_TRIVIAL = {"true", "false", "yes", "no", "on", "off", "null", "none"}
_WORD = rb"[A-Za-z0-9_]"
_CODED = re.compile(rb"[A-Za-z0-9+/_=-]*")
_SHORTEST_CODE = 6
_ERRORS = "surrogatepass"

# Names of variables whose values are secrets whatever they look like.
_TELLING = re.compile(r"pass|secret|token|key|credential|pin\b|_pin|auth|private|cert|hash|salt|dsn", re.IGNORECASE)
_SAID = re.compile(r"pass(word|wd|phrase)?$|secret|token|credential|api_?key|private_key$", re.IGNORECASE)
# A plain word, a name such as eth0, a number: in every second file of a host.
_COMMON = re.compile(r"[a-z]{1,7}|[a-z]{1,5}\d{1,2}|-?\d{1,5}(\.\d+)?", re.IGNORECASE)


class Redactor:
    """Replaces secrets."""

    def __init__(self, secrets: Iterable[str | bytes]) -> None:
        """Take in the secrets; those that are too common to be replaced are passed over."""
        raw = {_raw(secret) for secret in secrets}
        anywhere, alone, coded = set[bytes](), set[bytes](), set[bytes]()
        for secret in filter(_replaceable, raw):
            (anywhere if len(secret) >= _ANYWHERE else alone).update(_written(secret))
            coded.update(_coded(secret))
        parts = [_any_of(anywhere)] if anywhere else []
        if alone:
            parts.append(b"(?:(?<!%b)|(?<=-[A-Za-z]))%b(?!%b)" % (_WORD, _any_of(alone), _WORD))
        self._written = re.compile(b"|".join(parts)) if parts else None
        self._coded = re.compile(_any_of(coded)) if coded else None

    def __call__(self, data: bytes) -> bytes:
        """The same without secrets."""
        if self._written is None:
            return data
        data = self._written.sub(MARK.encode(), data)
        return _without_codes(data, self._coded) if self._coded and self._coded.search(data) else data

    def text(self, text: str) -> str:
        """The same without secrets."""
        if self._written is None:
            return text
        return self(text.encode(errors=_ERRORS)).decode(errors=_ERRORS)


def is_secret(name: str, value: object) -> bool:
    """Whether a variable out of a wholly vaulted file is worth hiding: not everything in such a file is a secret.

    Args:
        name: The variable's, or the key's within it.
        value: What it holds, no mapping and no list.
    """
    text = str(value)
    if isinstance(value, bool) or value is None or not _replaceable(_raw(text)):
        return False
    if name.startswith(("ansible_", "opsharden_")) and not re.search(r"pass|token|secret", name):
        return False  # how to get to the host: its name and address are in every line about it
    return bool(_TELLING.search(name)) or not _COMMON.fullmatch(text)


def told(variables: Mapping[str, object]) -> Iterator[str]:
    """The values of plain variables whose names say that they are secrets, such as `-e api_token=…`."""
    for name, value in variables.items():
        if isinstance(value, Mapping):
            yield from told(value)
        elif isinstance(value, str | int) and _SAID.search(name):
            yield str(value)


def _raw(secret: str | bytes) -> bytes:
    return secret.encode(errors=_ERRORS) if isinstance(secret, str) else secret


def _replaceable(secret: bytes) -> bool:
    return len(secret) >= _ALONE and secret.strip().lower().decode(errors="replace") not in _TRIVIAL


def _written(secret: bytes) -> Iterator[bytes]:
    """How programs write it: plain, quoted in some language and in another around that, as bytes in hexadecimal."""
    yield secret
    word = secret.decode(errors="surrogateescape")
    for form in _quoted(word):
        yield form.encode(errors="surrogateescape")
    for url in {quote(secret, safe=""), quote(secret), quote_plus(secret)}:
        for each in {url, url.replace("%", "%%")}:
            yield each.encode()
            yield re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), each).encode()
    if len(secret) >= _ANYWHERE:
        yield secret.hex().encode()
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _ANYWHERE and not line.startswith(b"-----"))


_LITERAL = re.compile(r"[A-Za-z0-9_.-]*")
_LONG = 200
_IN_SHELL = "'\"'\"'"


def _quoted(word: str) -> set[str]:
    """A word as it is written within quotes, also where that is within others: JSON in a shell's command."""
    forms = {word}
    if _LITERAL.fullmatch(word):
        return forms
    for _ in range(2 if len(word) < _LONG else 1):
        forms = forms | {form for each in forms for form in _once(each)}
    in_json = {json.dumps(each)[1:-1] for each in forms}
    return forms | in_json | {each.replace("'", _IN_SHELL) for each in forms}


def _once(word: str) -> Iterator[str]:
    """What languages make of a word within their quotes, which are not a part of it."""
    yield json.dumps(word)[1:-1]
    yield json.dumps(word, ensure_ascii=False)[1:-1]
    for python in (repr(word + "'\"")[1:-4], repr(word.encode(errors="surrogateescape") + b"'\"")[2:-4]):
        # Python quotes a text with both quotes in it, as what is around the secret may have.
        yield python
        yield python.replace("\\'", "'")
    yield ascii(word)[1:-1]
    yield word.replace("'", _IN_SHELL)
    yield word.replace("'", "''")
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)
    yield re.sub(r'([\\"$`])', r"\\\1", word)
    yield html.escape(word)
    yield html.escape(word, quote=False)


def _coded(secret: bytes) -> Iterator[bytes]:
    """What base64 makes of it wherever it stands in what is encoded: for one, behind `user:` as in HTTP's Basic.

    Three bytes become four characters; those that hold bits of a neighbour too are left out.
    """
    for ahead in range(3):
        code = base64.b64encode(bytes(ahead) + secret)
        core = code.rstrip(b"=")
        core = core[(0, 2, 3)[ahead] : len(core) - (1 if (ahead + len(secret)) % 3 else 0)]
        if len(core) >= _SHORTEST_CODE:
            yield core
            yield core.translate(bytes.maketrans(b"+/", b"-_"))


def _without_codes(data: bytes, codes: re.Pattern[bytes]) -> bytes:
    """Replace the whole of whatever is encoded, not only the part that is known to be of the secret."""
    parts, done = [], 0
    while found := codes.search(data, done):
        start = found.start()
        while start > done and _CODED.fullmatch(data[start - 1 : start]):
            start -= 1
        parts += [data[done:start], MARK.encode()]
        rest = _CODED.match(data, found.end())
        done = rest.end() if rest else found.end()
    return b"".join((*parts, data[done:]))


def _any_of(words: Iterable[bytes]) -> bytes:
    """A pattern for the longest of these that there is, in which a common beginning is looked at once."""
    return _branches(sorted({word for word in words if word}))


def _branches(words: Sequence[bytes]) -> bytes:
    first, last = words[0], words[-1]  # they are sorted, so what these two share, all do
    shared = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    prefix, tails = first[:shared], [word[shared:] for word in words]
    if tails == [b""]:
        return re.escape(prefix)
    groups: dict[bytes, list[bytes]] = {}
    for tail in filter(None, tails):
        groups.setdefault(tail[:1], []).append(tail)
    optional = b"?" if b"" in tails else b""
    return re.escape(prefix) + b"(?:" + b"|".join(map(_branches, groups.values())) + b")" + optional
