"""Image ids as they were written, as ids of the ground truth."""

from collections.abc import Hashable

import numpy as np

from mapgap.readings.id_words import (
    BY_POSITION,
    BY_POSITION_FROM_1,
    Found,
    by_position,
    looked_up,
    parsed_shift,
    shifted,
    unknown_word,
    without_doubles,
)
from mapgap.readings.raw import ObjectArray
from mapgap.tables import Images

FILE_NAME, STEM = "file-name", "stem"
IMAGE_WORDS = (BY_POSITION, BY_POSITION_FROM_1, FILE_NAME, STEM)


def require_image_map(text: str) -> None:
    """Raises InputError for anything but one of IMAGE_WORDS or a number with its sign."""
    if text not in IMAGE_WORDS and parsed_shift(text) is None:
        raise unknown_word("--image-map", text, IMAGE_WORDS, "a whole number with its sign such as +1")


def map_images(asked: str, ids: ObjectArray, images: Images) -> Found:
    """(N,) ids of the ground truth for (N,) ids as written, and (N,) whether it has them.

    `+1`, `-1`: a number to add. `by-position`: place in the list of images of the ground truth's file, from 0;
    `by-position-from-1`: from 1. `file-name`: the image's file name, folders aside where no path fits as it is.
    `stem`: the file name without folder and extension; stems of digits compare as numbers, so that 000000000139 and
    139 are one. A name that two images have is none.
    """
    require_image_map(asked)
    shift = parsed_shift(asked)
    if shift is not None:
        return shifted(ids, shift, images.ids)
    if asked in (BY_POSITION, BY_POSITION_FROM_1):
        in_file = images.ids[np.argsort(images.file_position, kind="stable")]
        return by_position(ids, in_file, images.ids, first=int(asked == BY_POSITION_FROM_1))
    keys_of = _file_name_keys if asked == FILE_NAME else _stem_keys
    named = [(keys_of(name), one) for name, one in zip(images.file_names, images.ids.tolist(), strict=True) if name]
    table = without_doubles((key, one) for keys, one in named for key in keys)
    return looked_up([keys_of(one) for one in ids.tolist()], table, images.ids)


def _file_name_keys(name: int | str) -> list[Hashable]:
    """The path as it is, and without its folders; numbers are no file names."""
    if not isinstance(name, str):
        return []
    path = name.replace("\\", "/")
    return [("path", path), ("name", path.rpartition("/")[2])]


def _stem_keys(name: int | str) -> list[Hashable]:
    """The name without folder, and without folder and extension, both as a number if they are digits."""
    if not isinstance(name, str):
        return [name]
    last = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, _ = last.rpartition(".")
    return [_as_number(one) for one in ([last, stem] if dot and stem else [last])]


def _as_number(text: str) -> int | str:
    # Longer ones are no ids of ours, and Python refuses to read very long ones.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else text
