"""COCO files at random, written in every style a JSON writer may have, and texts with something changed at random."""

import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.scan_corpus import TOKENS

IMAGE_IDS = (1, 2, 3, 7, 42, 1000, -3, 0, 10**17, 2**40)
CATEGORY_IDS = (1, 2, 3, 90, 0)
TEXTS = (
    "a",
    "",
    "b.jpg",
    "2013-11-14 11:18:45",
    "\u00e9",
    "\u4e2d\u6587",
    "\U0001f600",
    'say "x"\\',
    "\n\t",
    "\x7f\x00",
    "}, {",
    "[1,2",
)
TOKEN = re.compile(rb'"[^"]*"|[-+.\w]+|[\[\]{},:]')
STRING_ENDS = (b'x"', b'\\\\"', b'\\n"', b'\xc3\xa9"', b'\xff"', b'"', b'\\"', b'\\u00e9"', b'\\udc00"', b'\n"')
EXTREMES = (290, 300, 308, 324)
EXTRA_NAMES = (
    "license",
    "coco_url",
    "thumb_url",
    "time",
    "ignore",
    "caption",
    "keypoints",
    "track",
    "\u00e9",
    "weather",
    "id2",
)


def ground_truth_text(random: Random) -> bytes:
    """Ground truth; rarely with something the scanner leaves alone."""
    image_ids = random.sample(IMAGE_IDS, random.randint(1, 4))
    category_ids = random.sample(CATEGORY_IDS, random.randint(1, 3))
    images = [_image(random, each) for each in image_ids]
    annotations = [
        _annotation(random, number, random.choice(image_ids), random.choice(category_ids))
        for number in random.sample(range(-5, 50), random.randint(1, 6))
    ]
    categories = [
        {"id": each} | _some(random, {"name": _text(random), "supercategory": _text(random)}) for each in category_ids
    ]
    content: dict[str, Any] = {"images": images, "annotations": annotations, "categories": categories}
    content |= _some(
        random, {"info": {"year": 2017, "by": [_text(random)]}, "licenses": [], "version": _number(random)}
    )
    return _Writer(random).file(content)


def detections_text(random: Random, image_ids: Sequence[int], category_ids: Sequence[int]) -> bytes:
    """Detections of these images and categories."""
    records = []
    for _ in range(random.randint(1, 8)):
        record: dict[str, Any] = {"image_id": random.choice(image_ids), "category_id": random.choice(category_ids)}
        record |= {"bbox": _box(random), "score": _number(random)}
        if random.random() < 0.3:
            record |= _some(
                random, {"segmentation": _mask(random), "id": 5, "area": _number(random), "parts": [{"a": 1}, {}]}
            )
        records.append(record)
    return _Writer(random).file(records)


