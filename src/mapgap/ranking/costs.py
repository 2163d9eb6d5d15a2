"""What errors cost, as the user says: by cause, or by cause and class."""

from collections.abc import Mapping

import numpy as np

from mapgap.errors import InputError
from mapgap.tables import CAUSES, Categories, FloatArray


def read_costs(costs: Mapping[str, float], categories: Categories) -> dict[str, FloatArray]:
    """What one error of each cause costs at each category; empty without costs.

    Keys are causes, or "cause:class", which goes before the cause alone. What is not named costs nothing. Raises
    InputError for a cause or class that there is not, and for a cost below 0 or not finite.
    """
    if not costs:
        return {}
    by_class = {cause: np.zeros(len(categories.ids)) for cause in CAUSES}
    for name, cost in sorted(costs.items(), key=lambda item: ":" in item[0]):
        cause, colon, of_class = name.partition(":")
        if cause not in by_class:
            raise InputError(f"cost of {name!r}: there is no cause {cause!r}", fix=f"Causes: {', '.join(CAUSES)}")
        if not 0 <= cost < np.inf:
            raise InputError(f"cost of {name!r}: {cost!r} is no cost", fix="Give a number from 0 up, such as 5")
        is_meant = np.array([not colon or one == of_class for one in categories.names], dtype=np.bool_)
        if not is_meant.any() and colon:
            raise InputError(
                f"cost of {name!r}: there is no class {of_class!r}", fix=f"Classes: {_some(categories.names)}"
            )
        by_class[cause][is_meant] = cost
    return by_class


def _some(names: tuple[str, ...], most: int = 20) -> str:
    """The names, or the first of very many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
