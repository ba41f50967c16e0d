"""When the next checkpoint is due: at no moment more than one interval of work is at risk."""

from __future__ import annotations

import pytest

from lamdagent_gpu.train.progress import due_after


def most_at_risk(interval: float, write: float, step: float) -> float:
    """Seconds of work that a kill at the worst moment loses, over a training of steps and writes of this length."""
    now = saved_at = safe = 0.0
    written = 0.0
    worst = 0.0
    while now < 40 * interval:
        now += step
        worst = max(worst, now - safe)
        if now - saved_at >= due_after(interval, written, step):
            saved_at = now
            now += write  # the checkpoint before it is all there is until now
            worst = max(worst, saved_at - safe)
            safe, written = saved_at, write
    return worst


@pytest.mark.parametrize(("write", "step"), [(0.0, 0.1), (0.5, 0.1), (3.0, 1.0), (9.0, 5.0), (0.2, 14.0)])
def test_at_most_one_interval_is_at_risk_once_a_write_was_timed(write: float, step: float) -> None:
    assert most_at_risk(30.0, write, step) <= 30.0 + 1e-6


def test_a_slow_disk_never_leaves_less_than_half_of_the_time_for_training() -> None:
    assert due_after(30.0, 100.0, 1.0) == 15.0
    assert due_after(30.0, 1.0, 0.1) == pytest.approx(28.9)
