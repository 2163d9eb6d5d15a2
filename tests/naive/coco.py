"""Reading, slowly: plain loops over the records of a valid file, as pycocotools' `createIndex` and `loadRes` do it."""

from typing import Any


def images(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    """One image an id, the last record of each, in ascending id order, with its place in the file."""
    by_id = {}
    for position, image in enumerate(dataset["images"]):
        by_id[image["id"]] = {**image, "file_position": position}
    return [by_id[identifier] for identifier in sorted(by_id)]


def categories(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    by_id = {category["id"]: category for category in dataset["categories"]}
    return [by_id[identifier] for identifier in sorted(by_id)]


def detection_areas(detections: list[dict[str, Any]]) -> list[float]:
    return [detection["bbox"][2] * detection["bbox"][3] for detection in detections]


def position(records: list[dict[str, Any]], identifier: int) -> int:
    for place, record in enumerate(records):
        if record["id"] == identifier:
            return place
    raise KeyError(identifier)


def run_lengths(text: str) -> list[int]:
    """The runs of a compressed mask: `rleFrString` of pycocotools' maskApi.c, one character after the other."""
    runs: list[int] = []
    place = 0
    while place < len(text):
        value, shift, more = 0, 0, True
        while more:
            code = ord(text[place]) - 48
            value |= (code & 31) << shift
            shift += 5
            more = bool(code & 32)
            place += 1
            if not more and code & 16:
                value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    return runs
