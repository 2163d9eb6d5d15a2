"""Every address of an error or a debt, with what is counted there."""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import BoolArray, Debts, Errors, FloatArray, GroundTruth, IdArray, IndexArray, OperatingPoint


@dataclass(frozen=True)
class Addresses:
    """One row an address: first the objects in file order, then the detections that are background somewhere."""

    object: IndexArray
    """Object index, or -1 for a detection that is its own address."""
    detection: IndexArray
    """Detection index, or -1 for an object."""
    image: IndexArray
    """Image index of an object, -1 for a detection: only images that hold objects are counted."""
    is_object: BoolArray
    found: BoolArray
    fp: IdArray
    gap: FloatArray


def collect_addresses(
    ground_truth: GroundTruth, detections: int, operating_point: OperatingPoint, errors: Errors, debts: Debts
) -> Addresses:
    """The addresses of a data set; `detections` is their number.

    Sums over addresses equal sums over the rows of `errors` and `debts`, because every row has one address.
    """
    annotations = len(ground_truth.ids)
    places = annotations + detections
    is_false_positive = ~errors.is_false_negative
    error_place = _place(errors.object, errors.detection, annotations)
    debt_place = _place(debts.object, debts.detection, annotations)
    fp = np.bincount(error_place[is_false_positive], minlength=places)
    gap = np.bincount(debt_place, weights=debts.gap, minlength=places)

    is_address = np.zeros(places, dtype=np.bool_)
    is_address[:annotations] = ground_truth.is_object
    is_address[error_place] = True
    is_address[debt_place] = True
    chosen = np.flatnonzero(is_address)
    objects = chosen[chosen < annotations]
    background = chosen[chosen >= annotations] - annotations
    none = np.full(len(background), -1)
    nothing = np.zeros(len(background), dtype=np.bool_)
    return Addresses(
        object=np.concatenate([objects, none]).astype(np.int32),
        detection=np.concatenate([np.full(len(objects), -1), background]).astype(np.int32),
        image=np.concatenate([ground_truth.image[objects], none]).astype(np.int32),
        is_object=np.concatenate([ground_truth.is_object[objects], nothing]),
        found=np.concatenate([(operating_point.found & ground_truth.is_object)[objects], nothing]),
        fp=fp[chosen].astype(np.int64),
        gap=gap[chosen].astype(np.float64),
    )


def _place(object_index: IndexArray, detection_index: IndexArray, annotations: int) -> IdArray:
    own = detection_index.astype(np.int64) + annotations
    return np.where(object_index >= 0, object_index.astype(np.int64), own)
