"""A reading on trial: how many objects the sampled detections match one to one when they are read that way."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mapgap.doctor.sample import Sample
from mapgap.readings import Reading
from mapgap.readings.boxes import parse_box_format, to_xywh
from mapgap.readings.categories import map_categories
from mapgap.readings.images import map_images
from mapgap.tables import BoolArray, FloatArray, GroundTruth, IndexArray

Match = Callable[[GroundTruth, IndexArray, IndexArray, FloatArray, FloatArray], IndexArray]
"""(ground truth, image (n,), category (n,), box (n, 4), score (n,)) -> (n, 2): the object that each detection matches
at an IoU of .5 and of .75, class by class and one to one; -1 for none."""

Maps = dict[tuple[str, str], IndexArray]
"""Places of the distinct written ids of a sample, by "image" or "category" and the word that maps them."""

_LEAST_KNOWN = 0.8
_LEAST_POSITIVE = 0.9
_LEAST_INSIDE = 0.8
_MARGIN = 0.1
"""Of the image's side, by which a box may stick out; detectors do not all cut their boxes."""


@dataclass(frozen=True)
class Placed:
    """One row a sampled detection whose ids the ground truth has, as its tables have it."""

    row: IndexArray
    """Of the sample."""
    image: IndexArray
    category: IndexArray
    box: FloatArray
    score: FloatArray


@dataclass(frozen=True)
class Trial:
    """What came of one reading."""

    reading: Reading
    placed: Placed
    objects: IndexArray
    """Rows of the ground truth's objects in the images of the sample."""
    found: IndexArray
    """(n,) the object that each detection of `placed` matches at IoU .5, or -1."""
    detections: int
    """Of the sample, those with unknown ids included."""
    closely: int
    """Objects matched at IoU .75."""

    @property
    def matched(self) -> int:
        """Objects matched at IoU .5."""
        return int(np.count_nonzero(self.found >= 0))

    @property
    def possible(self) -> int:
        """Most objects that these detections could match."""
        return min(self.detections, len(self.objects))

    @property
    def share(self) -> float:
        """Of those that could; 0 where none could."""
        return self.matched / self.possible if self.possible else 0.0

    @property
    def merit(self) -> int:
        """What readings are ordered by: well-placed boxes count twice, so that of two near sizes the right one wins."""
        return self.matched + self.closely


def objects_only(ground_truth: GroundTruth) -> GroundTruth:
    """The ground truth without crowds and without what no match needs."""
    return selected(ground_truth, ground_truth.is_object)


def selected(ground_truth: GroundTruth, is_wanted: BoolArray) -> GroundTruth:
    """Some annotations of the ground truth, and all of its images."""
    return replace(
        ground_truth,
        record=ground_truth.record[is_wanted],
        ids=ground_truth.ids[is_wanted],
        image=ground_truth.image[is_wanted],
        category=ground_truth.category[is_wanted],
        box=ground_truth.box[is_wanted],
        area=ground_truth.area[is_wanted],
        crowd=ground_truth.crowd[is_wanted],
        attributes={},
        fields={},
        masks=None,
    )


def try_reading(
    ground_truth: GroundTruth,
    sample: Sample,
    reading: Reading,
    match: Match,
    *,
    across_classes: bool = False,
    maps: Maps | None = None,
    is_asked: bool = False,
) -> Trial | None:
    """The matches of the sample under the reading; None where the reading cannot be meant.

    That is: under another map of ids a fifth of them are unknown; boxes need sizes of images that are unknown; or,
    under another box format, a tenth of the boxes has no width or height, or a fifth lies outside of its image.
    `across_classes` matches boxes whatever their classes. `maps` keeps what ids mean from one trial to the next.
    A reading that the user asked for is always tried, on those detections that it can be applied to.
    """
    placed = place(ground_truth, sample, reading, maps, is_asked=is_asked)
    truth = in_format(ground_truth, reading.ground_truth_box_format)
    if placed is None or truth is None:
        return None
    return match_placed(truth, placed, reading, match, len(sample.score), across_classes=across_classes)


