"""How much of each object's mask lies under the masks of the other objects of its image."""

from typing import Any

import numpy as np

from mapgap.tables import BoolArray, FloatArray, IndexArray, Masks


def covered_mask_share(image: IndexArray, masks: Masks, is_object: BoolArray) -> FloatArray:
    """(N,) share of each mask under the union of the other objects' masks, by pixel counts; 0 for an empty mask.

    Crowds cover nothing and have 0.
    """
    share = np.zeros(len(masks))
    rows = np.flatnonzero(is_object)
    rows = rows[np.argsort(image[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(image[rows], prepend=-1))
    for here in np.split(rows, starts[1:]):
        if len(here) > 1:
            share[here] = _shares_in_image([masks[row] for row in here.tolist()])
    return share


def _shares_in_image(masks: list[Any]) -> FloatArray:
    """Unions of all masks before and of all behind each one, so that an image costs a few merges a mask."""
    from pycocotools import mask

    before, behind = masks[:1], masks[-1:]
    for one in masks[1:-1]:
        before.append(mask.merge([before[-1], one]))
    for one in reversed(masks[1:-1]):
        behind.append(mask.merge([behind[-1], one]))
    behind.reverse()
    others = [
        behind[0],
        *(mask.merge([one, two]) for one, two in zip(before[:-1], behind[1:], strict=True)),
        before[-1],
    ]
    covered = [
        float(mask.area(mask.merge([own, other], intersect=True))) for own, other in zip(masks, others, strict=True)
    ]
    areas = np.array([float(mask.area(own)) for own in masks])
    return np.asarray(np.divide(covered, areas, out=np.zeros(len(masks)), where=areas > 0))
