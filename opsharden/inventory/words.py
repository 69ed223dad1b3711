"""What a library says went wrong, as one sentence that holds nothing of what stood in the file."""

from __future__ import annotations

import re

_LONGEST = 300
_SHOWN = re.compile(r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\"""")
# A name, a path, a plugin: what a reader needs to find the place. Anything else in quotes may be what nobody is to see.
_HARMLESS = re.compile(r"""['"][\w./~:@-]{1,80}['"]""")
_OF_YAML = re.compile(r"\b(YAML|JSON|alias|anchor|scanning|parsing a|mapping values|config file)\b")
_KIND = re.compile(r"""(?:\ban? )?\"?<class '(?:[\w.]*[._])?(?:AnsibleTagged)?(\w+)'>\"?""")
_KINDS = {"str": "a text", "list": "a list", "dict": "a mapping", "int": "a number", "nonetype": "nothing"}
_COLLECTION = re.compile(r"No module named 'ansible_collections\.([\w.]+)'")
_ENCODING = re.compile(r"codec can.t|surrogates not allowed")


def _kind(found: re.Match[str]) -> str:
    return _KINDS.get(found[1].lower(), "something else")


def sentence(text: str) -> str:
    """One line that ends as a sentence does."""
    text = _KIND.sub(_kind, " ".join(text.split()))
    if missing := _COLLECTION.search(text):
        text = f"It needs a collection of {missing[1]}, which is not installed here"
    elif _ENCODING.search(text):
        text = "It is not written in UTF-8"
    elif _OF_YAML.search(text):
        text = _SHOWN.sub("…", text)
    else:
        text = _SHOWN.sub(lambda found: found[0] if _HARMLESS.fullmatch(found[0]) else "…", text)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} …"
    return text if text.endswith((".", "…")) else f"{text.rstrip(': ')}."
