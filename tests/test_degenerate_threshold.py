"""The warning that a score threshold separates nothing."""

import pytest

from tests.planted_advice import World


def world(*, scores: list[float], right: int) -> World:
    """As many detections as scores, the first `right` of them on objects; 40 objects in all."""
    made = World(40)
    for place, (i, score) in enumerate(zip(made.ids(), scores, strict=False)):
        made.detection(i, [100, 100 if place < right else 700, 64, 64], score=score)
    for i in made.ids():
        made.object(i, [100, 100, 64, 64])
    return made


def warnings(made: World, **options: object) -> list[tuple[str, int]]:
    notices = made.analysis(**options).results.notices
    return [(notice.code, notice.count) for notice in notices if notice.code == "degenerate_threshold"]


def test_a_threshold_that_keeps_everything_is_told() -> None:
    made = world(scores=[0.6 + 0.01 * i for i in range(40)], right=39)
    assert warnings(made, score_threshold=0.5) == [("degenerate_threshold", 40)]
    assert warnings(made, score_threshold=0.61) == []  # 39 of 40 kept


def test_keeping_everything_is_right_where_everything_is() -> None:
    assert warnings(world(scores=[0.9] * 40, right=40), score_threshold=0.5) == []


def test_of_fewer_than_thirty_detections_nothing_is_said() -> None:
    assert warnings(world(scores=[0.9] * 29, right=20), score_threshold=0.5) == []
    assert warnings(world(scores=[0.9] * 30, right=20), score_threshold=0.5) == [("degenerate_threshold", 30)]


@pytest.mark.parametrize(
    ("right", "expected"), [(40, [("degenerate_threshold", 40)]), (5, [("degenerate_threshold", 40)]), (4, [])]
)
def test_a_threshold_that_drops_everything_is_told(right: int, expected: list[tuple[str, int]]) -> None:
    assert warnings(world(scores=[0.5] * 40, right=right), score_threshold=0.95) == expected


def test_without_a_threshold_everything_is_kept() -> None:
    made = world(scores=[0.5] * 40, right=0)
    assert made.analysis().results.operating_point.score_threshold is None
    assert warnings(made) == [("degenerate_threshold", 40)]
