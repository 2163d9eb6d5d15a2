"""The report's tables with plain loops: one dict a row; its CSV with one cell after the other."""

from collections.abc import Iterable, Sequence
from typing import Any

from mapgap.tables import CAUSES, Results

Row = dict[str, Any]


def objects_rows(results: Results) -> list[Row]:
    """Rows of objects.parquet without attributes and boxes."""
    truth, t = results.ground_truth, results.analysis_threshold
    return [_object_row(results, g, t) for g in range(len(truth.ids)) if not truth.crowd[g]]


def _object_row(results: Results, g: int, t: int) -> Row:
    truth, errors, debts = results.ground_truth, results.errors, results.debts
    row: Row = {
        "object_id": int(truth.ids[g]),
        "image_id": int(truth.images.ids[truth.image[g]]),
        "file_name": truth.images.file_names[truth.image[g]],
        "class": truth.categories.names[truth.category[g]],
        "outcome": "tp" if results.operating_point.found[g] else "fn",
        "cause": None,
        "detection": None,
        "detection_score": None,
        "recovering_score": None,
        "gap": 0.0,
        "gap_at_iou_50": 0.0,
    }
    for e in range(len(errors.cause)):
        if errors.is_false_negative[e] and errors.object[e] == g:
            row["cause"] = CAUSES[errors.cause[e]]
            score = float(errors.recovering_score[e])
            row["recovering_score"] = None if score != score else score
    for d in range(len(results.detections.record)):
        is_hit = (int(results.matches.true_positive[0, d]) >> t) & 1
        if is_hit and results.matches.matched[0, t, d] == g:
            row["detection"] = int(results.detections.record[d])
            row["detection_score"] = float(results.detections.score[d])
    for r in range(len(debts.gap)):
        if debts.detection[r] == -1 and debts.object[r] == g:
            row["gap"] += float(debts.gap[r])
            row["gap_at_iou_50"] += float(debts.gap_at_50[r])
    return row


def detections_rows(results: Results) -> list[Row]:
    """Rows of detections.parquet without boxes."""
    return [_detection_row(results, d, results.analysis_threshold) for d in range(len(results.detections.record))]


def _detection_row(results: Results, d: int, t: int) -> Row:
    truth, matches, debts = results.ground_truth, results.matches, results.debts
    code = int(results.causes.detection[t, d])
    cause = None if code < 0 else CAUSES[code]
    target = -1
    if matches.rank[d] >= results.settings.max_detections:
        outcome = "cut"
    elif (int(matches.ignored[0, d]) >> t) & 1:
        outcome = "ignored"
    elif (int(matches.true_positive[0, d]) >> t) & 1:
        outcome, target = "tp", int(matches.matched[0, t, d])
    else:
        outcome = "fp"
        nearest = results.causes.nearest
        if cause in ("localization", "duplicate"):
            target = int(nearest.same_class_object[d])
        if cause in ("classification", "both"):
            target = int(nearest.other_class_object[d])
    row: Row = {
        "detection": int(results.detections.record[d]),
        "class": truth.categories.names[results.detections.category[d]],
        "outcome": outcome,
        "kept": bool(results.operating_point.kept[d]),
        "cause": cause,
        "object_id": None if target < 0 else int(truth.ids[target]),
        "iou": None if target < 0 else _overlap(results.detections.box[d], truth.box[target]),
        "gap": sum(float(debts.gap[r]) for r in range(len(debts.gap)) if debts.detection[r] == d),
    }
    for attribute in results.attributes:
        codes = attribute.detection_codes if target < 0 else attribute.object_codes
        row[f"attribute {attribute.name}"] = attribute.values[codes[d if target < 0 else target]]
    return row


def _overlap(one: Any, other: Any) -> float:
    (ax, ay, aw, ah), (bx, by, bw, bh) = one, other
    width = max(0.0, min(ax + aw, bx + bw) - max(ax, bx))
    height = max(0.0, min(ay + ah, by + bh) - max(ay, by))
    return float(width * height / (aw * ah + bw * bh - width * height))


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str | int | float | None]]) -> str:
    """RFC 4180 with a line feed after each row; text that could start a formula gets an apostrophe."""
    return "".join(",".join(_cell(value) for value in row) + "\n" for row in (header, *rows))


def _cell(value: str | int | float | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    text = f"'{value}" if value and value[0] in "=+-@\t\r\n" else value
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if set(text) & set('",\r\n') else text
