"""Hold one fuzz case to pycocotools: the drop-in in all it shows, `mapgap.evaluate` in numbers, curves and matches."""

import copy
import json
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mapgap
from mapgap.errors import InputError
from mapgap.matching import match_detections
from mapgap.tables import METRICS
from tests.dropin_runs import DROP_INS, GENUINE, OURS, assert_same_runs, run
from tests.fuzz_profiles import Case

COMPAT_TAKES_ODD_INPUT = True
"""Whether compat="pycocotools" takes NaN boxes, scores and areas and unknown categories, as pycocotools does."""
COMPAT_TAKES_LIMITS_BY_PLACE = True
"""Whether compat="pycocotools" takes AP50 and the rest at the third limit, whatever it is, as pycocotools does."""

DEFAULT_LIMITS = [1, 10, 100]
THRESHOLDS_AT_ONCE = 32


def differences(case: Case) -> list[str]:
    """What differs, one line each, starting with the name of the check; empty if all is well."""
    found = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        genuine = _run(GENUINE, case)
    for name, check in (("drop-in", _check_drop_in), ("compat", _check_compat), ("corrected", _check_corrected)):
        try:
            check(case, copy.deepcopy(genuine))
        except InputError as error:
            is_allowed = _has_no_meaning(case) and (name == "corrected" or not COMPAT_TAKES_ODD_INPUT)
            if not is_allowed:
                found.append(f"{name}: refused: {error}")
        except Exception as error:
            found.append(f"{name}: {type(error).__name__}: {_first_lines(error)}")
    return found


def read_case(path: Path) -> Case:
    """A case that was kept."""
    return Case(**json.loads(path.read_text()))


def write_case(path: Path, case: Case) -> None:
    """Keeps a case; NaN and infinity are written as Python reads them."""
    path.write_text(json.dumps(asdict(case)) + "\n")


def _first_lines(error: Exception) -> str:
    return " | ".join(line.strip() for line in str(error).splitlines() if line.strip())[:400]


def _has_no_meaning(case: Case) -> bool:
    """Areas beyond float64 have none either."""
    boxes = [record["bbox"] for record in [*case.ground_truth["annotations"], *case.detections] if "bbox" in record]
    return case.is_odd or any(abs(box[2] * box[3]) == np.inf for box in boxes)


def _run(kit: Any, case: Case) -> Any:
    options = case.options

    def before(params: Any) -> None:
        params.useCats = 0 if options.get("class_agnostic") else 1
        if "iou_thresholds" in options:
            params.iouThrs = np.array(options["iou_thresholds"], dtype=np.float64)
        if "area_ranges" in options:
            params.areaRng = [list(pair) for pair in options["area_ranges"].values()]
            params.areaRngLbl = list(options["area_ranges"])
        for name, theirs in (("max_detections", "maxDets"), ("image_ids", "imgIds"), ("category_ids", "catIds")):
            if name in options:
                setattr(params, theirs, list(options[name]))

    return run(kit, case.ground_truth, _for_load(case), options.get("iou_type", "bbox"), before=before)


def _for_load(case: Case) -> Any:
    if not case.detections:
        return {"images": case.ground_truth["images"], "annotations": []}
    return _detections(case)


def _detections(case: Case) -> Any:
    if not case.as_array or not case.detections:
        return copy.deepcopy(case.detections)
    return np.array([[row["image_id"], *row["bbox"], row["score"], row["category_id"]] for row in case.detections])


def _check_drop_in(case: Case, genuine: Any) -> None:
    """Both ways of the drop-in where the input has no meaning, else the one through the kernel."""
    for kit in DROP_INS if case.is_odd or case.only_drop_in else (OURS,):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            assert_same_runs(_run(kit, case), copy.deepcopy(genuine))


def _check_compat(case: Case, genuine: Any) -> None:
    if case.only_drop_in or (case.is_odd and not COMPAT_TAKES_ODD_INPUT):
        return
    if genuine.evaluation is None or not genuine.evaluation.eval:
        return
    ours = _evaluate_files(case, compat="pycocotools")
    _assert_curves(ours, genuine.evaluation.eval)
    limits = sorted(case.options.get("max_detections", DEFAULT_LIMITS))
    if genuine.error is None and (limits[2:] == [100] or COMPAT_TAKES_LIMITS_BY_PLACE):
        _assert_metrics(ours.metrics, _named_stats(genuine.evaluation, limits))


def _check_corrected(case: Case, genuine: Any) -> None:
    """Without `compat` the numbers are those that pycocotools gives for annotation ids 1 to N."""
    if case.is_odd or case.only_drop_in:
        return
    ids = [annotation["id"] for annotation in case.ground_truth["annotations"]]
    must_renumber = 0 in ids or len(set(ids)) < len(ids)
    if must_renumber:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            genuine = _run(GENUINE, _renumbered(case))
    ours = _evaluate(case)
    theirs = genuine.evaluation
    _assert_curves(ours, theirs.eval)
    _assert_metrics(ours.metrics, dict(_expected_metrics(theirs)))
    if genuine.error is None and theirs.params.maxDets[2:] == [100]:
        _assert_metrics(ours.metrics, _named_stats(theirs, theirs.params.maxDets))
    _assert_matches(ours, theirs, ours.ground_truth.record + 1 if must_renumber else ours.ground_truth.ids)


def _renumbered(case: Case) -> Case:
    annotations = [
        annotation | {"id": number} for number, annotation in enumerate(case.ground_truth["annotations"], start=1)
    ]
    return replace(case, ground_truth=case.ground_truth | {"annotations": annotations})


def _evaluate(case: Case, **more: Any) -> Any:
    return mapgap.evaluate(copy.deepcopy(case.ground_truth), _detections(case), **case.options, **more)