def match_placed(
    ground_truth: GroundTruth,
    placed: Placed,
    reading: Reading,
    match: Match,
    detections: int,
    *,
    across_classes: bool = False,
) -> Trial:
    """The matches of detections that were placed before."""
    is_sampled = np.zeros(len(ground_truth.images.ids), dtype=bool)
    is_sampled[placed.image] = True
    objects = np.flatnonzero(is_sampled[ground_truth.image]).astype(np.int32)
    truth = selected(ground_truth, is_sampled[ground_truth.image])
    category = placed.category
    if across_classes:
        truth = replace(truth, category=np.zeros_like(truth.category))
        category = np.zeros_like(category)
    found = match(truth, placed.image, category, placed.box, placed.score)
    at_half = np.where(found[:, 0] >= 0, objects[found[:, 0]] if len(objects) else -1, -1).astype(np.int32)
    return Trial(reading, placed, objects, at_half, detections, int(np.count_nonzero(found[:, 1] >= 0)))


def place(
    ground_truth: GroundTruth, sample: Sample, reading: Reading, maps: Maps | None = None, *, is_asked: bool = False
) -> Placed | None:
    """The sample as rows of the tables; None as in `try_reading`."""
    images, categories = _mapped(ground_truth, sample, reading, {} if maps is None else maps)
    image, category = images[sample.image], categories[sample.category]
    for asked, places in ((reading.image_map, image), (reading.category_map, category)):
        if asked is not None and not is_asked and len(places) and np.mean(places >= 0) < _LEAST_KNOWN:
            return None
    box_format = parse_box_format(reading.box_format)
    is_known = (image >= 0) & (category >= 0)
    if box_format.needs_image_sizes:
        has_size = (ground_truth.images.width[image] > 0) & (ground_truth.images.height[image] > 0)
        if not is_asked and not has_size[is_known].all():
            return None
        is_known &= has_size
    row = np.flatnonzero(is_known).astype(np.int32)
    image, category = image[row], category[row]
    width, height = ground_truth.images.width[image], ground_truth.images.height[image]
    box = to_xywh(sample.box[row], box_format, width, height)
    if reading.box_format != "xywh" and not is_asked and not _may_be_boxes(box, width, height):
        return None
    return Placed(row, image, category, box, sample.score[row])


def in_format(ground_truth: GroundTruth, box_format: str) -> GroundTruth | None:
    """The ground truth with its boxes read in another format; None where they cannot be meant so."""
    if box_format == "xywh":
        return ground_truth
    width, height = (size[ground_truth.image] for size in (ground_truth.images.width, ground_truth.images.height))
    parsed = parse_box_format(box_format)
    if parsed.needs_image_sizes and not ((width > 0) & (height > 0)).all():
        return None
    box = to_xywh(ground_truth.box, parsed, width, height)
    return replace(ground_truth, box=box) if _may_be_boxes(box, width, height) else None


def _mapped(ground_truth: GroundTruth, sample: Sample, reading: Reading, maps: Maps) -> tuple[IndexArray, IndexArray]:
    """Where every distinct image id and category id stands in the ground truth, from `maps` if it has them."""
    by_image, by_category = reading.image_map or "+0", reading.category_map or "+0"
    images, categories = ground_truth.images, ground_truth.categories
    if ("image", by_image) not in maps:
        maps["image", by_image] = _places(map_images(by_image, sample.image_ids, images), images.ids)
    if ("category", by_category) not in maps:
        mapped = map_categories(by_category, sample.category_ids, categories)
        maps["category", by_category] = _places(mapped, categories.ids)
    return maps["image", by_image], maps["category", by_category]


def _places(mapped: tuple[np.ndarray, BoolArray], known: np.ndarray) -> IndexArray:
    """Where each id stands among the known ones, -1 for an unknown one."""
    ids, is_known = mapped
    return np.where(is_known, np.searchsorted(known, ids), -1).astype(np.int32)


def _may_be_boxes(box: FloatArray, width: FloatArray, height: FloatArray) -> bool:
    if not len(box):
        return False
    is_positive = (box[:, 2:] > 0).all(axis=1)
    size = np.column_stack([width, height])
    # A comparison with an unknown size is False: nothing lies outside of it.
    is_outside = ((box[:, :2] < -_MARGIN * size) | (box[:, :2] + box[:, 2:] > (1 + _MARGIN) * size)).any(axis=1)
    return bool(np.mean(is_positive) >= _LEAST_POSITIVE and np.mean(~is_outside) >= _LEAST_INSIDE)
