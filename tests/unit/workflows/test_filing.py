"""What is on file of a run from its first moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsharden import settings
from opsharden.catalogue import load_catalogue
from opsharden.evidence import Store
from opsharden.inventory import load_inventory
from opsharden.model import Run, RunState, Trigger, TriggerKind
from opsharden.workflows.filing import filed
from opsharden.workflows.targets import Targets
from opsharden.workflows.workplace import Access, Workplace


@pytest.mark.parametrize("kind", TriggerKind)
def test_what_made_a_run_start_is_what_the_caller_says(kind: TriggerKind, tmp_path: Path) -> None:
    place = Workplace(settings.load(tmp_path), Access(), load_inventory(()), load_catalogue(), {}, ())
    first = Trigger(kind, "anna", "opsharden apply web")
    with Store.open(tmp_path / "evidence.db") as store:
        with filed(store, "apply", place, Targets({"web1": ()}, (), ()), first) as whole:
            part = Trigger(kind, "anna", "opsharden apply web", whole.id)
            with filed(store, "verify", place, Targets({"web1": ()}, (), ()), part):
                pass
        runs: list[Run] = list(store.runs())
    assert [(run.trigger, run.operator, run.command) for run in runs] == [(kind, "anna", "opsharden apply web")] * 2
    assert {run.verb: run.parent for run in runs} == {"apply": None, "verify": whole.id}
    assert {run.state for run in runs} == {RunState.COMPLETE}