def _evaluate_files(case: Case, **more: Any) -> Any:
    """The same from files: another reader than that of Python's objects."""
    with tempfile.TemporaryDirectory() as folder:
        truth, results = Path(folder) / "gt.json", Path(folder) / "dt.json"
        truth.write_text(json.dumps(case.ground_truth))
        results.write_text(json.dumps(case.detections))
        return mapgap.evaluate(truth, _detections(case) if case.as_array else results, **case.options, **more)


def _assert_curves(ours: Any, theirs: Any) -> None:
    for name in ("precision", "recall", "scores"):
        mine = getattr(ours, name)
        # A NaN score of the file stays NaN; every other NaN of ours says "not defined".
        mine = np.where(np.isnan(mine) & ~np.isnan(theirs[name]), -1.0, mine)
        np.testing.assert_array_equal(mine, theirs[name], err_msg=name, strict=True)


def _assert_metrics(ours: Any, theirs: dict[str, float]) -> None:
    expected = {name: None if value == -1 else value for name, value in theirs.items()}
    wrong = {name: (ours.get(name), value) for name, value in expected.items() if ours.get(name) != value}
    assert not wrong, f"metrics (ours, theirs): {wrong}"


def _named_stats(theirs: Any, limits: list[int]) -> dict[str, float]:
    names = [*METRICS[:6], *(f"AR{limit}" for limit in limits[:3]), *METRICS[9:]]
    return dict(zip(names, theirs.stats, strict=True))


def _expected_metrics(theirs: Any) -> Iterator[tuple[str, float]]:
    """The means of their arrays, AP at 100 detections or else at the largest limit."""
    params = theirs.params
    limits, areas = list(params.maxDets), list(params.areaRngLbl)
    limit = limits.index(100) if 100 in limits else len(limits) - 1
    precision, recall = theirs.eval["precision"], theirs.eval["recall"]
    for name, label in (("AP", "all"), ("APs", "small"), ("APm", "medium"), ("APl", "large")):
        if label in areas:
            yield name, _mean(precision[:, :, :, areas.index(label), limit])
    if "all" in areas:
        for name, threshold in (("AP50", 0.5), ("AP75", 0.75)):
            yield name, _mean(precision[params.iouThrs == threshold][:, :, :, areas.index("all"), limit])
        for place, each in enumerate(limits):
            yield f"AR{each}", _mean(recall[:, :, areas.index("all"), place])
    for name, label in (("ARs", "small"), ("ARm", "medium"), ("ARl", "large")):
        if label in areas:
            yield name, _mean(recall[:, :, areas.index(label), limit])


def _mean(values: NDArray[np.float64]) -> float:
    defined = values[values > -1]
    return float(np.mean(defined)) if len(defined) else -1


def _assert_matches(ours: Any, theirs: Any, ids: NDArray[np.int64]) -> None:
    """Every detection's and annotation's match and ignore flag, in every image, class and area range.

    `ids` are the annotations' ids in their data.
    """
    ground_truth, detections, limits = ours.ground_truth, ours.results, ours.matches[0].max_detections
    areas = ours.matches[0].area_ranges
    every = [
        match_detections(
            ground_truth,
            detections,
            iou_thresholds=ours.iou_thresholds[start : start + THRESHOLDS_AT_ONCE],
            area_ranges=areas,
            max_detections=limits,
            every_area=True,
        )[0]
        for start in range(0, len(ours.iou_thresholds), THRESHOLDS_AT_ONCE)
    ]
    row_of = {int(record) + 1: row for row, record in enumerate(detections.record)}
    seen = 0
    for entry, area in _entries(theirs, len(areas)):
        rows = [row_of[number] for number in entry["dtIds"]]
        matched = np.concatenate([piece.matched[area][:, rows] for piece in every])
        theirs_matched = np.where(matched >= 0, ids[matched] if len(ids) else 0, 0).astype(np.float64)
        np.testing.assert_array_equal(theirs_matched, entry["dtMatches"], err_msg="dtMatches")
        ignored = np.concatenate([_bits(piece.ignored[area][rows], len(piece.iou_thresholds)) for piece in every])
        np.testing.assert_array_equal(ignored, entry["dtIgnore"], err_msg="dtIgnore")
        true = np.concatenate([_bits(piece.true_positive[area][rows], len(piece.iou_thresholds)) for piece in every])
        np.testing.assert_array_equal(true, (entry["dtMatches"] != 0) & ~entry["dtIgnore"], err_msg="true positives")
        np.testing.assert_array_equal(_taken(matched, entry, ids), entry["gtMatches"], err_msg="gtMatches")
        seen += len(rows)
    kept = int((every[0].rank < max(limits)).sum())
    assert seen == kept * len(areas), f"{seen} matches seen of {kept * len(areas)}"


def _entries(theirs: Any, areas: int) -> Iterator[tuple[Any, int]]:
    images = len(theirs._paramsEval.imgIds)
    for place, entry in enumerate(theirs.evalImgs):
        if entry is not None:
            yield entry, place // images % areas


def _bits(codes: NDArray[np.uint32], count: int) -> NDArray[np.bool_]:
    return np.array([(codes >> np.uint32(bit)) & 1 for bit in range(count)], dtype=bool).reshape(count, len(codes))


def _taken(matched: NDArray[np.int32], entry: Any, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """(T, G) the last detection that took each annotation, 0 for none."""
    place_of = {identifier: place for place, identifier in enumerate(entry["gtIds"])}
    taken = np.zeros((len(matched), len(place_of)))
    for threshold, row in enumerate(matched.tolist()):
        for detection, annotation in zip(entry["dtIds"], row, strict=True):
            if annotation >= 0:
                taken[threshold, place_of[int(ids[annotation])]] = detection
    return taken
