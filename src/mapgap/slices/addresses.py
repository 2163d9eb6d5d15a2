"""Every address of an error or a debt, with what is counted there."""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import Debts, Errors, FloatArray, GroundTruth, IdArray, IndexArray, OperatingPoint


@dataclass(frozen=True)
class Addresses:
    """One row an address: first the objects in file order, then the detections that are background somewhere.

    The other columns name rows of this table: one entry an object, a found object, a false positive.
    """

    place: IdArray
    """Annotation index, or number of annotations + detection index for a detection that is its own address."""
    gap: FloatArray
    """What is owed at each address."""
    objects: IdArray
    """The objects, by image."""
    image: IndexArray
    """Image index of each of `objects`."""
    found: IdArray
    false_positives: IdArray


def collect_addresses(
    ground_truth: GroundTruth, detections: int, operating_point: OperatingPoint, errors: Errors, debts: Debts
) -> Addresses:
    """The addresses of a data set; `detections` is their number.

    Sums over addresses equal sums over the rows of `errors` and `debts`, because every row has one address.
    """
    annotations = len(ground_truth.ids)
    places = annotations + detections
    error_place = _place(errors.object, errors.detection, annotations)
    debt_place = _place(debts.object, debts.detection, annotations)
    is_address = np.zeros(places, dtype=np.bool_)
    is_address[:annotations] = ground_truth.is_object
    is_address[error_place] = True
    is_address[debt_place] = True
    place = np.flatnonzero(is_address)
    row_of_place = np.cumsum(is_address) - 1

    objects = np.flatnonzero(ground_truth.is_object)
    objects = objects[np.argsort(ground_truth.image[objects], kind="stable")]
    found = np.flatnonzero(operating_point.found & ground_truth.is_object)
    return Addresses(
        place=place,
        gap=np.bincount(debt_place, weights=debts.gap, minlength=places)[place].astype(np.float64),
        objects=row_of_place[objects],
        image=ground_truth.image[objects],
        found=row_of_place[found],
        false_positives=row_of_place[error_place[~errors.is_false_negative]],
    )


def _place(object_index: IndexArray, detection_index: IndexArray, annotations: int) -> IdArray:
    own = detection_index.astype(np.int64) + annotations
    return np.where(object_index >= 0, object_index.astype(np.int64), own)
