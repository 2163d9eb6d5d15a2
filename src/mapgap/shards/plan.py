"""Whether the shards fit together, and what is to be matched with what."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from mapgap.errors import InputError
from mapgap.number_words import plural
from mapgap.shards.survey import NO_IDS, Survey
from mapgap.tables import IdArray, Notice

SHOWN = 5
"""So many names of files or numbers stand in a message."""
ENOUGH_TO_FIND_SOMETHING = 10
"""Images or objects of a shard without detections, from which on it is taken for a sign."""
WHOLE = "Each image, with its annotations, stands in one shard, and all its detections in one"


@dataclass(frozen=True)
class ShardTask:
    """One file of detections, and the files of the ground truth that has its images."""

    detections: str
    ground_truth: tuple[str, ...]
    categories: bytes
    """The JSON list of all classes."""


@dataclass(frozen=True)
class ShardPlan:
    """All shards of one run, which fit together."""

    name: str
    surveys: tuple[Survey, ...]
    """By the lowest id of their images."""
    image_ids: IdArray
    """Of all ground truth, rising."""
    categories: tuple[tuple[int, str], ...]
    """(id, name) by id."""
    tasks: tuple[ShardTask, ...]
    notices: tuple[Notice, ...] = ()
    """What is odd about the set."""

    @property
    def categories_json(self) -> bytes:
        """The list of COCO's format."""
        return categories_json(self.categories)


def plan_shards(surveys: Sequence[Survey]) -> ShardPlan:
    """The plan. InputError, naming the files, where a shard is missing, repeated, shortened or of another data set."""
    ordered = tuple(sorted(surveys, key=_first_image))
    truths = [survey for survey in ordered if survey.has_ground_truth]
    results = [survey for survey in ordered if survey.has_detections]
    empty = [survey for survey in ordered if survey.mark is not None and not survey.kind]
    for kind in sorted({survey.kind for survey in ordered} - {""}):
        _require_whole_set(kind, [survey for survey in ordered if survey.kind == kind] + empty)
    for survey in ordered:
        _require_whole(survey)
    categories = _common_categories(ordered)
    _require_known_classes(truths, dict(categories))
    if not truths:
        raise InputError("none of the shards holds ground truth", fix="Name its files too, or give it as GT")
    if not results:
        raise InputError("none of the shards holds detections", fix="Name their files too")
    image_ids, owner = _owners(truths, "image_ids", "ground truth")
    _owners(results, "detected_image_ids", "detections")
    with_records = [survey for survey in results if survey.detections] or results[:1]
    tasks = [_task(survey, truths, image_ids, owner, categories_json(categories)) for survey in with_records]
    notices = _bare_shards(truths, results)
    return ShardPlan(_set_name(ordered), ordered, image_ids, categories, tuple(tasks), notices)


def categories_json(categories: Iterable[tuple[int, str]]) -> bytes:
    """The list of COCO's format."""
    return msgspec.json.encode([{"id": identifier, "name": name} for identifier, name in categories])


def _first_image(survey: Survey) -> tuple[bool, int, str]:
    ids = survey.image_ids if survey.has_ground_truth else survey.detected_image_ids
    return len(ids) == 0, int(ids[0]) if len(ids) else 0, survey.name


def _set_name(surveys: Sequence[Survey]) -> str:
    names = sorted({survey.mark.set for survey in surveys if survey.mark is not None})
    return names[0] if len(names) == 1 else "shards"


def _require_whole_set(kind: str, surveys: Sequence[Survey]) -> None:
    """Where shards say which they are: one set, each number once, none missing."""
    marked = [(survey.name, survey.mark) for survey in surveys if survey.mark is not None]
    if not marked:
        return
    unmarked = [survey.name for survey in surveys if survey.mark is None]
    if unmarked:
        raise InputError(
            f"has no mark, and {marked[0][0]} is marked as one of the set {marked[0][1].set!r}",
            file=unmarked[0],
            fix="Leave it out if it is of another set, or write its mark",
        )
    kinds = Counter((mark.set, mark.of) for _, mark in marked)
    (usual, _), *others = kinds.most_common()
    if others:
        stranger, mark = next((name, mark) for name, mark in marked if (mark.set, mark.of) != usual)
        what = f"is of the set {mark.set!r} of {mark.of}, and {kinds[usual]} shards are of {usual[0]!r} of {usual[1]}"
        raise InputError(what, file=stranger, fix="Leave it out, or give one set at a time")
    numbers: dict[int, str] = {}
    for name, mark in marked:
        if mark.number in numbers:
            what = f"is shard {mark.number} of {mark.of}, and so is {numbers[mark.number]}"
            raise InputError(what, file=name, fix="Leave one of them out")
        numbers[mark.number] = name
    missing = [number for number in range(1, usual[1] + 1) if number not in numbers]
    if missing:
        what = f"{plural(len(missing), 'shard')} of {kind} missing from the set {usual[0]!r} of {usual[1]}"
        raise InputError(f"{what}: number {_listed(missing)}", fix="Give all of them")


