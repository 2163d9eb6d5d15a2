"""Numbers as people read them: what is not quite 0 or 1 does not look like it, and no share goes without its n."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DASH = "–"
ROUNDING_NOISE = 1e-12
"""Differences of sums of float64 that should be 0 come out this small."""


def count(number: int) -> str:
    """36781 as `36,781`."""
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """`1 image`, `2 images`."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def fraction(value: float | None, digits: int = 3) -> str:
    """A fraction of 1 as `.504`; never rounds to 0 or 1 (`< .001`, `> .999`) unless it is; a dash where undefined."""
    if value is None:
        return DASH
    if abs(value) < ROUNDING_NOISE:
        return "0"
    smallest = 10.0**-digits
    if value < 0:
        text = fraction(-value, digits)
        turned = {"<": "> −", ">": "< −"}.get(text[0])
        return f"−{text}" if turned is None else turned + text[2:]
    if 0 < value < smallest / 2:
        return "< " + f"{smallest:.{digits}f}".lstrip("0")
    if 1 - smallest / 2 <= value < 1:
        return "> " + f"{1 - smallest:.{digits}f}".lstrip("0")
    text = f"{value:.{digits}f}"
    return {0.0: "0", 1.0: "1"}.get(value, text.removeprefix("0"))


def signed(value: float | None, digits: int = 3) -> str:
    """A difference of fractions with its sign, `+.013` or `−.010`; otherwise as `fraction`."""
    if value is None:
        return DASH
    text = fraction(value, digits)
    if value < 0 or text == "0":
        return text
    return f"{text[:2]}+{text[2:]}" if text.startswith(("< ", "> ")) else f"+{text}"


def percent(value: float | None) -> str:
    """A fraction of 1 in per cent, no more digits than needed and never 0 % or 100 % unless it is exactly that."""
    if value is None:
        return DASH
    if value in (0.0, 1.0):
        return f"{value * 100:.0f} %"
    if value < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= value < 1:
        return "> 99.9 %"
    in_percent = value * 100
    has_decimal = in_percent < 9.95 or 99 <= in_percent < 100
    return f"{in_percent:.1f} %" if has_decimal else f"{in_percent:.0f} %"


def rate(part: int, whole: int) -> str:
    """A share with its n: `62 % of 340`; a dash where there is nothing to share."""
    return f"{percent(part / whole)} of {count(whole)}" if whole else DASH


def interval(ends: "Sequence[float] | None", write: "Callable[[float], str]" = fraction) -> str:
    """A 95 % interval in brackets with a blank before it, ` (.49 to .52)`, to stand behind its number; else nothing."""
    return "" if ends is None else f" ({write(ends[0])} to {write(ends[1])})"


def times(value: float | None) -> str:
    """A ratio as `2.4×`; never rounds to 0 unless it is."""
    if value is None:
        return DASH
    if value == 0:
        return "0×"
    return "< 0.1×" if value < 0.05 else f"{value:.0f}×" if value >= 9.95 else f"{value:.1f}×"


def score(value: float) -> str:
    """The shortest decimal that is this float, as browsers write it: `0.00007137`, `1`, `1e-7`."""
    digits = repr(float(value))
    mantissa, _, exponent = digits.partition("e")
    if not exponent:
        return digits.removesuffix(".0")
    from decimal import Decimal  # few reports need it

    if -7 < int(exponent) < 21:
        return format(Decimal(digits), "f")
    return f"{mantissa}e{int(exponent):+d}"
