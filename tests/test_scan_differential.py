"""The fast reader against the careful one on generated, mutated and kept texts: equal tables or none."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scan_checks import detection_differences, ground_truth_differences, ground_truth_of_ids, is_read_fast
from tests.scan_corpus import unusual_texts, usual_texts
from tests.scan_texts import CATEGORY_IDS, IMAGE_IDS, detections_text, ground_truth_text, mutated

pytestmark = pytest.mark.kernel

GROUND_TRUTH = ground_truth_of_ids(IMAGE_IDS, CATEGORY_IDS)
USUAL, UNUSUAL = usual_texts(), unusual_texts()
CORPUS = list((USUAL | UNUSUAL).values())
KEPT = sorted((Path(__file__).parent / "fuzz_cases" / "scan").iterdir())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scan") / "text.json"


def require_agreement(path: Path, text: bytes) -> None:
    """As ground truth and as detections."""
    path.write_bytes(text)
    assert ground_truth_differences(path) + detection_differences(path, GROUND_TRUTH) == [], text


@pytest.mark.parametrize("name", USUAL)
def test_usual_texts_are_read_fast(path: Path, name: str) -> None:
    require_agreement(path, USUAL[name])
    assert is_read_fast(path) if name.startswith("ground_truth") else is_read_fast(path, GROUND_TRUTH)


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_texts_are_handed_over(path: Path, name: str) -> None:
    require_agreement(path, UNUSUAL[name])
    assert not is_read_fast(path)
    assert not is_read_fast(path, GROUND_TRUTH)


@pytest.mark.parametrize("case", KEPT, ids=lambda case: case.name)
def test_texts_that_failed_once(path: Path, case: Path) -> None:
    require_agreement(path, case.read_bytes())


@settings(max_examples=200)
@given(st.randoms(use_true_random=False))
def test_generated_ground_truth(path: Path, random: Random) -> None:
    require_agreement(path, ground_truth_text(random))


@settings(max_examples=200)
@given(st.randoms(use_true_random=False))
def test_generated_detections(path: Path, random: Random) -> None:
    require_agreement(path, detections_text(random, IMAGE_IDS, CATEGORY_IDS))


@settings(max_examples=500)
@given(st.randoms(use_true_random=False), st.sampled_from(CORPUS), st.sampled_from(CORPUS))
def test_mutated_texts(path: Path, random: Random, text: bytes, other: bytes) -> None:
    require_agreement(path, mutated(random, text, other))


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.booleans())
def test_mutated_generated_texts(path: Path, seed: int, is_ground_truth: bool) -> None:
    random = Random(seed)
    text = ground_truth_text(random) if is_ground_truth else detections_text(random, IMAGE_IDS, CATEGORY_IDS)
    require_agreement(path, mutated(random, text, random.choice(CORPUS)))


def test_many_generated_texts_are_read_fast(path: Path) -> None:
    """Else the tests above would compare nothing."""
    read_fast = 0
    for seed in range(100):
        path.write_bytes(ground_truth_text(Random(seed)))
        read_fast += is_read_fast(path)
        path.write_bytes(detections_text(Random(seed), IMAGE_IDS, CATEGORY_IDS))
        read_fast += is_read_fast(path, GROUND_TRUTH)
    assert read_fast > 60
