"""Whether a baseline was made on the ground truth given now, object by object."""

from dataclasses import dataclass

import numpy as np

from mapgap.analysis.baseline import Baseline, BaselineObjects
from mapgap.errors import InputError
from mapgap.number_words import plural
from mapgap.tables import GroundTruth, IdArray, Notice

EXAMPLES = 3

_Key = tuple[int, int]
"""Id of an object, and how many of that id came before."""


@dataclass(frozen=True)
class TruthDifference:
    """How the ground truth differs from the baseline's, and the images that are the same in both."""

    added: tuple[str, ...]
    """Examples and more, one text an object, as the following."""
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    unknown_images: IdArray
    """Images that the baseline speaks of and the ground truth has not."""
    images_before: int
    images_now: int
    same_images: IdArray
    """Ids of the images of the ground truth that hold the same objects in both."""

    @property
    def is_none(self) -> bool:
        """Whether both are the same, as far as the tables can tell."""
        differs = self.added or self.removed or self.changed or len(self.unknown_images)
        return not differs and self.images_before in (-1, self.images_now)

    @property
    def words(self) -> str:
        """What differs, with three examples."""
        counted = {"added": self.added, "removed": self.removed, "changed": self.changed}
        parts = [f"{plural(len(objects), 'object')} {word}" for word, objects in counted.items() if objects]
        if self.images_before not in (-1, self.images_now):
            parts.append(f"{plural(self.images_now, 'image')} in place of {self.images_before:,}")
        if len(self.unknown_images):
            parts.append(f"{plural(len(self.unknown_images), 'image')} removed, as image {self.unknown_images[0]}")
        examples = [f"{text} {word}" for word, objects in counted.items() for text in objects[:EXAMPLES]][:EXAMPLES]
        return ", ".join(parts) + (f" ({'; '.join(examples)})" if examples else "")


def truth_difference(truth: GroundTruth, baseline: Baseline) -> TruthDifference:
    """What differs; an object is the same if its id, image, class, box and area are, to the last bit."""
    assert baseline.tables is not None
    before, detections = baseline.tables
    now = _objects_of(truth)
    unequal = _unequal_objects(before, now)
    mentioned = np.unique(np.concatenate([before.image_id, detections.image_id]))
    unknown = np.setdiff1d(mentioned, truth.images.ids)
    images_before = baseline.summary.inputs.ground_truth.images
    same = np.setdiff1d(truth.images.ids, unequal.images)
    if images_before not in (-1, len(truth.images.ids) + len(unknown)):
        # Of an image without objects and detections nobody knows whether the baseline had it.
        same = np.intersect1d(same, mentioned)
    return TruthDifference(
        unequal.added,
        unequal.removed,
        unequal.changed,
        unknown,
        images_before,
        len(truth.images.ids),
        same,
    )


def require_same_truth(difference: TruthDifference, *, common_images: bool) -> tuple[Notice, ...]:
    """A notice about the images to leave out; InputError where any would have to be and may not."""
    if difference.is_none:
        return ()
    if not common_images:
        fix = (
            "Make the baseline anew on this ground truth, or give --common-images to leave out the images in which "
            "they differ"
        )
        raise InputError(f"the ground truth is not that of the baseline: {difference.words}", fix=fix)
    if not len(difference.same_images):
        what = f"no image is the same in the ground truth and in the baseline: {difference.words}"
        raise InputError(what, fix="Make the baseline anew on this ground truth")
    left_out = difference.images_now - len(difference.same_images)
    message = (
        f"{left_out:,} of {plural(difference.images_now, 'image')} left out of both runs, because the ground truth is "
        f"not that of the baseline there: {difference.words}"
    )
    return (Notice("common_images", message, left_out),)


def other_file_notice(truth: GroundTruth, baseline: Baseline) -> tuple[Notice, ...]:
    """That the ground truth is another file than the baseline's, where the hashes say so."""
    before = baseline.summary.inputs.ground_truth
    if truth.sha256 is None or before.sha256 in (None, truth.sha256):
        return ()
    names = f"{before.name} ({str(before.sha256)[:12]}), and not {truth.name} ({truth.sha256[:12]})"
    rest = "its numbers may not compare with those of this run"
    if baseline.tables is not None:
        rest = "its objects are the same; crowds and attributes may differ"
    return (Notice("other_ground_truth", f"the baseline was made on {names}: {rest}", 1),)


def _objects_of(truth: GroundTruth) -> BaselineObjects:
    rows = np.flatnonzero(truth.is_object)
    return BaselineObjects(
        truth.ids[rows],
        truth.images.ids[truth.image[rows]],
        truth.categories.ids[truth.category[rows]],
        truth.box[rows],
        truth.area[rows],
        np.full(len(rows), np.nan),
        np.zeros(len(rows), dtype=np.bool_),
    )


def object_keys(ids: IdArray) -> list[_Key]:
    """One key an object that stays its own where ids repeat."""
    seen: dict[int, int] = {}
    keys = []
    for identifier in ids.tolist():
        times = seen[identifier] = seen.get(identifier, -1) + 1
        keys.append((identifier, times))
    return keys


@dataclass(frozen=True)
class _Unequal:
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    images: IdArray


def _unequal_objects(before: BaselineObjects, now: BaselineObjects) -> _Unequal:
    if _are_equal(before, now):
        return _Unequal((), (), (), np.zeros(0, dtype=np.int64))
    earlier, later = _by_key(before), _by_key(now)
    added = [key for key in later if key not in earlier]
    removed = [key for key in earlier if key not in later]
    changed = [key for key in later if key in earlier and earlier[key] != later[key]]
    images = {of[key][0] for of, keys in ((later, added), (earlier, removed)) for key in keys}
    images |= {of[key][0] for of in (earlier, later) for key in changed}
    return _Unequal(
        tuple(_named(key, later) for key in added),
        tuple(_named(key, earlier) for key in removed),
        tuple(_named(key, later) for key in changed),
        np.array(sorted(images), dtype=np.int64),
    )


def _are_equal(before: BaselineObjects, now: BaselineObjects) -> bool:
    pairs = (
        (before.ids, now.ids),
        (before.image_id, now.image_id),
        (before.category_id, now.category_id),
        (before.box, now.box),
        (before.area, now.area),
    )
    return all(np.array_equal(first, second) for first, second in pairs)


def _by_key(objects: BaselineObjects) -> dict[_Key, tuple[int | float, ...]]:
    """Image, class, box and area of each object."""
    rows = zip(
        objects.image_id.tolist(),
        objects.category_id.tolist(),
        objects.box.tolist(),
        objects.area.tolist(),
        strict=True,
    )
    values = [(image, category, *box, area) for image, category, box, area in rows]
    return dict(zip(object_keys(objects.ids), values, strict=True))


def _named(key: _Key, objects: dict[_Key, tuple[int | float, ...]]) -> str:
    return f"object {key[0]} of image {objects[key][0]}"
