"""The findings of the diagnosis in words: what was read how, how many detections match then, and the options for it."""

import shlex
from collections.abc import Iterator

from mapgap.doctor.ground_truth_boxes import Corners
from mapgap.doctor.score_order import ScoreOrder
from mapgap.doctor.search import Search
from mapgap.doctor.trials import Trial
from mapgap.findings import Finding
from mapgap.readings import Reading
from mapgap.readings.boxes import PIXELS, parse_box_format

_FLAGS = {
    "box_format": "--box-format",
    "ground_truth_box_format": "--ground-truth-box-format",
    "category_map": "--category-map",
    "image_map": "--image-map",
    "score_format": "--score-format",
}


def options_of(reading: Reading) -> str:
    """The options of the command line that ask for the reading."""
    given = reading.record
    return " ".join(f"{flag} {shlex.quote(str(given[name]))}" for name, flag in _FLAGS.items() if name in given)


def other_reading(ground_truth_name: str, name: str, found: Search) -> Iterator[Finding]:
    """One finding for each thing that the best reading has otherwise, with the evidence for all of them together."""
    start, reading = found.as_read.reading, found.best.reading
    things = [
        field
        for field in ("ground_truth_box_format", "box_format", "image_map", "category_map")
        if getattr(start, field) != getattr(reading, field)
    ]
    for field in things:
        asked = str(getattr(reading, field))
        code, words = _named(field, asked)
        yield Finding(
            code,
            f"{words}: {_evidence(found, len(things) > 1)}",
            file=ground_truth_name if field == "ground_truth_box_format" else name,
            fix="Look whether that is how the file was written, and read it so with the options, or write it anew",
            field={"category_map": "category_id", "image_map": "image_id"}.get(field, "bbox"),
            command=options_of(reading),
        )


def scores_reversed(name: str, order: ScoreOrder) -> Finding:
    """Lower scores are surer."""
    return Finding(
        "scores_reversed",
        f"lower scores seem to be surer: {_percent(order.lower)} of the detections in the lower half of the scores "
        f"match an object at IoU .5, and {_percent(order.higher)} of those in the higher half",
        file=name,
        fix="Write scores that are the higher the surer, or turn them round with the option",
        field="score",
        command="--score-format reversed",
    )


def ground_truth_boxes(name: str, corners: Corners) -> Finding:
    """The ground truth's boxes are corners."""
    boxes = corners.boxes
    outside = (
        f"read as [x, y, width, height] {corners.outside:,} of {boxes:,} end outside of their image, as "
        f"{corners.layout} {corners.outside_there:,} do"
    )
    areas = (
        f"as {corners.layout} {corners.equal_areas_there:,} of {boxes:,} have the area that the file gives them, "
        f"as read {corners.equal_areas:,}"
    )
    evidence = outside if corners.outside > corners.outside_there else areas
    return Finding(
        "ground_truth_boxes",
        f"the boxes look like {corners.layout}: {evidence}",
        file=name,
        fix="Look whether that is how the file was written, and read it so with the option, or write it anew",
        list_name="annotations",
        field="bbox",
        command=f"--ground-truth-box-format {corners.layout}",
    )


def few_matches(name: str, found: Search) -> Finding:
    """Nothing explains them."""
    return Finding(
        "few_matches",
        f"{_matches(found.as_read)} at IoU .5, and none of {found.tried:,} other readings explains them (orders and "
        f"scales of the boxes, image and category ids, boxes of the ground truth)",
        file=name,
        fix="Draw some of the boxes over their pictures, and look whether both files are of the same images",
    )


def _named(field: str, asked: str) -> tuple[str, str]:
    """The finding's code, and what the thing looks like."""
    if field == "ground_truth_box_format":
        return "ground_truth_boxes", f"the boxes look like {asked}"
    if field == "box_format":
        is_plain = parse_box_format(asked).coordinates == PIXELS
        return "other_box_format" if is_plain else "other_box_scale", f"the boxes look like {asked}"
    kind = "image" if field == "image_map" else "category"
    return f"other_{kind}_ids", f"the {kind} ids look like {_map_words(kind, asked)}"


def _map_words(kind: str, asked: str) -> str:
    if asked[0] in "+-":
        ours = "too small" if asked[0] == "+" else "too large"
        return f"the ground truth's, {int(asked[1:]):,} {ours}"
    return {
        "by-position": f"places in the ground truth's {_LISTS[kind]}, from 0",
        "by-position-from-1": f"places in the ground truth's {_LISTS[kind]}, from 1",
        "file-name": "file names",
        "stem": "file names without folder and extension",
        "by-name": "names of categories",
        "coco80to91": "COCO's 80 classes numbered from 0",
        "coco80to91-from-1": "COCO's 80 classes numbered from 1",
        "coco91to80": "COCO's own ids, where the ground truth numbers the classes from 0",
    }[asked]


_LISTS = {"image": "list of images", "category": "categories by rising id"}


def _evidence(found: Search, is_together: bool) -> str:
    way = f"read with {options_of(found.best.reading)}" if is_together else "read that way"
    return f"{way} {_matches(found.best)} at IoU .5 instead of {found.as_read.matched:,}"


def _matches(trial: Trial) -> str:
    verb = "matches" if trial.matched == 1 else "match"
    return f"{trial.matched:,} of {trial.detections:,} detections looked at {verb} an object"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
