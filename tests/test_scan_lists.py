"""Lists of numbers, which the scanner skips a block of bytes at a time, against a twin by regular expression."""

import itertools
import json
import re
from random import Random

import numpy as np
import pytest

from mapgap import _kernel
from tests.scan_corpus import usual_texts

pytestmark = pytest.mark.kernel

ONE = np.array([1])
IN_A_LIST = usual_texts()["detections_tiny"].replace(b"0.5", b'0.5,"segmentation":[%s]')
WINDOW = 512
"""Bytes; a window of the usual size takes longer to make than these texts to read."""


def is_skipped(items: str) -> bool:
    text = IN_A_LIST.replace(b"%s", items.encode())
    return _kernel.scan_detections(text, -1, ONE, ONE, 1, WINDOW) is not None


def is_list(items: str) -> bool:
    """The twin, from the grammar of JSON: numbers and lists of them; exponents have at most three characters."""
    number = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e(?:-?[0-9]{1,2}|[0-9]{3}))?"
    text, before = f"[{items}]", ""
    while text != before:
        # The innermost lists become items of their own.
        before, text = text, re.sub(rf"\[ *(?:(?:{number}|@)(?: *, *(?:{number}|@))*)? *\]", "@", text)
    return text == "@"


def test_the_twin_against_python() -> None:
    for items in itertools.chain.from_iterable(itertools.product("01.-,][e ", repeat=n) for n in range(5)):
        text = "".join(items)
        try:
            json.loads(f"[{text}]")
            is_right = True
        except ValueError:
            is_right = False
        assert is_list(text) == is_right, text


def test_all_short_lists_of_numbers() -> None:
    for items in itertools.chain.from_iterable(itertools.product("01.-,][e ", repeat=n) for n in range(7)):
        text = "".join(items)
        assert is_skipped(text) == is_list(text), text


def numbers_of_length(length: int) -> str:
    """A list of numbers and its last comma, of so many characters; none is shorter than two."""
    return "" if length < 2 else "1," * (length // 2 - 1) + ("12," if length % 2 else "2,")


def test_short_lists_across_the_end_of_a_block() -> None:
    """Blocks have 64 bytes and begin behind the last comma of the block before."""
    starts = [numbers_of_length(length) for length in (2, 57, 58, 59, 60, 61, 62, 63, 64)] + ["1234567" * 5 + "."]
    for items in itertools.chain.from_iterable(itertools.product("01.-, ]", repeat=n) for n in range(5)):
        text = "".join(items)
        for start in starts:
            for tail in ("", ", 22, 3.5, -4"):
                assert is_skipped(start + text + tail) == is_list(start + text + tail), (start, text, tail)


def test_long_random_lists_of_numbers() -> None:
    random = Random(3)
    usual = ("1", "20.5", "-3", "0.25", "0", "333.125", "-0.5")
    wrong = (
        "",
        "01",
        "1.",
        ".5",
        "-",
        "1e5",
        "1-",
        "[2]",
        " 7 ",
        "1 2",
        "1.2.3",
        "1e",
        "]",
        "1,",
        "-01.5",
        "\u00e9",
        '"x"',
    )
    for _ in range(4000):
        comma = random.choice((",", ", ", ",  ", " ,", ",\n"))
        items = [random.choice(usual) for _ in range(random.randint(1, 120))]
        for _ in range(random.choice((0, 1, 1, 2))):
            items[random.randrange(len(items))] = random.choice(wrong)
        text = comma.join(items)
        try:
            json.loads(f"[{text}]")
            is_right = True
        except ValueError:
            is_right = False
        assert is_skipped(text) == is_right, text
