"""What a host runs by the clock."""

import pytest

from opsharden.model import Mismatch


@pytest.mark.control("cron-access")
def test_scheduled_jobs(jobs, way_to):
    if not jobs:
        pytest.skip("nothing of cron is on this host")
    mismatches = []
    for kind, mode, owner, path in jobs:
        top = path.count("/") == 2
        if kind == "l":
            mismatches += led_astray(path, way_to(path), 0o700 if top else 0o7755)
        elif top and (mode & ~0o700 or owner != "root:root"):
            mismatches.append(Mismatch(path, f"{mode:o} {owner}", "700 root:root or stricter"))
        elif kind == "f" and not top and (mode & 0o022 or not owner.startswith("root:")):
            mismatches.append(Mismatch(path, f"{mode:o} {owner}", "changed by root only"))
    assert mismatches == []


def led_astray(path, way, allowed):
    """What is wrong with what a link leads to: apply leaves it as it is."""
    if not way or way[0][0] == "character special file":  # nothing is there to be run, as behind /dev/null
        return []
    wrong = []
    for place, (_, mode, owner, step) in enumerate(way):
        sticky = place and mode & 0o1000
        if owner != "root" or mode & (~allowed if not place else 0o022 if not sticky else 0):
            wrong.append(f"{step} ({mode:o} {owner})")
    if not wrong:
        return []
    why = (
        f"{path} is a link to {way[0][3]}, which is not root's alone because of {', '.join(wrong)}; apply leaves what "
        "links lead to as it is: put the file itself there, or take the others' rights away."
    )
    return [Mismatch(path, f"a link to what is not root's alone: {', '.join(wrong)}", "root's alone", by_hand=why)]
