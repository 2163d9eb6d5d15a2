"""Two halves of the images: to choose on one and judge on the other."""

import numpy as np

from mapgap.tables import BoolArray, IdArray


def in_first_half(image_ids: IdArray) -> BoolArray:
    """Which images are in the first half: a matter of each id alone, so that other images do not move one across.

    The last bit of SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014),
    because ids in order often alternate between cameras or days.
    """
    mixed = image_ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(((mixed ^ (mixed >> np.uint64(31))) & np.uint64(1)) == 0)
