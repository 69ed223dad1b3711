"""Values held to the options of roles: meta/argument_specs.yml as Ansible's own validator takes it, meta/limits.yml."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from opsharden.inventory.ansible_api import is_plain
from opsharden.inventory.limits import beyond
from opsharden.model import Limit

_WANTED = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
}
_KEPT = ("type", "elements", "choices", "options", "no_log", "required", "default")
_LONGEST = 60


class NotMeant(ValueError):  # noqa: N818 - reads as a sentence where it is caught
    """A value that an option cannot take; the text says what it is and what it has to be."""


class Options:
    """Options of roles by their names: each value as its option means it."""

    def __init__(self, options: Mapping[str, Mapping[str, Any]]) -> None:
        self._options = {name: _own(spec) for name, spec in options.items()}
        self._limits: dict[str, Limit] = {name: spec["limit"] for name, spec in options.items() if "limit" in spec}
        self._nullable = {name for name, spec in options.items() if "default" in spec and spec["default"] is None}
        self._known: dict[tuple[str, str], Any] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._options

    def __iter__(self) -> Any:
        return iter(self._options)

    def typed(self, name: str, value: Any, *, secret: bool = False) -> Any:
        """A rendered value as its option means it: a list from a single text, a number from "3".

        Args:
            name: Of an option.
            value: With nothing left to render in it.
            secret: Whether the value must not be shown in an error.

        Raises:
            NotMeant: The option cannot take it.
        """
        key = (name, repr(value))
        if key not in self._known:
            self._known[key] = self._validated(name, value, secret)
        found = self._known[key]
        if isinstance(found, NotMeant):
            raise found
        return copy.deepcopy(found) if isinstance(found, list | dict) else found

    def held(self, name: str, value: Any, *, secret: bool = False) -> Any:
        """A value that somebody set, as its option means it and within its limit.

        Args:
            name: Of an option.
            value: With nothing left to render in it.
            secret: Whether the value must not be shown in an error.

        Raises:
            NotMeant: The option cannot take it.
        """
        found = self.typed(name, value, secret=secret)
        if name in self._limits and found is not None:
            spec = self._options[name]
            if why := beyond(found, self._limits[name], _wanted(spec)):
                raise NotMeant(f"is {'hidden' if secret or spec.get('no_log') else _shown(value)}; {why}")
        return found

    def meant(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values of a profile or of the command line, those that are for options as these mean them.

        Raises:
            NotMeant: An option cannot take one; the text names it.
        """
        found = dict(values)
        for name, value in values.items():
            if name in self and is_plain(value):
                try:
                    found[name] = self.held(name, value)
                except NotMeant as error:
                    raise NotMeant(f"{name} {error}") from None
        return found

    def _validated(self, name: str, value: Any, secret: bool) -> Any:
        spec = self._options[name]
        shown = "hidden" if secret or spec.get("no_log") else _shown(value)
        if value is None:
            return None if name in self._nullable else NotMeant(f"is empty; it has to be {_wanted(spec)}")
        if not _fits(spec, value):
            return NotMeant(f"is {shown}; it has to be {_wanted(spec)}")
        if spec.get("type") == "list" and isinstance(value, str):
            value = [part.strip() for part in value.split(",")] if value.strip() else []
        found = ArgumentSpecValidator({name: spec}).validate({name: value})
        if not found.error_messages:
            return found.validated_parameters[name]
        inner = spec.get("options") and isinstance(value, dict | list) and not (secret or spec.get("no_log"))
        why = f" ({'; '.join(found.error_messages)})" if inner else ""
        return NotMeant(f"is {shown}; it has to be {_wanted(spec)}{why}")


def _own(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A spec for one value. A path is the host's, so nothing in it means anything here (`~`, `$HOME`)."""
    found = {name: spec[name] for name in _KEPT if name in spec}
    found["type"] = _type(spec.get("type", "str"))
    if "elements" in found:
        found["elements"] = _type(found["elements"])
    if "options" in found:
        found["options"] = {name: _own(inner or {}) for name, inner in found["options"].items()}
    return found


def _type(name: Any) -> str:
    return "str" if name in (None, "path") else str(name)


def _fits(spec: Mapping[str, Any], value: Any) -> bool:
    """Whether the value is of a kind that can be meant; Ansible makes a text of a list, and a number of `true`."""
    kind = spec["type"]
    if kind == "str":
        return not isinstance(value, dict | list)
    if kind in ("int", "float"):
        return not isinstance(value, bool)
    if kind == "dict":
        return isinstance(value, dict | str)  # Ansible reads `a=1, b=2`; at a number its validator breaks
    if kind != "list":
        return True
    if isinstance(value, bool | dict):
        return False
    wrong = {"str": dict | list | None, "dict": int | float | list | None}.get(spec.get("elements", "str"))
    return not (wrong and any(isinstance(each, wrong) for each in (value if isinstance(value, list) else [value])))


def _wanted(spec: Mapping[str, Any]) -> str:
    if choices := spec.get("choices"):
        one = f"one of {', '.join(map(str, choices))}"
        return f"a list of {one}" if spec["type"] == "list" else one
    if spec["type"] == "list" and spec.get("elements") not in (None, "str"):
        return f"a list, each of it {_WANTED.get(spec['elements'], spec['elements'])}"
    if spec["type"] == "dict" and spec.get("options"):
        return f"a mapping of {', '.join(spec['options'])}"
    return _WANTED.get(spec["type"], f"of type {spec['type']}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
