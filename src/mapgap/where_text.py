"""A slice as a condition that people can paste behind --where."""

import json
import re
from functools import lru_cache

from mapgap.tables import EXPRESSION_KEYWORDS, Where

_LITERALS = json.JSONEncoder(ensure_ascii=False)


def where_text(where: Where) -> str:
    """A slice in the expression grammar: `size == "small" and time_of_day == "night"`."""
    return " and ".join(f"{_key(key)} == {_LITERALS.encode(value)}" for key, value in where.items())


@lru_cache(maxsize=1024)
def _key(key: str) -> str:
    is_bare = re.fullmatch(r"[^\W\d][\w.]*", key) and key not in EXPRESSION_KEYWORDS
    return key if is_bare else _LITERALS.encode(key)
