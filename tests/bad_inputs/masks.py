"""Masks that are none, evaluated with --iou-type segm."""

from collections.abc import Iterator

from tests.bad_inputs.pair import Pair, Results, Truth, refused, silent, sound_pair, warned

BAD_RUNS = {
    "counts_null": {"size": [80, 100], "counts": None},
    "counts_missing": {"size": [80, 100]},
    "size_missing": {"counts": [0, 8000]},
    "size_of_text": {"size": ["80", "100"], "counts": [0, 8000]},
    "size_of_3": {"size": [80, 100, 3], "counts": [0, 8000]},
    "negative_size": {"size": [-80, -100], "counts": [0, 8000]},
    "counts_too_short": {"size": [80, 100], "counts": [0, 100]},
    "counts_too_long": {"size": [80, 100], "counts": [0, 9000]},
    "counts_negative": {"size": [80, 100], "counts": [-5, 8005]},
    "counts_fraction": {"size": [80, 100], "counts": [0.5, 7999.5]},
    "counts_broken_text": {"size": [80, 100], "counts": "\x01\x02"},
    "counts_cut_text": {"size": [80, 100], "counts": "o"},
    "counts_beyond_ascii": {"size": [80, 100], "counts": "é"},
    "text": "mask",
    "list_of_text": ["mask"],
}
BAD_POLYGONS = {
    "of_4_numbers": [[0, 0, 5, 5]],
    "of_7_numbers": [[0, 0, 5, 5, 5, 0, 1]],
    "far_away": [[0, 0, 1e9, 0, 1e9, 1e9]],
}


def masked_pair() -> tuple[Truth, Results]:
    """The sound pair with a polygon round every object and run lengths for every detection."""
    truth, results = sound_pair()
    for annotation in truth["annotations"]:
        x, y, width, height = annotation["bbox"]
        annotation["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    for detection in results:
        detection["segmentation"] = runs_of(detection["bbox"])
    return truth, results


def runs_of(box: list[int]) -> dict[str, object]:
    """A filled box in a picture of 100 x 80, as run lengths, column by column."""
    x, y, width, height = box
    runs = [80 * x + y, *[height, 80 - height] * (width - 1), height, 80 * (100 - x - width) + 80 - y - height]
    return {"size": [80, 100], "counts": runs}


def bad_masks() -> Iterator[Pair]:
    """One bad mask among sound ones."""
    truth, results = masked_pair()
    rest = (truth, results[:3] + results[4:])
    yield silent("sound_masks", truth, results, iou_type="segm")
    for name, mask in BAD_RUNS.items():
        dt = [*results[:3], {**results[3], "segmentation": mask}, *results[4:]]
        yield refused(
            f"mask_{name}", "mask_invalid", "dt.json", "detections[3]", gt=truth, dt=dt, rest=rest, iou_type="segm"
        )
    for name, polygon in BAD_POLYGONS.items():
        annotations = [dict(annotation) for annotation in truth["annotations"]]
        annotations[1]["segmentation"] = polygon
        gt = {**truth, "annotations": annotations}
        without = {**truth, "annotations": annotations[:1] + annotations[2:]}
        words = ("gt.json", "annotations[1]", "polygon")
        yield refused(
            f"polygon_{name}", "mask_invalid", *words, gt=gt, dt=results, rest=(without, results), iou_type="segm"
        )
    other = [*results[:3], {**results[3], "segmentation": {"size": [100, 80], "counts": [0, 8000]}}, *results[4:]]
    words = ("[100, 80]", "[80, 100]")
    yield refused("mask_of_another_size", "mask_size_differs", *words, gt=truth, dt=other, rest=rest, iou_type="segm")
    plain = sound_pair()[1]
    yield refused(
        "no_masks_among_detections",
        "mask_missing",
        "--iou-type bbox",
        gt=truth,
        dt=plain,
        rest=(truth, []),
        iou_type="segm",
    )
    lacking = [*results[:3], {**results[3], "segmentation": None}, *results[4:]]
    yield refused("mask_null", "mask_missing", "detections[3]", gt=truth, dt=lacking, rest=rest, iou_type="segm")
    yield from _without_iou_type()


def _without_iou_type() -> Iterator[Pair]:
    """Where boxes are compared, bad masks are no matter of an analysis, and the doctor warns."""
    truth, results = masked_pair()
    yield silent("sound_masks_unasked", truth, results)
    dt = [*results[:3], {**results[3], "segmentation": BAD_RUNS["counts_too_short"]}, *results[4:]]
    yield warned("bad_mask_unasked", "mask_invalid", "detections[3]", "--iou-type segm", gt=truth, dt=dt)
