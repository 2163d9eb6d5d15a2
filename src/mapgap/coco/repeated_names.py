"""Names that come twice in the object that holds the lists: JSON's readers take the last and say nothing."""

import json
from collections import Counter
from collections.abc import Sequence

from mapgap.coco.sources import JsonText
from mapgap.tables import Notice


def repeated_names(content: JsonText, names: Sequence[str]) -> tuple[Notice, ...]:
    """A notice for each list that comes more than once. `content` is an object, read before without an error."""
    suspects = [name for name in names if content.text.count(f'"{name}"'.encode()) > 1]
    if not suspects:
        return ()
    counts = _names_at_the_top(content.text.decode())
    return tuple(
        Notice(
            "duplicate_key",
            f"{content.name}: the list {name!r} comes {counts[name]} times, and the last one counts",
            counts[name],
        )
        for name in suspects
        if counts[name] > 1
    )


def _names_at_the_top(text: str) -> Counter[str]:
    """How often each name stands in the outermost object."""
    tops: list[list[str]] = []

    def keep_names(pairs: list[tuple[str, object]]) -> None:
        # Called for inner objects first: the outermost comes last.
        tops[:] = [[name for name, _ in pairs]]

    try:
        json.JSONDecoder(object_pairs_hook=keep_names, parse_int=len).decode(text)
    except (ValueError, RecursionError):
        return Counter()
    return Counter(tops[0] if tops else [])
