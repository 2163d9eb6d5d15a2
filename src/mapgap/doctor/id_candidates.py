"""Maps of ids worth a trial: those that make something else of the ids than what is written."""

from collections.abc import Callable, Sequence

import numpy as np

from mapgap.readings.categories import CATEGORY_WORDS, map_categories
from mapgap.readings.id_words import Found
from mapgap.readings.images import map_images
from mapgap.readings.raw import ObjectArray
from mapgap.tables import Categories, IdArray, Images

_IMAGE_WORDS = ("file-name", "stem", "by-position", "by-position-from-1")


def image_maps(ids: ObjectArray, images: Images) -> list[str]:
    """Words of `--image-map` that make something else of the distinct written ids, each thing once."""
    words = [*_shifts(ids, images.ids), *_IMAGE_WORDS]
    return _different(words, lambda word: map_images(word, ids, images))


def category_maps(ids: ObjectArray, categories: Categories) -> list[str]:
    """Words of `--category-map` likewise."""
    words = [*_shifts(ids, categories.ids), *CATEGORY_WORDS]
    return _different(words, lambda word: map_categories(word, ids, categories))


def _shifts(ids: ObjectArray, known: IdArray) -> list[str]:
    """By one, and what brings the least or the greatest written id to the least or greatest known one."""
    numbers = [one for one in ids.tolist() if isinstance(one, int)]
    shifts = [1, -1]
    if numbers and len(known):
        shifts += [int(known[0]) - min(numbers), int(known[-1]) - max(numbers)]
    return [f"{shift:+d}" for shift in dict.fromkeys(shifts) if shift != 0 and abs(shift) < 10**18]


def _different(words: Sequence[str], mapped: Callable[[str], Found]) -> list[str]:
    seen = {_meaning(mapped("+0"))}
    found = []
    for word in words:
        found_ids = mapped(word)
        meaning = _meaning(found_ids)
        if found_ids[1].any() and meaning not in seen:
            seen.add(meaning)
            found.append(word)
    return found


def _meaning(found: Found) -> bytes:
    ids, is_known = found
    return np.where(is_known, ids, 0).tobytes() + is_known.tobytes()
