"""Category ids as they were written, as ids of the ground truth."""

import json
from collections.abc import Callable
from pathlib import Path

from mapgap.errors import AccessError, InputError
from mapgap.readings.id_words import (
    BY_POSITION,
    BY_POSITION_FROM_1,
    Found,
    by_position,
    found,
    looked_up,
    parsed_shift,
    shifted,
    unknown_word,
    without_doubles,
)
from mapgap.readings.raw import ObjectArray
from mapgap.tables import Categories

COCO80TO91, COCO80TO91_FROM_1, COCO91TO80 = "coco80to91", "coco80to91-from-1", "coco91to80"
BY_NAME = "by-name"
CATEGORY_WORDS = (COCO80TO91, COCO80TO91_FROM_1, COCO91TO80, BY_POSITION, BY_POSITION_FROM_1, BY_NAME)

# COCO numbers its things up to 90 and labels 80 of them; these ten numbers are left out in every annotation file.
# Source: `categories` of instances_val2017.json (cocodataset.org/#download, annotations of 2017).
_COCO_UNUSED = frozenset([12, 26, 29, 30, 45, 66, 68, 69, 71, 83])
COCO_IDS = tuple(number for number in range(1, 91) if number not in _COCO_UNUSED)
"""The ids of COCO's 80 categories, which networks know as 0 to 79."""


def require_category_map(text: str) -> None:
    """Raises InputError for what is neither a word nor a file that maps categories, AccessError for one unread."""
    if text not in CATEGORY_WORDS and parsed_shift(text) is None:
        _table_of(text)


def map_categories(asked: str, ids: ObjectArray, categories: Categories) -> Found:
    """(N,) ids of the ground truth for (N,) ids as written, and (N,) whether it has them.

    `coco80to91`: 0 to 79 as COCO's 80 categories in order, `coco80to91-from-1`: 1 to 80 likewise; `coco91to80`: back to
    0 to 79. `+1`, `-1`: a number to add. `by-position`: place among the ground truth's ids in rising order, from 0;
    `by-position-from-1`: from 1. `by-name`: the category's name, letter case aside where no name fits as it is; a name
    that two have is none. Else the path of a JSON file with an object: id or name as written -> id or name.
    """
    shift = parsed_shift(asked)
    known = categories.ids
    if shift is not None:
        return shifted(ids, shift, known)
    if asked in (COCO80TO91, COCO80TO91_FROM_1):
        first = int(asked == COCO80TO91_FROM_1)
        return looked_up(_keys(ids), {place + first: one for place, one in enumerate(COCO_IDS)}, known)
    if asked == COCO91TO80:
        return looked_up(_keys(ids), {one: place for place, one in enumerate(COCO_IDS)}, known)
    if asked in (BY_POSITION, BY_POSITION_FROM_1):
        return by_position(ids, known, known, first=int(asked == BY_POSITION_FROM_1))
    if asked == BY_NAME:
        id_of = _names_to_ids(categories)
        return found([id_of(one) for one in ids.tolist()], known)
    return _by_table(_table_of(asked), ids, categories)


def _keys(ids: ObjectArray) -> list[tuple[object]]:
    return [(one,) for one in ids.tolist()]


def _names_to_ids(categories: Categories) -> Callable[[object], int | None]:
    """A function from a name to the category's id: the name as it is first, then letter case and outer blanks aside."""
    pairs = list(zip(categories.names, categories.ids.tolist(), strict=True))
    exact = without_doubles(pairs)
    folded = without_doubles((name.strip().casefold(), one) for name, one in pairs)
    return lambda name: exact.get(name, folded.get(name.strip().casefold())) if isinstance(name, str) else None


def _table_of(text: str) -> dict[str, int | str]:
    """What the file maps; a text that is no file is a word that does not exist."""
    path = Path(text)
    others = "a whole number with its sign such as +1, or the path of a JSON file that maps ids"
    if not path.is_file():
        raise unknown_word("--category-map", text, CATEGORY_WORDS, others)
    try:
        table = json.loads(path.read_bytes())
    except OSError as error:
        raise AccessError(f"{text}: cannot read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError("is no JSON", file=text, fix=_TABLE_FIX) from error
    if not isinstance(table, dict) or not all(type(one) in (int, str) for one in table.values()):
        raise InputError("does not map ids or names of categories to ids or names", file=text, fix=_TABLE_FIX)
    return table


_TABLE_FIX = 'Write one JSON object such as {"0": 1, "person": 1, "car": "Car"}'


def _by_table(table: dict[str, int | str], ids: ObjectArray, categories: Categories) -> Found:
    id_of = _names_to_ids(categories)
    meant = {written: id_of(ours) if isinstance(ours, str) else ours for written, ours in table.items()}
    return found([meant.get(str(one)) for one in ids.tolist()], categories.ids)
