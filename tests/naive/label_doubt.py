"""Slow twin of the room label_doubt: calibrated confidence, reliability, and the score of every candidate, in loops."""

from bisect import bisect_right
from itertools import pairwise
from math import isnan, nan
from typing import Any

import numpy as np

from mapgap.tables import Results

Doubts = dict[tuple[str, int, int], float]
"""(kind, object, detection) -> score; -1 for none."""


FOLDS = 10


def edges_of(rows: list[tuple[float, bool]]) -> list[float]:
    """Lower ends of the bins above the lowest one, from (score, is it a hit)."""
    hit_scores = sorted(score for score, is_hit in rows if is_hit)
    bins = min(max(len(hit_scores) // 20, 1), 100)
    return sorted({hit_scores[i * len(hit_scores) // bins] for i in range(bins)}) if hit_scores else []


def fit(rows: list[tuple[float, bool]], edges: list[float]) -> list[tuple[float, float]]:
    """(mean score, share of hits) of each bin, rising, from (score, is it a hit)."""
    members: list[list[tuple[float, bool]]] = [[] for _ in range(len(edges) + 1)]
    for score, is_hit in rows:
        members[bisect_right(edges, score)].append((score, is_hit))
    pools = [[bin_] for bin_ in members if bin_]
    while True:
        falling = [i for i in range(len(pools) - 1) if _raw(pools[i]) >= _raw(pools[i + 1])]
        if not falling:
            break
        pools[falling[0] : falling[0] + 2] = [pools[falling[0]] + pools[falling[0] + 1]]
    curve, highest = [], 0.0
    for pool in pools:
        rows_of = [row for bin_ in pool for row in bin_]
        highest = max(highest, (sum(is_hit for _, is_hit in rows_of) + 0.5) / (len(rows_of) + 1))
        curve += [(sum(score for score, _ in bin_) / len(bin_), highest) for bin_ in pool]
    return curve


def learned(rows: list[tuple[int, float, bool]]) -> list[float]:
    """Share of hits at the score of each (image, score, is it a hit), from the rows of other folds; NaN without any."""
    edges = edges_of([(score, is_hit) for _, score, is_hit in rows])
    shares = [nan] * len(rows)
    for fold in range(FOLDS):
        others = [(score, is_hit) for image, score, is_hit in rows if image % FOLDS != fold]
        if others:
            curve = fit(others, edges)
            for i, (image, score, _) in enumerate(rows):
                if image % FOLDS == fold:
                    shares[i] = read_off(curve, score)
    return shares


def _raw(pool: list[list[tuple[float, bool]]]) -> float:
    rows = [is_hit for bin_ in pool for _, is_hit in bin_]
    return sum(rows) / len(rows)


def read_off(curve: list[tuple[float, float]], score: float) -> float:
    """The curve at a score, straight between its points and level beyond them."""
    if score <= curve[0][0]:
        return curve[0][1]
    for (low, share), (high, next_share) in pairwise(curve):
        if score <= high:
            return share + (next_share - share) * (score - low) / (high - low)
    return curve[-1][1]


def confidences(results: Results) -> list[float]:
    """One a detection: NaN where it does not count or the other folds of the images have nothing."""
    t = results.analysis_threshold
    counted, hit = results.matches.is_counted(t), results.matches.is_true_positive(t)
    found = results.detections
    values = [nan] * len(found.score)
    rows = [d for d in range(len(values)) if counted[d]]
    shares = learned([(int(found.image[d]), float(found.score[d]), bool(hit[d])) for d in rows])
    for d, share in zip(rows, shares, strict=True):
        values[d] = share
    return values


def d_ece(scores: list[float], hits: list[bool], bins: int = 20) -> float:
    """Detection expected calibration error over bins of equal width between 0 and 1; NaN without detections."""
    if not scores:
        return nan
    total = 0.0
    for place in range(bins):
        low, high = place / bins, (place + 1) / bins
        inside = [i for i, s in enumerate(scores) if low <= s < high or (s == 1 and place == bins - 1)]
        if inside:
            precision = sum(hits[i] for i in inside) / len(inside)
            confidence = sum(scores[i] for i in inside) / len(inside)
            total += len(inside) / len(scores) * abs(precision - confidence)
    return total


def label_doubts(results: Results) -> Doubts:
    """Every candidate before repeats are dropped and before an object keeps only its best."""
    heard = _witnesses(results)
    found: Doubts = {}
    found.update(_wrong_class(results, heard))
    found.update(_loose_box(results, heard))
    found.update(_missing_label(results, heard))
    found.update(_spurious_label(results))
    return {key: score for key, score in found.items() if score >= 0.005}


def _reached(results: Results) -> float:
    return min(float(results.matches.iou_thresholds[results.analysis_threshold]), 1 - 1e-10)


def _witnesses(results: Results) -> list[dict[str, Any]]:
    """Surest first, each with what it speaks of."""
    t, near, found = results.analysis_threshold, results.causes.nearest, results.detections
    reached, hit = _reached(results), results.matches.is_true_positive(t)
    confidence = confidences(results)
    sure = [d for d, p in enumerate(confidence) if p >= 0.1]
    sure.sort(key=lambda d: (-confidence[d], -found.score[d], d))
    matched = {int(results.matches.matched[0, t, d]) for d in sure if hit[d]}
    heard = []
    for d in sure:
        same, other = int(near.same_class_object[d]), int(near.other_class_object[d])
        same_iou, other_iou = float(near.same_class_iou[d]), float(near.other_class_iou[d])
        is_misnamed = not hit[d] and other >= 0 and other_iou >= reached and same_iou < reached
        home = int(results.matches.matched[0, t, d]) if hit[d] else other if is_misnamed else same
        iou = other_iou if is_misnamed else same_iou if home >= 0 and home == same else nan
        alone = not hit[d] and same < 0 and (other < 0 or (other in matched and other_iou < reached))
        heard.append(
            {
                "d": d, "p": confidence[d], "score": float(found.score[d]), "image": int(found.image[d]), "home": home,
                "iou": iou, "hit": bool(hit[d]), "named": home >= 0 and not is_misnamed, "alone": alone,
            }
        )  # fmt: skip
    return heard


def _first(heard: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    first: dict[int, dict[str, Any]] = {}
    for witness in heard:
        if witness["home"] >= 0:
            first.setdefault(witness["home"], witness)
    return dict(sorted(first.items()))


def _event_shares(rows: list[dict[str, Any]], is_event: list[bool]) -> list[float]:
    return [
        1 - share
        for share in learned(
            [(row["image"], row["score"], not event) for row, event in zip(rows, is_event, strict=True)]
        )
    ]


def _divided(share: float, wrong: float, trust: float) -> tuple[float, float]:
    label = nan if isnan(share) else min(wrong, trust * share, 0.9 * share)
    return label, share - label


def _others_at_the_top(rows: list[dict[str, Any]], i: int, part: float) -> list[int]:
    limit = float(np.quantile([row["score"] for row in rows], 1 - part))
    fold = rows[i]["image"] % FOLDS
    return [j for j, row in enumerate(rows) if row["score"] >= limit and row["image"] % FOLDS != fold]


def _shares(rows: list[dict[str, Any]], is_event: list[bool]) -> list[tuple[float, float]]:
    """(by label, by detector) of each row, from the other folds."""
    shares = []
    for i, share in enumerate(_event_shares(rows, is_event)):
        tenth, third = _others_at_the_top(rows, i, 1 / 10), _others_at_the_top(rows, i, 1 / 3)
        events = sum(is_event[j] for j in third)
        of_tenth = (sum(is_event[j] for j in tenth) + 2) / (len(tenth) + 100)
        left = min(0.02, of_tenth, (events + 2) / (len(third) + 100))
        trust = (events + 1) / (events + 2)
        shares.append(_divided(share, left * trust, trust))
    return shares


def _fit_shares(rows: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """(by label, by detector) of each row in the band of its IoU; NaN where that is not loose."""
    tenth = [int(row["iou"] * 10 + 1e-9) for row in rows]
    shares = [(nan, nan)] * len(rows)
    bands = ((2, 5), (5, 6), (6, 7))
    for place, (low, high) in enumerate(bands):
        inside = [low <= one < high for one in tenth]
        share = _event_shares(rows, inside)
        for i in range(len(rows)):
            if not inside[i]:
                continue
            top = [tenth[j] for j in _others_at_the_top(rows, i, 1 / 3)]
            density, trust = [], 1.0
            for first, last in bands[: place + 1]:
                fall = min((top.count(last) + 0.5) / (top.count(last + 1) + 1), 1)
                usual = sum(top.count(last) * fall**step for step in range(1, last - first + 1))
                beyond = max(sum(first <= one < last for one in top) - 2 * usual, 0)
                wrong = min(0.02, (beyond + 0.5) / (len(top) + 100)) * (beyond + 1) / (beyond + 2)
                density.append(wrong / (last - first))
                trust = (beyond + 1) / (beyond + 4) if first == 2 else trust
            shares[i] = _divided(share[i], min(density) * (high - low), trust)
    return shares


def _lifts(is_event: list[bool], expected: list[float], columns: list[list[int]]) -> list[float]:
    lifts = [1.0] * len(is_event)
    for codes in columns:
        for i, code in enumerate(codes):
            mates = [j for j, other in enumerate(codes) if other == code and j != i]
            due = sum(0.0 if isnan(expected[j]) else expected[j] for j in mates)
            lift = (sum(is_event[j] for j in mates) + 3) / (due + 3)
            if lift > 1.25:
                lifts[i] = max(lifts[i], lift)
    return lifts


def _object_columns(results: Results, objects: list[int]) -> list[list[int]]:
    return [[int(attribute.object_codes[g]) for g in objects] for attribute in results.attributes]


def _posterior(prior: float, right: float, usual: float) -> float:
    return prior * right / (prior * right + (1 - prior) * usual)


def _wrong_class(results: Results, heard: list[dict[str, Any]]) -> Doubts:
    truth, reached = results.ground_truth, _reached(results)
    fitting = [w for w in heard if w["hit"] or w["iou"] >= reached]
    first = _first(fitting)
    objects, rows = list(first), list(first.values())
    misnamed = [not row["named"] for row in rows]
    label = [int(truth.category[g]) for g in objects]
    named = [int(results.detections.category[row["d"]]) for row in rows]
    # The halves are those of the objects' images, which are the witnesses' images too.
    shares = _shares(rows, misnamed)
    lifts = _lifts(misnamed, [a + b for a, b in shares], _object_columns(results, objects))
    others = max(len({int(k) for k in truth.category[truth.is_object]}) - 1, 1)
    confirming = _first([w for w in fitting if w["named"]])
    found: Doubts = {}
    for i, (g, row) in enumerate(zip(objects, rows, strict=True)):
        if not misnamed[i] or row["p"] < 0.5:
            continue
        pair = {label[i], named[i]}
        alike = sum(misnamed[j] and {label[j], named[j]} == pair for j in range(len(rows)) if j != i)
        due = sum(0 if isnan(shares[j][1]) else sum(shares[j]) for j in range(len(rows)) if label[j] in pair) / others
        pair_lift = max(1, (alike + 0.2) / (due + 0.2))
        of_named = [rows[j]["iou"] for j in range(len(rows)) if not misnamed[j] and not isnan(rows[j]["iou"])]
        of_misnamed = [rows[j]["iou"] for j in range(len(rows)) if misnamed[j]]
        low_named = (sum(u <= row["iou"] for u in of_named) + 1) / (len(of_named) + 1)
        low_misnamed = (sum(u <= row["iou"] for u in of_misnamed) + 1) / (len(of_misnamed) + 1)
        right = row["p"] * (1 - (confirming[g]["p"] if g in confirming else 0)) * min(1, low_named / low_misnamed)
        found["wrong_class", g, row["d"]] = _posterior(shares[i][0], right, shares[i][1] * pair_lift * lifts[i])
    return found


def _size(results: Results, g: int) -> int:
    area = results.ground_truth.area[g]
    return int(area >= 32**2) + int(area >= 96**2)


def _loose_box(results: Results, heard: list[dict[str, Any]]) -> Doubts:
    speaking = [w for w in heard if w["named"] and not isnan(w["iou"]) and w["p"] >= 0.5]
    first = _first(speaking)
    objects, rows = list(first), list(first.values())
    if not rows:
        return {}
    loose = [row["iou"] < 0.7 for row in rows]
    lifts = _lifts(loose, [a + b for a, b in _shares(rows, loose)], _object_columns(results, objects))
    tight = _first([w for w in speaking if w["iou"] >= 0.7])
    shares = _fit_shares(rows)
    found: Doubts = {}
    for i, (g, row) in enumerate(zip(objects, rows, strict=True)):
        label, detector = shares[i]
        if not isnan(label):
            confirmed = tight[g]["p"] if g in tight else 0
            right = row["p"] * (1 - confirmed)
            found["loose_box", g, row["d"]] = _posterior(label, right, min(detector * lifts[i], 1))
    return found


def _missing_label(results: Results, heard: list[dict[str, Any]]) -> Doubts:
    rows = [w for w in heard if (w["hit"] or w["alone"]) and w["p"] >= 0.5]
    alone = [row["alone"] for row in rows]
    shares = _shares(rows, alone)
    columns = [[int(a.detection_codes[r["d"]]) for r in rows] for a in results.attributes if a.kind != "object"]
    lifts = _lifts(alone, [a + b for a, b in shares], columns)
    return {
        ("missing_label", -1, row["d"]): _posterior(shares[i][0], row["p"], min(shares[i][1] * lifts[i], 1))
        for i, row in enumerate(rows)
        if alone[i]
    }


def _spurious_label(results: Results) -> Doubts:
    truth, near, point = results.ground_truth, results.causes.nearest, results.operating_point
    touched = {int(g) for g in np.flatnonzero(point.found)}
    for d in np.flatnonzero(point.kept):
        touched |= {int(near.same_class_object[d]), int(near.other_class_object[d])}
    objects = [int(g) for g in np.flatnonzero(truth.is_object)]
    alone = [g not in touched for g in objects]
    overall = (sum(alone) + 1) / (len(objects) + 1)
    cell = [(int(truth.category[g]), _size(results, g)) for g in objects]
    base = []
    for i in range(len(objects)):
        mates = [j for j in range(len(objects)) if cell[j] == cell[i] and j != i]
        base.append((sum(alone[j] for j in mates) + 1) / (len(mates) + 1 / overall))
    lifts = _lifts(alone, base, _object_columns(results, objects))
    return {
        ("spurious_label", g, -1): _posterior(0.001, 1, min(base[i] * lifts[i], 1))
        for i, g in enumerate(objects)
        if alone[i]
    }
