"""What reading many shards had to say: by file for the reader of the warnings, in numbers for what is written."""

from collections import defaultdict
from collections.abc import Iterable

from mapgap.number_words import plural
from mapgap.tables import Notice


def join_notices(each: Iterable[Notice]) -> tuple[Notice, ...]:
    """One notice a code, in the order in which they come; the words of the first shard stand for all."""
    groups: dict[str, list[Notice]] = {}
    for notice in each:
        groups.setdefault(notice.code, []).append(notice)
    return tuple(_joined(group) for group in groups.values())


def total_notices(name: str, each: Iterable[Notice]) -> tuple[Notice, ...]:
    """One notice a code with the records of the set `name`, by code: the same however it is split.

    Classes stand in every shard and are counted once. Equal ids of annotations are not told: whether they meet in one
    shard is chance, and nothing depends on them.
    """
    of_records: dict[str, int] = defaultdict(int)
    of_classes: dict[str, int] = defaultdict(int)
    for notice in each:
        if _is_about_classes(notice):
            of_classes[notice.code] = max(of_classes[notice.code], notice.count)
        elif notice.code != "duplicate_annotation_id":
            of_records[notice.code] += notice.count
    counts = {code: of_records[code] + of_classes[code] for code in sorted({*of_records, *of_classes})}
    return tuple(
        Notice(code, f"{name}: {code.replace('_', ' ')} ({plural(count, 'record')})", count)
        for code, count in counts.items()
    )


def _is_about_classes(notice: Notice) -> bool:
    return bool(notice.examples) and notice.examples[0].startswith("categories[")


def _joined(group: list[Notice]) -> Notice:
    first = group[0]
    if len(group) == 1:
        return first
    count = sum(notice.count for notice in group)
    message = f"{first.message}; the like in {plural(len(group) - 1, 'other shard')}, {plural(count, 'record')} in all"
    return Notice(first.code, message, count, first.examples)
