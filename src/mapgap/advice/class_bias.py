"""Mix-ups with many classes at once: a bias towards the class that gathers them, or away from it."""

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.mix_ups import MixUps, mix_ups_of
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, percent, plural
from mapgap.tables import IdArray, IndexArray, Recommendation

MOST = 0.5
FEWEST = 10
MANY_CLASSES = 3
TIMES_ITS_SHARE = 1.5


def class_bias(spot: HotSpot) -> Recommendation | None:
    """A look at the balance of classes, if one column (or row) of the mix-ups gathers most of them from many classes.

    A column counts only if it holds 1.5 times the class's share of all kept detections (a row: of all objects), since
    a frequent class gathers errors by being frequent.
    """
    here = mix_ups_of(spot, spot.error_rows)
    results = spot.results
    detected = results.detections.category[results.operating_point.kept]
    labelled = results.ground_truth.category[results.ground_truth.is_object]
    classes = len(results.ground_truth.categories.ids)
    towards = _gathers(here.called, here.truth, np.bincount(detected, minlength=classes))
    if towards is not None:
        return _advice(spot, here, towards, "towards")
    away = _gathers(here.truth, here.called, np.bincount(labelled, minlength=classes))
    return None if away is None else _advice(spot, here, away, "away_from")


def _gathers(gathering: IndexArray, others: IndexArray, usual: IdArray) -> int | None:
    """The class with most of the mix-ups, if they come from many others and are more than its usual share."""
    if len(gathering) < FEWEST:
        return None
    counts = np.bincount(gathering)
    most = int(np.argmax(counts))
    of_each = np.bincount(others[gathering == most])
    share, usual_share = counts[most] / len(gathering), usual[most] / max(1, int(usual.sum()))
    is_many = int((of_each > 0).sum()) >= MANY_CLASSES and of_each.max() <= MOST * counts[most]
    return most if is_many and share > MOST and share >= TIMES_ITS_SHARE * usual_share else None


def _advice(spot: HotSpot, here: MixUps, category: int, direction: str) -> Recommendation:
    gathering, others = (here.called, here.truth) if direction == "towards" else (here.truth, here.called)
    is_its = gathering == category
    classes = len(np.unique(others[is_its]))
    name = spot.results.ground_truth.categories.names[category]
    evidence = {
        "class": name,
        "direction": direction,
        "mix_ups": len(gathering),
        "mix_ups_of_class": int(is_its.sum()),
        "other_classes": classes,
    }
    its, of_all = count(int(is_its.sum())), plural(len(gathering), "mix-up")
    share = percent(float(is_its.mean()))
    if direction == "towards":
        lead = f"The detector leans towards {name}: {its} of the {of_all} here ({share}) are called so, from"
    else:
        lead = f"The detector hardly knows {name}: {its} of the {of_all} here ({share}) are objects of it, called"
    advice = "Compare the class's share in training with its share here, or weight its loss."
    text = f"{lead} {count(classes)} other classes. {advice}"
    return Recommendation("class_bias", text, evidence, look_at_slice(spot, "recall and fp"))
