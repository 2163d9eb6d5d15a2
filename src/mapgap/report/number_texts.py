"""Many numbers as text at once, each as Python writes it."""

from collections.abc import Sequence

import msgspec

Number = float | int | None


def number_texts(values: Sequence[Number], undefined: str = "null") -> list[str]:
    """`repr` of each value, None as `undefined`; floats are written shortest, several times faster than by `repr`.

    msgspec finds the same digits. It differs in where an exponent begins and how that is written, and knows no NaN.
    """
    if not values:
        return []
    text = msgspec.json.encode(values).decode("ascii")[1:-1]
    if text.count("null") != values.count(None):  # NaN or infinity
        return [undefined if value is None else repr(value) for value in values]
    texts = text.replace("null", undefined).split(",")
    if "e" not in text and "0.0000" not in text:
        return texts
    # An exponent or a boolean; or .00001 to .0001, which have an exponent in Python only.
    for place in [place for place, text in enumerate(texts) if "e" in text or "0.0000" in text]:
        has_short_exponent = texts[place][-3:-1] == "e-"
        texts[place] = f"{texts[place][:-1]}0{texts[place][-1]}" if has_short_exponent else repr(values[place])
    return texts
