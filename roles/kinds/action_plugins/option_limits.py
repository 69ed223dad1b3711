"""Holds a role's options to its meta/limits.yml, which has what Ansible's argument specs have no words for.

The opsharden command does the same before anything runs, with code of its own: this is for plain Ansible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Works on the control node only. `role` is the role's folder, `besides` lists options of no matter now."""

    _requires_connection = False

    def run(self, tmp: object = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Fail with a sentence for each option that cannot be meant."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        meta = Path(self._task.args["role"]) / "meta"
        options = _read(meta / "argument_specs.yml")["argument_specs"]["main"]["options"]
        limits = _read(meta / "limits.yml")
        left = [name for name in limits if name not in self._task.args.get("besides", ())]
        values = self._templar.template({name: (task_vars or {})[name] for name in left})
        wrong = [each for name in left for each in complaints(name, values[name], options[name], limits[name])]
        return {**result, "failed": True, "msg": " ".join(wrong)} if wrong else {**result, "changed": False}


def complaints(name: str, value: Any, spec: Mapping[str, Any], limit: Mapping[str, Any]) -> Iterator[str]:
    """A sentence, where a value is beyond its limit; Ansible has held it to its type before."""
    kind = spec.get("type", "str")
    meant = ArgumentSpecValidator({name: dict(spec)}).validate({name: value}).validated_parameters[name]
    shown = "hidden" if spec.get("no_log") else json.dumps(value, ensure_ascii=False, default=str)
    whole = {part: each for part, each in meant.items() if each is not None} if "parts" in limit else {}
    for part, inner in limit.get("parts", {}).items():
        found = whole.get(part)
        if found is not None and not (_within(found, inner) and found >= whole.get(inner.get("not_below"), found)):
            yield f"{name} is {shown}; its {part} has to be {_wanted(inner, 'int')}."
            return
    if not _within(meant, limit):
        yield f"{name} is {shown}; it has to be {_wanted(limit, kind)}."


def _within(value: Any, limit: Mapping[str, Any]) -> bool:
    if isinstance(value, int):
        return bool(limit.get("at_least", value) <= value <= limit.get("at_most", value))
    if isinstance(value, Mapping):
        return "lists" not in limit or all(isinstance(each, list) and _within(each, limit) for each in value.values())
    texts = [str(text).strip() for text in value] if isinstance(value, list) else [str(value)]
    if texts == [""] and isinstance(value, list):
        texts = []  # an empty text in place of a list
    if limit.get("filled") and not texts:
        return False
    return "shape" not in limit or all(re.fullmatch(limit["shape"], text) for text in texts)


def _wanted(limit: Mapping[str, Any], kind: str) -> str:
    words = limit.get("words", {"int": "a whole number", "list": "a list"}.get(kind, kind))
    if kind == "dict":
        words = f"a mapping of lists, each of these {words}"
    elif kind == "list" and "words" in limit:
        words = f"a list, each of it {words}"
    words += f" from {limit['at_least']} to {limit['at_most']}" if "at_most" in limit else ""
    words += f", not below its {limit['not_below']}" if "not_below" in limit else ""
    return f"{words}, with one at least" if limit.get("filled") else words


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
