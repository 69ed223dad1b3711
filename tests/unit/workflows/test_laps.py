from __future__ import annotations

import time

from opsharden.workflows.laps import Laps


def test_laps_follow_each_other_without_a_gap() -> None:
    laps = Laps("web1", time.monotonic())
    time.sleep(0.02)
    laps.done("log in")
    time.sleep(0.03)
    laps.done("judge", of_it=("wait for answers", 0.01))
    assert [lap.name for lap in laps.laps] == ["log in", "wait for answers", "judge"]
    for before, after in zip(laps.laps, laps.laps[1:], strict=False):
        assert abs(before.began + before.seconds - after.began) < 1e-6
    assert laps.laps[1].seconds == 0.01
    assert laps.laps[2].seconds > 0.01


def test_waiting_for_others_is_nobodys_lap() -> None:
    laps = Laps("web", time.monotonic())
    laps.done("log in")
    time.sleep(0.2)
    laps.begin()
    laps.done("judge")
    (login, judging) = laps.laps
    assert judging.began - (login.began + login.seconds) >= 0.2
