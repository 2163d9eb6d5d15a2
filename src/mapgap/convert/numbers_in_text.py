"""Numbers as label files write them; what only Python would take for one is none."""

import math
import re

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
WHOLE = re.compile(r"[+-]?[0-9]{1,18}(?:\.0*)?")
MOST_DIGITS = 400


def finite_number(text: str) -> float | None:
    """The number, or None for what is none, is not finite or has hundreds of digits."""
    if len(text) > MOST_DIGITS or not NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def whole_number(text: str) -> int | None:
    """The whole number, also of `3.0`, or None."""
    return int(text.partition(".")[0]) if WHOLE.fullmatch(text) else None


def scalar(text: str) -> bool | int | float | str:
    """A value as an attribute has it: `true` and `false`, whole numbers, other finite numbers, else the text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", text):
        return int(text)
    value = finite_number(text)
    return text if value is None else value
