"""One scale per profile: of progress, and of scores."""

from __future__ import annotations

from typing import Any

import pytest

from statements.occurrence import Score, points
from statements.tests.senders import EDX, activity, cmi5, edx, events_of, watched
from statements.vocabulary import CMI5_PROGRESS, RESOURCE, adl


def progress(raw: dict[str, Any]) -> float:
    (event,) = events_of(raw)
    value: float = event["value"]
    return value


def test_progress_of_cmi5_is_percent() -> None:
    raw = cmi5(adl("progressed"), result={"extensions": {CMI5_PROGRESS: 35}})

    assert progress(raw) == 0.35


def test_progress_of_a_block_of_open_edx_is_percent_with_a_fraction() -> None:
    block = activity(f"{EDX}/xblock/block-v1:edX+DemoX+2026+type@html+block@1", RESOURCE)
    raw = edx(adl("progressed"), block, result={"extensions": {CMI5_PROGRESS: 100.0}})

    assert progress(raw) == 1


def test_progress_of_a_video_is_a_share() -> None:
    assert progress(watched(adl("completed"), progress=0.5)) == 0.5


@pytest.mark.parametrize(
    ("raw", "scaled", "least", "most", "expected"),
    [
        (17, 0.85, 0, 20, Score(17, 20)),
        # points come first: of Moodle, half of them is 0 on a scale from -1
        (50, 0.0, 0, 100, Score(50, 100)),
        (15, None, 10, 20, Score(5, 10)),
        (None, 0.4, None, None, Score(0.4)),
        (None, -0.4, None, None, Score(0)),
        (25, None, 0, 20, Score(20, 20)),
        # no scale
        (12, None, None, None, None),
        (0, None, 0, 0, None),
        (True, None, 0, 1, None),
        ("3", None, 0, 4, None),
    ],
)
def test_points_have_a_scale_or_are_left_out(
    raw: Any, scaled: Any, least: Any, most: Any, expected: Score | None
) -> None:
    assert points(raw, scaled, least, most) == expected
