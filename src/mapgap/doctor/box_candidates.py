"""Box formats worth a trial: every layout, and the inputs of networks that the boxes could lie in."""

import numpy as np

from mapgap.readings.boxes import CORNER, LAYOUTS, LETTERBOXED, NORMALIZED, PIXELS, RESIZED, SHORTER, BoxFormat
from mapgap.tables import FloatArray

SQUARES = (224, 256, 299, 300, 320, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800, 832, 896)
LARGE_SQUARES = (960, 1000, 1024, 1152, 1280, 1408, 1536, 1920, 2048)
"""1000 is no network's: some models that write text number an image's sides from 0 to 1000."""
OBLONGS = ((640, 480), (640, 384), (640, 352), (640, 360), (640, 512), (512, 256), (960, 540), (960, 544), (800, 600))
LARGE_OBLONGS = ((1024, 512), (1024, 576), (1024, 768), (1280, 720), (1280, 736), (1333, 800), (1920, 1080))
SHORTER_SIDES = ((480, np.inf), (512, np.inf), (600, 1000), (640, np.inf), (800, 1333), (800, np.inf), (1024, np.inf))

LONGEST_SIDE = 100_000

_UNIT = 1.5
"""Boxes that end below are not in pixels."""
_ROOM = 2.2
"""How many times larger than what the boxes reach the input may be."""

_STICKING_OUT = 0.85
"""An input may be so much smaller than what the boxes reach: detectors place boxes beyond the border."""


def box_formats(box: FloatArray) -> list[BoxFormat]:
    """Formats other than COCO's that (N, 4) boxes as written may have, the simple ones first.

    Sizes of inputs are the usual ones that hold the boxes without being much larger, and those that the boxes reach.
    """
    plain = [BoxFormat(layout) for layout in LAYOUTS if layout != "xywh"]
    scaled: list[BoxFormat] = []
    for layout in LAYOUTS:
        across, down = _reach(box, layout)
        if max(across, down) <= 0:
            continue
        if max(across, down) <= _UNIT:
            scaled += [BoxFormat(layout, NORMALIZED)]
            scaled += [BoxFormat(layout, kind, (1, 1)) for kind in (LETTERBOXED, CORNER)]
        else:
            scaled += _inputs(layout, across, down)
    return plain + scaled


def ground_truth_formats(box: FloatArray) -> list[BoxFormat]:
    """Formats other than COCO's that a ground truth may have: every layout, in pixels or normalized."""
    is_unit = max(_reach(box, "xywh")) <= _UNIT
    coordinates = NORMALIZED if is_unit else PIXELS
    return [BoxFormat(layout, coordinates) for layout in LAYOUTS if is_unit or layout != "xywh"]


def _reach(box: FloatArray, layout: str) -> tuple[float, float]:
    """How far right and how far down the boxes reach, a few that stick out aside."""
    xywh = LAYOUTS[layout](box)
    if not len(xywh):
        return 0.0, 0.0
    across, down = np.percentile(xywh[:, :2] + xywh[:, 2:], 99.5, axis=0)
    return float(across), float(down)


def _inputs(layout: str, across: float, down: float) -> list[BoxFormat]:
    farthest = max(across, down)
    reached = (float(np.ceil(across)), float(np.ceil(down)))
    rounded = (_whole_strides(across), _whole_strides(down))
    squares = [(float(side), float(side)) for side in (*SQUARES, *LARGE_SQUARES, rounded[0], rounded[1])]
    oblongs = [(float(one), float(other)) for one, other in (*OBLONGS, *LARGE_OBLONGS)]
    turned = [(other, one) for one, other in oblongs]
    holding = [one for one in squares if farthest * _STICKING_OUT <= one[0] <= _ROOM * farthest]
    stretched = [
        one
        for one in (*oblongs, *turned, rounded, reached)
        if one[0] != one[1]
        and across * _STICKING_OUT <= one[0] <= 1.3 * across
        and down * _STICKING_OUT <= one[1] <= 1.3 * down
    ]
    shorter = [one for one in SHORTER_SIDES if farthest * 0.6 <= one[0] <= 1.2 * farthest]
    found = [BoxFormat(layout, RESIZED, one) for one in (*holding, *stretched)]
    found += [BoxFormat(layout, kind, one) for kind in (LETTERBOXED, CORNER) for one in (*holding, *stretched)]
    found += [BoxFormat(layout, SHORTER, one) for one in shorter]
    return [one for one in dict.fromkeys(found) if _can_be_written(one)]


def _can_be_written(box_format: BoxFormat) -> bool:
    """Whether an option can ask for the size: boxes may reach nowhere, or beyond any picture."""
    assert box_format.size is not None
    longest = [side for side in box_format.size if np.isfinite(side) or box_format.coordinates != SHORTER]
    return all(1 <= side <= LONGEST_SIDE for side in longest)


def _whole_strides(length: float) -> float:
    """The next multiple of 32, which the sides of most networks' inputs are."""
    return float(32 * np.ceil(length / 32 - 0.1))
