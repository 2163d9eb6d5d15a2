"""What errors cost, as the user says: by cause, or by cause and class."""

import math
from collections.abc import Mapping

import numpy as np

from mapgap.alikeness import listed, most_alike_first
from mapgap.errors import InputError
from mapgap.tables import CAUSES, Categories, FloatArray


def checked_costs(costs: Mapping[str, object]) -> dict[str, float]:
    """The costs as numbers, by cause or "cause:class"; what classes there are is not asked yet.

    Raises InputError for a cause that there is not, and for a cost that is no number, below 0 or not finite.
    """
    return {name: _checked_cost(name, cost) for name, cost in costs.items()}


def require_rankable(rank_by: str, costs: Mapping[str, float]) -> None:
    """Raises InputError where hot spots are to be ranked by cost and nothing costs anything."""
    if rank_by == "cost" and not costs:
        fix = 'Say what an error costs: --cost missed=5, in Python costs={"missed": 5}'
        raise InputError("cannot rank by cost without costs", fix=fix)


def require_cost_of_missing(costs: Mapping[str, float]) -> None:
    """Raises InputError where a score threshold is to cost least and nobody said what an object below it costs.

    It would cost nothing, and the threshold that keeps no detection would be the best of all.
    """
    if costs and not any(name.partition(":")[0] == "below_threshold" for name in costs):
        fix = "Add it, as in --cost below_threshold=5, or give no costs: then every error costs 1"
        raise InputError("the score threshold cost needs what an object lost below it costs", fix=fix)


def costs_of_threshold(costs: Mapping[str, float], categories: Categories) -> FloatArray:
    """(causes, K) what one error of each cause costs at each category where a threshold is chosen by cost.

    As `read_costs`, but 1 each where no costs are given. Raises InputError as it does, and where costs say nothing of
    `below_threshold`.
    """
    if not costs:
        return np.ones((len(CAUSES), len(categories.ids)))
    require_cost_of_missing(costs)
    by_cause = read_costs(costs, categories)
    return np.stack([by_cause[cause] for cause in CAUSES])


def read_costs(costs: Mapping[str, float], categories: Categories) -> dict[str, FloatArray]:
    """What one error of each cause costs at each category; empty without costs.

    Keys are causes, or "cause:class", which goes before the cause alone. What is not named costs nothing. Raises
    InputError for a cause or class that there is not, and for what is no cost.
    """
    if not costs:
        return {}
    by_class = {cause: np.zeros(len(categories.ids)) for cause in CAUSES}
    for name, cost in sorted(checked_costs(costs).items(), key=lambda item: ":" in item[0]):
        cause, colon, of_class = name.partition(":")
        is_meant = np.array([not colon or one == of_class for one in categories.names], dtype=np.bool_)
        if not is_meant.any() and colon:
            alike = listed(most_alike_first(of_class, categories.names))
            raise InputError(f"cost of {name!r}: there is no class {of_class!r}", fix=f"Classes: {alike}")
        by_class[cause][is_meant] = cost
    return by_class


def _checked_cost(name: object, cost: object) -> float:
    cause = name.partition(":")[0] if isinstance(name, str) else str(name)
    if cause not in CAUSES:
        alike = listed(most_alike_first(cause, CAUSES))
        raise InputError(f"cost of {name!r}: there is no cause {cause!r}", fix=f"Causes: {alike}")
    is_number = isinstance(cost, int | float | np.integer | np.floating) and not isinstance(cost, bool)
    try:
        number = float(cost) if is_number else math.nan  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    if not 0 <= number < math.inf:
        raise InputError(f"cost of {name!r}: {cost!r} is no cost", fix="Give a number from 0 up, such as 5")
    return number