def mutated(random: Random, text: bytes, other: bytes) -> bytes:
    """The text with bytes or tokens deleted, doubled, replaced or put in, or with part of another text."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        text = random.choice((_with_bytes_changed, _with_token_replaced, _with_token_replaced))(random, text)
    if random.random() < 0.1:
        at, start = random.randint(0, len(text)), random.randint(0, len(other))
        text = (
            text[:at]
            + other[start : start + random.choice((3, 20, 100, len(other)))]
            + text[at + random.randrange(20) :]
        )
    return text


def decimal(random: Random) -> str:
    """A number as JSON may write it, of any length and size."""
    digits = "".join(
        random.choice("0123456789") for _ in range(random.choice((1, 2, 5, 15, 16, 17, 18, 19, 20, 30, 40)))
    )
    whole, fraction = digits, ""
    if random.random() < 0.6:
        point = random.randint(0, len(digits) - 1)
        whole, fraction = digits[:point], "." + digits[point:]
    whole = whole.lstrip("0") or "0"
    exponent = ""
    if random.random() < 0.3:
        exponent = (
            random.choice("eE")
            + random.choice(("", "+", "-", "-0"))
            + str(random.choice((0, 1, 5, 9, 15, 22, 23, 30, *EXTREMES * (random.random() < 0.1))))
        )
    return random.choice(("", "", "-")) + whole + fraction + exponent


class _Writer:
    """JSON in a style of its own: spaces, order of fields, escapes."""

    def __init__(self, random: Random):
        self.random = random
        self.spaces = random.choice(([""], [" "], ["", " "], ["\n  ", "\n"], [" ", "\t", "\r\n", ""]))
        self.is_tight = random.random() < 0.5
        self.shuffles = random.random() < 0.5
        self.escape = random.choice(("none", "json", "some"))

    def file(self, content: Any) -> bytes:
        mark = self.random.choice(("", "", "", "\ufeff"))
        return (mark + self.space() + self.value(content) + self.space()).encode("utf-8", "surrogatepass")

    def space(self) -> str:
        return "" if self.is_tight else self.random.choice(self.spaces)

    def value(self, value: Any) -> str:
        if isinstance(value, dict):
            names = list(value)
            if self.shuffles:
                self.random.shuffle(names)
            items = [self.text(n) + self.space() + ":" + self.space() + self.value(value[n]) for n in names]
            return self.joined("{", items, "}")
        if isinstance(value, list):
            return self.joined("[", [self.value(item) for item in value], "]")
        if isinstance(value, _Decimal):
            return value
        return self.text(value) if isinstance(value, str) else json.dumps(value)

    def joined(self, opening: str, items: list[str], closing: str) -> str:
        inside = ",".join(self.space() + item + self.space() for item in items)
        return opening + (inside or self.space()) + closing

    def text(self, text: str) -> str:
        if self.escape == "json" or any(0xD800 <= ord(character) < 0xE000 for character in text):
            return json.dumps(text)
        written = json.dumps(text, ensure_ascii=False)
        if self.escape == "some" and self.random.random() < 0.1:
            at = self.random.randrange(len(text) + 1)
            escaped = "".join(f"\\u{ord(character):04x}" for character in text[at : at + 1] if ord(character) < 0x10000)
            written = (
                json.dumps(text[:at], ensure_ascii=False)[:-1]
                + escaped
                + json.dumps(text[at + 1 :], ensure_ascii=False)[1:]
            )
        return written


class _Decimal(str):
    """A number that is written as it stands."""


def _image(random: Random, identifier: int) -> dict[str, Any]:
    record: dict[str, Any] = {"id": _identifier(random, identifier)}
    record |= _some(random, {"width": _size(random), "height": _size(random), "file_name": _text(random)})
    return record | _rarely(random, {"date_captured": _text(random)}) | _extras(random)


def _annotation(random: Random, number: int, image_id: int, category_id: int) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": _identifier(random, number),
        "image_id": image_id,
        "category_id": category_id,
        "bbox": _box(random),
        "area": _number(random),
        "iscrowd": random.choice((0, 0, 1)),
    }
    if random.random() < 0.02:
        del record[random.choice(list(record))]
    if random.random() < 0.02:
        record[random.choice(list(record))] = random.choice((None, True, "1", [], 1.0, 2))
    return record | _rarely(random, {"segmentation": _mask(random)}) | _extras(random)


def _extras(random: Random) -> dict[str, Any]:
    if random.random() < 0.5:
        return {}
    extras = {name: _any(random) for name in random.sample(EXTRA_NAMES, 2)}
    return extras | _rarely(
        random, {"attributes": random.choice(({"rain": _any(random), "time": _any(random)}, {}, None, [1]))}
    )


def _any(random: Random) -> Any:
    return random.choice((None, True, False, 1, -2.5, _text(random), _number(random), [1, 2.5, -3], {"a": [{}]}, "n/a"))


def _mask(random: Random) -> Any:
    numbers = [
        _number(random) if random.random() < 0.1 else random.choice((0, 1, 10.5, 333.25, 7))
        for _ in range(random.choice((0, 1, 8, 40)))
    ]
    return random.choice(
        ([numbers], [numbers, numbers], {"size": [9, 9], "counts": "04a^"}, {"counts": [1, 2, 3], "size": [2, 3]})
    )


def _box(random: Random) -> list[Any]:
    return [_number(random) for _ in range(4)]


def _number(random: Random) -> Any:
    if random.random() < 0.1:
        return _Decimal(decimal(random))
    return random.choice((0, 1, 12, -3, 0.5, 132.52, 1e-7, -0.0, round(random.random(), 5), random.random() * 640))


def _size(random: Random) -> Any:
    return random.choice(
        (640, 480, 0, 9.5, _Decimal("480.0"), _Decimal("6.4e2"), *([-1] if random.random() < 0.05 else []))
    )


def _identifier(random: Random, identifier: int) -> Any:
    return random.choice((float(identifier), str(identifier), 7)) if random.random() < 0.01 else identifier


def _text(random: Random) -> str:
    return "\ud83d" if random.random() < 0.003 else random.choice(TEXTS)


def _some(random: Random, record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if random.random() < 0.7}


def _rarely(random: Random, record: dict[str, Any]) -> dict[str, Any]:
    return record if random.random() < 0.3 else {}


def _with_bytes_changed(random: Random, text: bytes) -> bytes:
    """Some bytes deleted, doubled, replaced, or a token put in."""
    at = random.randint(0, len(text))
    length = random.choice((0, 1, 1, 2, 4, 15, 60))
    part, rest = text[at : at + length], text[at + length :]
    return text[:at] + random.choice((b"", part + part, bytes([random.randrange(256)]), random.choice(TOKENS))) + rest


def _with_token_replaced(random: Random, text: bytes) -> bytes:
    """One number, word, mark or string exchanged for one like it or for any other token."""
    tokens = list(TOKEN.finditer(text))
    if not tokens:
        return text
    token = random.choice(tokens)
    first = token.group()[:1]
    new = random.choice(TOKENS)
    if random.random() < 0.8:
        if first in b"-0123456789":
            new = random.choice((decimal(random), "7", "1", "2.50", "0")).encode()
        elif first == b'"':
            new = random.choice((*TOKENS, token.group()[:-1] + random.choice(STRING_ENDS)))
        else:
            new = random.choice((b" ", b"\n ", b"")) + token.group() + random.choice((b" ", b"\t", b",", b""))
    return text[: token.start()] + new + text[token.end() :]
