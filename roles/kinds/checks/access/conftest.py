"""What the checks of this folder look at: files, folders, access lists, and what links lead to."""

import pytest

from opsharden.probe.reading.guarded import Guarded
from opsharden.probe.reading.places import place


@pytest.fixture
def too_open(host):
    """What lets others at the files and folders that a control names."""

    def look(want):
        places = [place(path, wanted) for path, wanted in want.items()]
        guarded = Guarded(host, places)
        subject = [each for each in places if each.limit.absent == "not_applicable"]
        if subject and not any(map(guarded.is_there, subject)):
            named = [path for path, wanted in want.items() if wanted.get("absent") == "not_applicable"]
            pytest.skip(f"this host has no {' or '.join(named)}")
        return guarded.amiss()

    return look
