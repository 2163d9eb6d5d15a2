"""A sample of the detections: enough images to tell one reading from another, few enough to try very many."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap.readings.raw import ObjectArray, RawDetections
from mapgap.tables import BoolArray, FloatArray, IdArray

MOST_IMAGES = 500
MOST_DETECTIONS = 10_000
_SEED = 0


@dataclass(frozen=True)
class Sample:
    """One row a detection; its ids are places among the distinct ids as written."""

    image_ids: ObjectArray
    """(U,) distinct, as written, of the sample."""
    category_ids: ObjectArray
    """(V,) likewise."""
    image: IdArray
    category: IdArray
    box: FloatArray
    score: FloatArray

    def of_images(self, most: int) -> "Sample":
        """The rows of the first so many of its images, which are in random order."""
        return self.rows(self.image < most) if most < len(self.image_ids) else self

    def rows(self, is_wanted: BoolArray) -> "Sample":
        """Some of its rows; the lists of ids stay whole."""
        columns = self.image[is_wanted], self.category[is_wanted], self.box[is_wanted], self.score[is_wanted]
        return Sample(self.image_ids, self.category_ids, *columns)


def take_sample(raw: RawDetections, *, images: int = MOST_IMAGES, detections: int = MOST_DETECTIONS) -> Sample:
    """The best-scored detections of at most so many images, drawn at random by a fixed seed.

    Each image has at most the same number, so that there are at most so many in all. Rows with a number that is not
    finite are left out.
    """
    is_finite = np.isfinite(raw.box).all(axis=1) & np.isfinite(raw.score)
    image_ids, image = distinct(raw.image_id)
    drawn = np.random.default_rng(_SEED).permutation(len(image_ids))[:images]
    place = np.full(len(image_ids), -1, dtype=np.int64)
    place[drawn] = np.arange(len(drawn))
    rows = np.flatnonzero(is_finite & (place[image] >= 0))
    rows = _best_of_each(rows, place[image], raw.score, max(1, detections // max(1, len(drawn))))
    category_ids, category = distinct(raw.category_id[rows])
    return Sample(image_ids[drawn], category_ids, place[image[rows]], category, raw.box[rows], raw.score[rows])


def distinct(ids: ObjectArray) -> tuple[ObjectArray, IdArray]:
    """The distinct ids by first appearance, and each row's place among them; 1 and "1" are two."""
    places: dict[tuple[type, object], int] = {}
    place = np.fromiter((places.setdefault((type(one), one), len(places)) for one in ids.tolist()), np.int64, len(ids))
    found = np.empty(len(places), dtype=object)
    found[:] = [one for _, one in places]
    return found, place


def _best_of_each(rows: NDArray[np.intp], image: IdArray, score: FloatArray, most: int) -> NDArray[np.intp]:
    """The best-scored `most` rows of each image, in file order."""
    order = rows[np.lexsort((rows, -score[rows], image[rows]))]
    starts = np.searchsorted(image[order], image[order], side="left")
    return np.sort(order[np.arange(len(order)) - starts < most])