def _require_whole(survey: Survey) -> None:
    """As many records as the shard says it has."""
    if survey.mark is None:
        return
    counts = {
        "images": len(survey.image_ids),
        "annotations": survey.annotations,
        "detections": survey.detections,
    }
    for records, count in counts.items():
        expected = getattr(survey.mark, records)
        is_known = records != "detections" or not survey.has_bad_records
        if expected is not None and count != expected and is_known:
            how = "was cut off" if count < expected else "has grown"
            what = f"holds {count:,} {records} and says that it has {expected:,}: the file {how}"
            raise InputError(what, file=survey.name, fix="Copy or write it again, whole")


def _common_categories(surveys: Sequence[Survey]) -> tuple[tuple[int, str], ...]:
    telling = [survey for survey in surveys if survey.categories is not None]
    if not telling:
        raise InputError(
            "no shard says which classes there are",
            fix='Give a file with {"categories": [{"id": 1, "name": "person"}, ...]} beside them',
        )
    kinds = Counter(survey.categories for survey in telling)
    usual = kinds.most_common()[0][0]
    for survey in telling:
        if survey.categories != usual:
            other = next(each for each in telling if each.categories == usual)
            different = sorted(set(survey.categories or ()) ^ set(usual or ()))
            what = f"its classes are not those of {other.name}: {_listed([f'{i} ({name})' for i, name in different])}"
            raise InputError(what, file=survey.name, fix="Is it a shard of another data set? Give one set at a time")
    assert usual is not None
    return usual


def _require_known_classes(truths: Sequence[Survey], categories: dict[int, str]) -> None:
    for survey in truths:
        unknown = [identifier for identifier in survey.class_ids.tolist() if identifier not in categories]
        if unknown:
            what = f"annotations of the class {_listed(unknown)}, which no shard names"
            raise InputError(what, file=survey.name, fix="Add the class to 'categories', or leave the shard out")


def _owners(surveys: Sequence[Survey], field: str, what: str) -> tuple[IdArray, IdArray]:
    """(every image id, rising; the place of its shard); InputError where one stands in two shards."""
    ids = np.concatenate([getattr(survey, field) for survey in surveys])
    owner = np.repeat(np.arange(len(surveys)), [len(getattr(survey, field)) for survey in surveys])
    order = np.argsort(ids, kind="stable")
    ids, owner = ids[order], owner[order].astype(np.int64)
    again = np.flatnonzero(ids[1:] == ids[:-1])
    if len(again):
        first = int(again[0])
        one, other = surveys[owner[first]].name, surveys[owner[first + 1]].name
        more = f" ({len(again):,} such images)" if len(again) > 1 else ""
        raise InputError(
            f"image {ids[first]} has {what} in {one} too{more}: a shard is there twice, or images are split",
            file=other,
            fix=WHOLE,
        )
    return ids, owner


def _task(survey: Survey, truths: Sequence[Survey], image_ids: IdArray, owner: IdArray, categories: bytes) -> ShardTask:
    wanted = survey.detected_image_ids
    if not len(wanted):  # its records mean nothing, or there is none: any ground truth will do
        return ShardTask(survey.path, (truths[0].path,), categories)
    if not len(image_ids):
        raise InputError("the ground truth has no images", file=truths[0].name, fix="Is one of its shards missing?")
    place = np.minimum(np.searchsorted(image_ids, wanted), len(image_ids) - 1)
    is_known = image_ids[place] == wanted
    if not is_known.all():
        unknown, images = wanted[~is_known], plural(len(wanted), "image")
        raise InputError(
            f"{len(unknown):,} of its {images}, such as {unknown[0]}, are in no shard of ground truth",
            file=survey.name,
            fix="Is the shard with their ground truth missing, or is this one of another data set?",
        )
    needed = np.unique(owner[place]).tolist()
    return ShardTask(survey.path, tuple(truths[each].path for each in needed), categories)


def _bare_shards(truths: Sequence[Survey], results: Sequence[Survey]) -> tuple[Notice, ...]:
    """A notice where shards of ground truth have no detection on any image; of a mark nothing more is to be said.

    InputError where there are fewer shards of detections, and too much in a bare one to believe that nothing was found.
    """
    if any(survey.mark for survey in results) or any(survey.has_ground_truth for survey in results) or len(truths) < 2:
        return ()
    detected = np.concatenate([NO_IDS, *(survey.detected_image_ids for survey in results)])
    filled = [survey for survey in truths if len(survey.image_ids)]
    bare = [each for each in filled if not np.isin(each.image_ids, detected, assume_unique=True).any()]
    if not bare:
        return ()
    large = [each.name for each in bare if max(len(each.image_ids), each.objects) >= ENOUGH_TO_FIND_SOMETHING]
    if large and 1 < len(results) < len(truths):
        raise InputError(
            f"no detection is on any of its images, and there are {len(results)} shards of detections for "
            f"{len(truths)} of ground truth, so that one seems to be missing",
            file=large[0],
            fix="Give it; if nothing was found there, a file with [] says so",
        )
    names = [each.name for each in bare]
    images = sum(len(each.image_ids) for each in bare)
    message = f"no detection is on any of the {plural(images, 'image')} of {_listed(names)}: was a shard left out?"
    return (Notice("shard_without_detections", message, len(bare), tuple(names[:3])),)


def _listed(values: Sequence[object]) -> str:
    shown = ", ".join(str(value) for value in values[:SHOWN])
    return f"{shown} and {len(values) - SHOWN:,} more" if len(values) > SHOWN else shown
