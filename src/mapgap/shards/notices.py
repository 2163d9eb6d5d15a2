"""What reading many shards had to say, told once."""

from collections.abc import Iterable

from mapgap.number_words import plural
from mapgap.tables import Notice


def join_notices(each: Iterable[Notice]) -> tuple[Notice, ...]:
    """One notice a code, in the order in which they come; the first shard's words stand for all."""
    groups: dict[str, list[Notice]] = {}
    for notice in each:
        groups.setdefault(notice.code, []).append(notice)
    return tuple(_joined(group) for group in groups.values())


def _joined(group: list[Notice]) -> Notice:
    first = group[0]
    if len(group) == 1:
        return first
    count = sum(notice.count for notice in group)
    message = f"{first.message}; the like in {plural(len(group) - 1, 'other shard')}, {plural(count, 'record')} in all"
    return Notice(first.code, message, count, first.examples)
