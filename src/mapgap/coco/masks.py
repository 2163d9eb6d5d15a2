"""Areas and boxes of run-length masks, through pycocotools' mask code, which trusts its input: so check it first."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.coco.records import Records
from mapgap.coco.structs import RunLengths
from mapgap.coco.values import shown
from mapgap.tables import BoolArray, FloatArray

# Masks checked together: their characters stay in the processor's cache.
CHUNK = 1_000
# pycocotools.mask.area puts the number of masks into a uint8: NumPy 2 refuses more than 255 (2.0.11, _mask.pyx).
MASKS_PER_CALL = 255
# Five bits a character: a run of six characters reaches 2**29 pixels, more than any image that is read.
CHARACTERS_PER_RUN = 6
MAXIMUM_PIXELS = 1 << 29


def mask_areas_and_boxes(records: Records, masks: Sequence[RunLengths | None]) -> tuple[FloatArray, FloatArray]:
    """(areas (N,), boxes (N, 4)) as `pycocotools.mask.area` and `toBbox` give them; zeros for None.

    Masks whose runs do not fill their size exactly are complained of, and are not looked at: pycocotools would read
    beyond its memory.
    """
    from pycocotools import mask

    area, box = np.zeros(len(masks)), np.zeros((len(masks), 4))
    complain_of_unsound(records, [(row, None, runs) for row, runs in enumerate(masks) if runs is not None])
    sound = [(row, runs) for row, runs in enumerate(masks) if runs is not None and row not in records.bad_rows]
    for start in range(0, len(sound), MASKS_PER_CALL):
        rows = [row for row, _ in sound[start : start + MASKS_PER_CALL]]
        encoded = [_encoded(runs, mask) for _, runs in sound[start : start + MASKS_PER_CALL]]
        area[rows] = np.asarray(mask.area(encoded), dtype=np.float64)
        box[rows] = np.asarray(mask.toBbox(encoded), dtype=np.float64).reshape(-1, 4)
    return area, box


def complain_of_unsound(records: Records, masks: Sequence[tuple[int, object, RunLengths]]) -> None:
    """Complains of masks whose runs do not fill their size exactly; entries are (row, the record's id, mask)."""
    for start in range(0, len(masks), CHUNK):
        chunk = masks[start : start + CHUNK]
        is_sound = _are_sound([runs for _, _, runs in chunk])
        for place in np.flatnonzero(~is_sound).tolist():
            row, identifier, runs = chunk[place]
            size = shown(list(runs.size))
            records.complain(
                "mask_invalid",
                row,
                lambda size=size: f"the mask's run lengths do not fill its size {size}",  # type: ignore[misc]
                identifier=identifier,
                field="segmentation",
                fix="Write the mask with pycocotools.mask.encode",
            )


def _are_sound(masks: Sequence[RunLengths]) -> BoolArray:
    filled = _pixels_of_texts([runs.counts if isinstance(runs.counts, str) else "" for runs in masks])
    for row, runs in enumerate(masks):
        if not isinstance(runs.counts, str):
            filled[row] = _pixels_of_list(runs.counts)
    is_sound = [_has_size(runs) and filled[row] == runs.size[0] * runs.size[1] for row, runs in enumerate(masks)]
    return np.array(is_sound, dtype=np.bool_)


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
    encoded = [text.encode() if text.isascii() else b"\0" for text in texts]
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
    ends = np.flatnonzero(is_end)
    starts = np.concatenate([[0], ends[:-1] + 1])
    text_of_run = text_of_character[ends]
    is_broken[text_of_run[ends - starts >= CHARACTERS_PER_RUN]] = True
    value = _stored_values(code, starts, ends)
    # The values of a broken text are arbitrary: kept out of the sums, where they could reach beyond 64 bits.
    value[is_broken[text_of_run]] = 0
    for runs, text in _run_lengths(value, text_of_run):
        np.add.at(pixels, text, runs)
        is_broken[text[(runs < 0) | (runs > MAXIMUM_PIXELS)]] = True
    pixels[is_broken] = -1
    return pixels


def _stored_values(code: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """(R,) the signed number that each run's characters hold, the lowest five bits first."""
    sizes = ends - starts + 1
    value = code[starts] & 31
    for place in range(1, CHARACTERS_PER_RUN):
        longer = np.flatnonzero(sizes > place)
        value[longer] += (code[starts[longer] + place] & 31) << (5 * place)
    is_negative = (code[ends] & 16) != 0
    value[is_negative] -= 1 << (5 * np.minimum(sizes[is_negative], CHARACTERS_PER_RUN))
    return value


def _run_lengths(
    value: NDArray[np.int64], text_of_run: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(lengths, texts) of the first runs, of the runs 1, 3, 5, ... and of 2, 4, 6, ..., each chain summed up."""
    first = _segment_starts(text_of_run)
    number = np.arange(len(value)) - np.repeat(first, np.diff(np.append(first, len(value))))
    is_odd = number % 2 == 1
    for is_chain in (number == 0, is_odd, ~is_odd & (number > 0)):
        chain, text = value[is_chain], text_of_run[is_chain]
        total = np.cumsum(chain)
        start = _segment_starts(text)
        before = total[start] - chain[start]
        yield total - np.repeat(before, np.diff(np.append(start, len(chain)))), text


def _segment_starts(text: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each stretch of equal numbers begins."""
    return np.flatnonzero(np.diff(text, prepend=-1))


def _encoded(runs: RunLengths, mask: Any) -> Any:
    height, width = runs.size
    if isinstance(runs.counts, str):
        return {"size": [height, width], "counts": runs.counts}
    return mask.frPyObjects({"size": [height, width], "counts": runs.counts}, height, width)
