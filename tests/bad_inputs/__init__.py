"""A corpus of bad inputs: pairs of files that are wrong in one way each, with what mapgap is expected to say.

`python -m tests.bad_inputs FOLDER` writes them, one folder a pair, with `expected.json`.
"""

from collections.abc import Iterator

from tests.bad_inputs.data import misleading_data
from tests.bad_inputs.detections import bad_detections
from tests.bad_inputs.files import bad_files
from tests.bad_inputs.fine import fine_inputs
from tests.bad_inputs.ground_truth import bad_ground_truth
from tests.bad_inputs.layouts import bad_layouts
from tests.bad_inputs.masks import bad_masks
from tests.bad_inputs.pair import Pair
from tests.bad_inputs.readings import other_readings


def all_pairs() -> Iterator[Pair]:
    """Every pair, the same bytes each time."""
    yield from fine_inputs()
    yield from bad_files()
    yield from bad_layouts()
    yield from bad_ground_truth()
    yield from bad_detections()
    yield from bad_masks()
    yield from misleading_data()
    yield from other_readings()
