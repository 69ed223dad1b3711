"""The shape of the files of the catalogue, so that a slip in one of them is named with its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from opsharden.catalogue.kinds import check_want
from opsharden.errors import CatalogueError
from opsharden.model import Control, Limit

ControlId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$")]
T = TypeVar("T")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Rules(BaseModel):
    """What a control keeps to beyond the types of its fields. Evidence of older ones may not."""

    id: ControlId
    level: Annotated[int, Field(ge=0, le=2)]
    kind: str
    want: dict[str, Any]

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> _Rules:
        if self.kind:
            check_want(self.kind, self.want)
        elif self.want:
            raise ValueError("`want` needs a `kind`")
        return self


class ProofEntry(_Entry):
    """How to break one control on a live host.

    Attributes:
        break_: Shell script, run as root.
        given: Shell script, run as root before, that makes the control applicable.
        mend: Shell script that does what the finding asks of the administrator, where apply leaves the control to them.
        where: A variable that names the host the scripts run on; the host under proof where empty.
    """

    break_: Annotated[str, Field(alias="break")]
    given: str = ""
    mend: str = ""
    where: str = ""


class CaseEntry(_Entry):
    """One way a host in the field can be, and what a control is to come to there.

    Attributes:
        case: What is odd about the host, in a few words; the case's name within its control.
        given: Shell script, run as root, that makes a new host so.
        at_hub: The same, run on the lab's hub, which other cases share; `$asset` is the host's inventory name.
        on: `new`: a host as from an installer; `applied`: one the control was applied to before.
        values: Inventory variables of the host.
        verdict: What verify says.
        says: Words that the finding has to hold (in observed, expected, reason or by_hand).
        then: What verify says after an apply of this one control; as before where there is nothing to bring about.
        then_says: Words that the finding then has to hold.
        keeps: Shell script, run as root after the apply, that fails where the apply did harm or more than asked.
        releases: The Debian releases it is to be had on.
    """

    case: str
    given: str = ""
    at_hub: str = ""
    on: Literal["new", "applied"] = "new"
    values: dict[str, Any] = {}
    verdict: Literal["pass", "fail", "not_applicable", "error"]
    says: list[str] = []
    then: Literal["pass", "fail", "not_applicable", "error", ""] = ""
    then_says: list[str] = []
    keeps: str = ""
    releases: list[Literal[12, 13]] = [12, 13]

    @property
    def afterwards(self) -> str:
        """The verdict after an apply."""
        return self.then or ("pass" if self.verdict == "fail" else self.verdict)


class ProfileEntry(_Entry):
    """One profile file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    extends: list[str] = []
    controls: list[ControlId] = []
    values: dict[str, Any] = {}


def load_yaml(text: str) -> Any:
    """A text of YAML as plain values, read by libyaml where PyYAML has it: ten times as fast."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders


_ENTRIES = TypeAdapter(list[dict[str, Any]])
_CONTROLS = TypeAdapter(list[Control])
_RULES = TypeAdapter(list[_Rules])
_ID = TypeAdapter(ControlId)
LIMITS = TypeAdapter(dict[str, Limit])
PEERS = TypeAdapter(dict[str, tuple[str, ...]])
PROOFS = TypeAdapter(dict[str, ProofEntry])
CASES = TypeAdapter(dict[str, list[CaseEntry]])
PROFILE = TypeAdapter(ProfileEntry)


def read(path: Path, shape: TypeAdapter[T]) -> T:
    """Read one YAML file of the catalogue.

    Raises:
        CatalogueError: The file cannot be read, is not YAML, or has another shape.
    """
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
    with _placed(path):
        return shape.validate_python(data)


def read_controls(path: Path, role: str) -> tuple[Control, ...]:
    """Read a role's controls.yml: what each entry can say is what a `Control` says, but for its role.

    Raises:
        CatalogueError: As `read` does.
    """
    entries = read(path, _ENTRIES)
    for number, entry in enumerate(entries):
        if "role" in entry:
            raise _malformed(path, f"{number}.role", "the role is the folder's name")
    with _placed(path):
        controls = _CONTROLS.validate_python([{**entry, "role": role} for entry in entries], extra="forbid")
        _RULES.validate_python(controls, from_attributes=True)
    return tuple(controls)


def is_control_id(text: str) -> bool:
    """Whether a control can have this id."""
    try:
        _ID.validate_python(text)
    except ValidationError:
        return False
    return True


@contextmanager
def _placed(path: Path) -> Iterator[None]:
    """Name the file and the place in it where what it says has not the right shape."""
    try:
        yield
    except ValidationError as error:
        problem = error.errors()[0]
        raise _malformed(path, ".".join(str(part) for part in problem["loc"]), problem["msg"]) from None


def _malformed(path: Path, place: str, what: str) -> CatalogueError:
    return CatalogueError(f"{path}, at {place or 'the top'}: {what}.", "docs/controls.md shows the shape.")
