"""One bad pair of inputs with what is expected of it, and the small sound pair from which all are built."""

import gzip
import json
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

GROUND_TRUTH, DETECTIONS = "gt.json", "dt.json"

Truth = dict[str, Any]
Results = list[dict[str, Any]]
Severity = Literal["error", "warning", "none"]


@dataclass(frozen=True)
class Pair:
    """The two files and what `mapgap doctor` and `mapgap evaluate` make of them."""

    name: str
    ground_truth: bytes
    detections: bytes
    severity: Severity
    """The worst finding's: an error is refused, with exit status 2; everything else is accepted, with 0."""
    codes: frozenset[str]
    """Exactly the codes that the doctor finds."""
    words: tuple[str, ...] = ()
    """What its lines must say."""
    options: tuple[tuple[str, str], ...] = ()
    """Fields of `Reading`, or `iou_type`, with their values."""
    rest: tuple[Truth, Results] | None = None
    """Of a refused pair: the sound pair that lenient reading makes of it; None where that is refused too."""
    is_of_attributes: bool = False
    """Whether only analyses that read attributes refuse it, which `mapgap evaluate` does not."""

    @property
    def exit_status(self) -> int:
        """Of `mapgap doctor`."""
        return 2 if self.severity == "error" else 0

    @property
    def evaluate_exit_status(self) -> int:
        """Of `mapgap evaluate`."""
        return 0 if self.is_of_attributes else self.exit_status


def sound_pair() -> tuple[Truth, Results]:
    """Three pictures, two classes, six objects, seven detections: nothing is to be said about it."""
    boxes = [[10, 10, 30, 20], [50, 40, 20, 30], [5, 30, 40, 25], [60, 10, 30, 30], [20, 20, 50, 50], [70, 60, 20, 15]]
    annotations = [
        {
            "id": i + 1,
            "image_id": i // 2 + 1,
            "category_id": i % 2 + 1,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
        }
        for i, box in enumerate(boxes)
    ]
    images = [{"id": i, "width": 100, "height": 80, "file_name": f"{i}.png"} for i in (1, 2, 3)]
    truth = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    found = [(0, 0.9, 1), (1, 0.8, 0), (2, 0.7, 3), (3, 0.65, 2), (4, 0.6, 0), (5, 0.4, 9), (0, 0.3, 12)]
    results = [
        {
            "image_id": annotations[i]["image_id"],
            "category_id": annotations[i]["category_id"],
            "bbox": [boxes[i][0], boxes[i][1], boxes[i][2] + wider, boxes[i][3]],
            "score": score,
        }
        for i, score, wider in found
    ]
    results[6]["bbox"] = [40, 5, 25, 30]
    return truth, results


def literal(text: str) -> str:
    """A value that `json_bytes` writes as this text, without quotes."""
    return f"@@{text}@@"


def json_bytes(value: object) -> bytes:
    """JSON with the literals that were asked for."""
    return json.dumps(value).replace('"@@', "").replace('@@"', "").encode()


def refused(
    name: str,
    codes: str | Iterable[str],
    *words: str,
    gt: object = None,
    dt: object = None,
    rest: tuple[Truth, Results] | None = None,
    **options: str,
) -> Pair:
    """A pair that is refused; an input that is not given is the sound one."""
    return _pair(name, "error", codes, words, gt, dt, rest, options)


def warned(
    name: str, codes: str | Iterable[str], *words: str, gt: object = None, dt: object = None, **options: str
) -> Pair:
    """A pair that is accepted with warnings."""
    return _pair(name, "warning", codes, words, gt, dt, None, options)


def silent(name: str, gt: object = None, dt: object = None, **options: str) -> Pair:
    """A pair about which nothing is to be said."""
    return _pair(name, "none", (), (), gt, dt, None, options)


def truth_with(list_name: str, place: int, **changes: object) -> Truth:
    """The sound ground truth with other fields in one record; `...` takes a field away."""
    truth = sound_pair()[0]
    _change(truth[list_name][place], changes)
    return truth


def truth_without(list_name: str, *places: int) -> Truth:
    """The sound ground truth without some records of one list."""
    truth = sound_pair()[0]
    truth[list_name] = [record for place, record in enumerate(truth[list_name]) if place not in places]
    return truth


def results_with(place: int, **changes: object) -> Results:
    """The sound detections with other fields in one record; `...` takes a field away."""
    results = sound_pair()[1]
    _change(results[place], changes)
    return results


def results_without(*places: int) -> Results:
    """The sound detections without some records."""
    return [record for place, record in enumerate(sound_pair()[1]) if place not in places]


def packed(content: bytes) -> bytes:
    """The content as gzip, the same bytes at any time."""
    return gzip.compress(content, mtime=0)


def _change(record: dict[str, Any], changes: dict[str, object]) -> None:
    for field, value in changes.items():
        if value is ...:
            del record[field]
        else:
            record[field] = deepcopy(value)


def _pair(
    name: str,
    severity: Severity,
    codes: str | Iterable[str],
    words: tuple[str, ...],
    gt: object,
    dt: object,
    rest: tuple[Truth, Results] | None,
    options: dict[str, str],
) -> Pair:
    truth, results = sound_pair()
    return Pair(
        name,
        _content(truth if gt is None else gt),
        _content(results if dt is None else dt),
        severity,
        frozenset([codes] if isinstance(codes, str) else codes),
        words,
        tuple(sorted(options.items())),
        rest,
    )


def _content(given: object) -> bytes:
    return given if isinstance(given, bytes) else json_bytes(given)
