"""Short differential fuzz against pycocotools, the failing cases of long runs, and proof that a difference is seen."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mapgap.analysis.evaluation
from tests.fuzz_checks import differences, read_case, write_case
from tests.fuzz_profiles import PROFILES, Case, make_case
from tests.fuzz_shrinking import shrink

pytestmark = pytest.mark.kernel

KEPT = sorted((Path(__file__).parent / "fuzz_cases").glob("*.json"))
CASES = {"dense": 50, "sparse": 30}
SEED = 3


@pytest.mark.parametrize("profile", PROFILES)
def test_no_difference(profile: str) -> None:
    for number in range(CASES.get(profile, 100)):
        assert differences(make_case(profile, SEED, number)) == [], f"case {number}"


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_kept_case(path: Path) -> None:
    assert differences(read_case(path)) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_cases_are_not_empty(profile: str) -> None:
    cases = [make_case(profile, SEED, number) for number in range(30)]
    assert sum(len(case.ground_truth["annotations"]) * len(case.detections) > 0 for case in cases) > 15
    assert repr(make_case(profile, SEED, 7)) == repr(make_case(profile, SEED, 7))
    assert repr(make_case(profile, SEED, 7)) != repr(make_case(profile, SEED, 8))


@pytest.mark.parametrize("broken", ["box", "score", "crowd"])
def test_a_difference_is_seen_and_shrunk(broken: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    genuine_select = mapgap.analysis.evaluation.select

    def select(*tables: Any, **options: Any) -> Any:
        ground_truth, detections = genuine_select(*tables, **options)
        if broken == "box":
            return ground_truth, replace(detections, box=detections.box * [1, 1, 0.999, 1])
        if broken == "score":
            return ground_truth, replace(detections, score=np.round(detections.score, 1))
        return replace(ground_truth, crowd=np.zeros_like(ground_truth.crowd)), detections

    monkeypatch.setattr(mapgap.analysis.evaluation, "select", select)
    failing = next(case for case in _cases("grid") if differences(case))
    small = shrink(failing, lambda case: bool(differences(case)), seconds=20)
    assert len(small.detections) + len(small.ground_truth["annotations"]) <= 4
    write_case(tmp_path / "case.json", small)
    assert read_case(tmp_path / "case.json") == small
    assert differences(small)
    monkeypatch.undo()
    assert differences(small) == []


def _cases(profile: str) -> Any:
    for number in range(1000):
        yield make_case(profile, SEED, number)


def test_shrinking_ends_at_the_smallest_case() -> None:
    case = make_case("ties", SEED, 1)

    def fails(smaller: Case) -> bool:
        return len(smaller.detections) >= 2 and len(smaller.ground_truth["images"]) >= 1

    small = shrink(case, fails)
    assert (len(small.detections), len(small.ground_truth["images"])) == (2, 1)
    assert small.ground_truth["annotations"] == []
