"""One pair of classes that takes most of the mix-ups: a review of its labels."""

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.mix_ups import mix_ups_of
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, plural
from mapgap.tables import Recommendation

MOST = 0.5
FEWEST = 10


def review_labels(spot: HotSpot) -> Recommendation | None:
    """A look at the labels of two classes, if more than half of the mix-ups here are between them, either way."""
    here = mix_ups_of(spot, spot.error_rows)
    if not len(here.truth):
        return None
    ends = np.sort(np.stack([here.truth, here.called], axis=1), axis=1)
    pairs, counts = np.unique(ends, axis=0, return_counts=True)
    most = int(np.argmax(counts))
    of_pair = int(counts[most])
    if of_pair < FEWEST or of_pair <= MOST * len(here.truth):
        return None
    everywhere = mix_ups_of(spot)
    first, second = pairs[most].tolist()
    there = int(((everywhere.truth == first) & (everywhere.called == second)).sum())
    back = int(((everywhere.truth == second) & (everywhere.called == first)).sum())
    names = spot.results.ground_truth.categories.names
    if back > there:
        first, second, there, back = second, first, back, there
    evidence = {
        "classes": [names[first], names[second]],
        "mix_ups": len(here.truth),
        "mix_ups_of_pair": of_pair,
        "first_called_second": there,
        "second_called_first": back,
    }
    text = (
        f"Review the labels of {names[first]} and {names[second]}: {count(of_pair)} of the "
        f"{plural(len(here.truth), 'mix-up')} here are between the two. Over all data {names[first]} was called "
        f"{names[second]} {plural(there, 'time')}, the other way round {plural(back, 'time')}: {_reading(there, back)}"
    )
    return Recommendation("review_labels", text, evidence, look_at_slice(spot, "recall and fp"))


def _reading(there: int, back: int) -> str:
    if back * 4 <= there:
        return (
            "so one-sided that slips of the pen hardly explain it. Look at the rules of the annotators, the order of "
            "the class names, and the share of the two in training."
        )
    return "both ways, as where labels are mixed up or the two look alike."
