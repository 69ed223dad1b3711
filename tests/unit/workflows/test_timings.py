from __future__ import annotations

import time

from opsharden.workflows.timings import Timings


def test_steps_follow_each_other_without_a_gap() -> None:
    timings = Timings("web1", time.monotonic())
    time.sleep(0.02)
    timings.done("log in")
    time.sleep(0.03)
    timings.done("judge", of_it=("wait for answers", 0.01))
    assert [step.name for step in timings.steps] == ["log in", "wait for answers", "judge"]
    for before, after in zip(timings.steps, timings.steps[1:], strict=False):
        assert abs(before.began + before.seconds - after.began) < 1e-6
    assert timings.steps[1].seconds == 0.01
    assert timings.steps[2].seconds > 0.01


def test_waiting_for_others_is_nobodys_lap() -> None:
    timings = Timings("web", time.monotonic())
    timings.done("log in")
    time.sleep(0.2)
    timings.begin()
    timings.done("judge")
    (login, judging) = timings.steps
    assert judging.began - (login.began + login.seconds) >= 0.2
