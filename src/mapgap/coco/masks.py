"""Areas and boxes of run-length masks, through pycocotools' mask code, which trusts its input: so check it first."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.coco.records import Records
from mapgap.coco.structs import RunLengths
from mapgap.errors import InputError
from mapgap.tables import FloatArray

CHUNK = 20_000
# pycocotools.mask.area puts the number of masks into a uint8: NumPy 2 refuses more than 255 (2.0.11, _mask.pyx).
MASKS_PER_CALL = 255
# Five bits a character: a run of six characters reaches 2**29 pixels, more than any image that is read.
CHARACTERS_PER_RUN = 6
MAXIMUM_PIXELS = 1 << 29


def mask_areas_and_boxes(records: Records, masks: Sequence[RunLengths]) -> tuple[FloatArray, FloatArray]:
    """(areas (N,), boxes (N, 4)) as `pycocotools.mask.area` and `toBbox` give them.

    InputError for the first mask whose runs do not fill its size exactly: pycocotools would read beyond its memory.
    """
    from pycocotools import mask

    areas, boxes = [np.zeros(0)], [np.zeros((0, 4))]
    for start in range(0, len(masks), CHUNK):
        chunk = masks[start : start + CHUNK]
        _require_sound(records, chunk, start)
        for first in range(0, len(chunk), MASKS_PER_CALL):
            encoded = [_encoded(runs, mask) for runs in chunk[first : first + MASKS_PER_CALL]]
            areas.append(np.asarray(mask.area(encoded), dtype=np.float64))
            boxes.append(np.asarray(mask.toBbox(encoded), dtype=np.float64).reshape(-1, 4))
    return np.concatenate(areas), np.concatenate(boxes)


def _require_sound(records: Records, masks: Sequence[RunLengths], start: int) -> None:
    is_sound = np.array([_has_size(runs) for runs in masks], dtype=bool)
    texts = [runs.counts if isinstance(runs.counts, str) else "" for runs in masks]
    filled = _pixels_of_texts(texts)
    for position, runs in enumerate(masks):
        if not isinstance(runs.counts, str):
            filled[position] = _pixels_of_list(runs.counts)
        is_sound[position] = is_sound[position] and filled[position] == runs.size[0] * runs.size[1]
    if not is_sound.all():
        position = int(is_sound.argmin())
        raise InputError(
            f"the mask's run lengths do not fill its size {list(masks[position].size)}",
            file=records.file,
            where=records.where(start + position, None, "segmentation"),
            fix="Write the mask with pycocotools.mask.encode or give every detection a box",
        )


def _has_size(runs: RunLengths) -> bool:
    height, width = runs.size
    return height > 0 and width > 0 and height * width < MAXIMUM_PIXELS


def _pixels_of_list(counts: Sequence[int]) -> int:
    return sum(counts) if all(0 <= run < MAXIMUM_PIXELS for run in counts) and sum(counts) < MAXIMUM_PIXELS else -1


def _pixels_of_texts(texts: Sequence[str]) -> NDArray[np.int64]:
    """(N,) how many pixels the runs of each text cover, -1 for text that is no run lengths.

    The code is that of `rleFrString` in pycocotools' maskApi.c: five bits a character, the sixth says that more follow,
    and from the fourth run on the difference to the run before the last is stored.
    """
    encoded = [text.encode("ascii", "replace") for text in texts]
    lengths = np.array([len(text) for text in encoded], dtype=np.int64)
    pixels = np.zeros(len(texts), dtype=np.int64)
    if lengths.sum() == 0:
        return pixels
    code = np.frombuffer(b"".join(encoded), dtype=np.uint8).astype(np.int64) - 48
    text_of_character = np.repeat(np.arange(len(texts)), lengths)
    is_broken = np.bincount(text_of_character[(code < 0) | (code > 63)], minlength=len(texts)) > 0
    # A text must not end inside a run; ended here by force, so that what follows stays aligned.
    is_end = (code & 32) == 0
    last = (np.cumsum(lengths) - 1)[lengths > 0]
    is_broken[text_of_character[last[~is_end[last]]]] = True
    is_end[last] = True
    value, text_of_run, is_long = _run_values(code, is_end, text_of_character)
    is_broken[text_of_run[is_long]] = True
    # The values of a broken text are arbitrary: kept out of the sums, where they could reach beyond 64 bits.
    value[is_broken[text_of_run]] = 0
    runs = _undo_differences(value, text_of_run)
    np.add.at(pixels, text_of_run, runs)
    is_broken[text_of_run[(runs < 0) | (runs > MAXIMUM_PIXELS)]] = True
    pixels[is_broken] = -1
    return pixels


def _run_values(
    code: NDArray[np.int64], is_end: NDArray[np.bool_], text_of_character: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """(signed value of each run, its text, whether it has too many characters)."""
    ends = np.flatnonzero(is_end)
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    place = np.arange(len(code)) - np.repeat(starts, sizes)
    shift = 5 * np.minimum(place, CHARACTERS_PER_RUN)
    value = np.add.reduceat((code & 31) << shift, starts)
    is_negative = (code[ends] & 16) != 0
    value = value - np.where(is_negative, 1 << (5 * np.minimum(sizes, CHARACTERS_PER_RUN)), 0)
    return value, text_of_character[ends], sizes > CHARACTERS_PER_RUN


def _undo_differences(value: NDArray[np.int64], text_of_run: NDArray[np.int64]) -> NDArray[np.int64]:
    """Run lengths from stored values: running sums along the runs 1, 3, 5, ... and 2, 4, 6, ... of each text."""
    is_first = np.concatenate([[True], text_of_run[1:] != text_of_run[:-1]])
    first = np.flatnonzero(is_first)
    number = np.arange(len(value)) - np.repeat(first, np.diff(np.append(first, len(value))))
    chain = np.where(number == 0, 0, np.where(number % 2 == 1, 1, 2))
    order = np.lexsort((number, chain, text_of_run))
    key = (text_of_run * 3 + chain)[order]
    total = np.cumsum(value[order])
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    before = total[starts] - value[order][starts]
    sums = total - np.repeat(before, np.diff(np.append(starts, len(value))))
    runs = np.empty_like(value)
    runs[order] = sums
    return runs


def _encoded(runs: RunLengths, mask: Any) -> Any:
    height, width = runs.size
    if isinstance(runs.counts, str):
        return {"size": [height, width], "counts": runs.counts}
    return mask.frPyObjects({"size": [height, width], "counts": runs.counts}, height, width)
