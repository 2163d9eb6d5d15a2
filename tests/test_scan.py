"""The scanner of the kernel on numbers and ids: exact where it reads, silent where more care is needed."""

import json
import math
from decimal import Decimal, localcontext
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap import _kernel
from tests.scan_checks import ground_truth_of_ids, is_read_fast, outcome, require_handed_over, table_differences
from tests.scan_corpus import usual_texts
from tests.scan_texts import decimal

pytestmark = pytest.mark.kernel

ONE = np.array([1])
TRUTH, RESULTS = usual_texts()["ground_truth_tiny"], usual_texts()["detections_tiny"]
INT64 = 2**63


def written(path: Path, text: bytes) -> Path:
    path.write_bytes(text)
    return path


# ---------------------------------------------------------------- numbers


def read_numbers(literals: list[str]) -> list[float] | None:
    """Numbers as scores and as coordinates of boxes, which must agree; None where they are not recognised."""
    template = '{"image_id":1,"category_id":1,"bbox":[%s, %s,0 ,1],"score":%s}'
    text = "[" + ",".join(template % (each, each, each) for each in literals) + "]"
    scanned = _kernel.scan_detections(text.encode(), -1, ONE, ONE)
    if scanned is None:
        return None
    box, scores = np.asarray(scanned.box), np.asarray(scanned.score)
    assert box[:, 0].tobytes() == box[:, 1].tobytes() == scores.tobytes()
    numbers: list[float] = scores.tolist()
    return numbers


def require_exact(literals: list[str]) -> None:
    """Python's float is correctly rounded; equal hexadecimal digits are equal bits, the sign of zero included."""
    numbers = read_numbers(literals)
    assert numbers is not None
    assert [each.hex() for each in numbers] == [float(each).hex() for each in literals]


def is_usual(literal: str) -> bool:
    """Whether the scanner reads the number: at most 40 digits, in float64's range, no integer zero with a sign."""
    digits = sum(character.isdigit() for character in literal.lower().partition("e")[0])
    value = float(literal)
    is_too_small = value == 0 and Decimal(literal) != 0
    return digits <= 40 and math.isfinite(value) and not is_too_small and literal != "-0"


def halfway_literals() -> list[str]:
    """Decimals exactly between two neighbours, and one unit of their last digit beside them."""
    literals = []
    random = Random(0)
    with localcontext(prec=60):
        for _ in range(3000):
            halfway = Decimal(random.randrange(2**53, 2**54) | 1) * Decimal(2) ** random.randint(-22, 70)
            unit = Decimal(1).scaleb(min(0, int(halfway.normalize().as_tuple().exponent)))
            literals += [format(each, "f") for each in (halfway, halfway + unit, halfway - unit)]
            literals.append(format(halfway, "e"))
    return literals


ODD_NUMBERS = [
    *("0", "0.0", "-0.0", "-0e0", "-0.0e5", "0e999", "0.000", "1", "-1", "10", "100.10", "1E5", "1e+5", "1e-5", "1e05"),
    *(str(2**53 + each) for each in (-2, -1, 0, 1, 2, 3)),
    *(f"{2**53 + each}.0" for each in (-1, 0, 1, 2)),
    *(f"-{2**53 + each}" for each in (-1, 0, 1)),
    *("0.9007199254740991", "0.9007199254740992", "0.9007199254740993", "9007199254.740993", "900719925474099.3"),
    *("1e22", "1e23", "-1e22", "8.5e22", "9007199254740992e22", "10000000000000000000000", "100000000000000000000000"),
    *("4.9e-324", "5e-324", "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072014e-308"),
    *("1.7976931348623157e308", "1.7976931348623158e308", "-1.7976931348623157e+308", "179769313486231570e291"),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "9999999999999999999",
    ),
    *("0.1234567890123456789", "0.12345678901234567890123456789012345678", "1.000000000000000000000000000000000000001"),
    *(
        "1234567890123456789012345678901234567890",
        "0.000000000000000000000000000000000000123",
        "3.14159265358979323846",
    ),
    *("9.5367431640625e-7", "123456789012345678e-18", "0.500000000000000166533453693773481063544750213623046875"[:41]),
]


def test_odd_numbers_are_exact() -> None:
    require_exact(ODD_NUMBERS)


def test_halfway_numbers_are_exact() -> None:
    literals = halfway_literals()
    assert all(map(is_usual, literals))
    require_exact(literals)


@pytest.mark.parametrize("kind", ["float64", "float32", "fixed", "long"])
def test_shortest_and_long_representations_are_exact(kind: str) -> None:
    bits = np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64)
    of_any_size = bits.view(np.float64)
    near_one = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53 * 1000
    numbers = np.concatenate([of_any_size[np.isfinite(of_any_size)], near_one])
    if kind == "float32":
        short = bits.astype(np.uint32).view(np.float32)
        literals = [str(each) for each in short[np.isfinite(short)]]
    else:
        form = {"float64": repr, "fixed": "{:.6f}".format, "long": "{:.19e}".format}[kind]
        literals = [form(each) for each in numbers.tolist()]
    literals = [each for each in literals if is_usual(each)]
    assert len(literals) > 15_000
    require_exact(literals)


@settings(max_examples=300)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_any_float_comes_back(numbers: list[float]) -> None:
    require_exact([repr(each) for each in numbers])


def test_random_decimals_are_exact() -> None:
    random = Random(5)
    require_exact([each for each in (decimal(random) for _ in range(20_000)) if is_usual(each)])


@pytest.mark.parametrize(
    "literal",
    [
        *("1e999", "-1e999", "1.8e308", "1e-400", "-0", "9" * 41, "0." + "0" * 41 + "1", "1" + "0" * 310),
        *("NaN", "-NaN", "Infinity", "-Infinity", "nan", "inf", "null", "true", '"1"', "[1]", "{}", ""),
        *("01", "-01", "00", "00.5", "1.", ".5", "-.5", "+1", "-", "--1", "1e", "1e+", "1E-", "e5", "1.e5", "1.5.5"),
        *("0x1p3", "0x10", "1_000", "1,5", "1 5", "1f", "1d0", "\u0661", "1e5.5", "1-1", "1\x00", "\x001", "1\xa0"),
    ],
)
def test_other_numbers_are_left_to_the_careful_reader(tmp_path: Path, literal: str) -> None:
    assert read_numbers([literal]) is None
    assert read_numbers(["1", literal]) is None
    ground_truth = ground_truth_of_ids([1], [1])
    require_handed_over(tmp_path / "text.json", RESULTS.replace(b"0.5", literal.encode()), ground_truth)
    if literal != "1,5":
        require_handed_over(tmp_path / "text.json", RESULTS.replace(b"1,2", literal.encode() + b",2"), ground_truth)


# ---------------------------------------------------------------- ids


@pytest.mark.parametrize(
    "ids",
    [
        [1, 2, 3],
        [-5, 0, 7],
        [10**18 - 1, -(10**18) + 1, 0],
        [0, 2**20 + 47],
        [0, 2**20 + 48],
        [3, 2**40, -(2**50)],
        list(range(0, 4000, 7)),
    ],
    ids=lambda ids: f"{len(ids)} to {max(ids)}",
)
def test_ids_are_found_wherever_they_lie(tmp_path: Path, ids: list[int]) -> None:
    """In a table where they lie close together, else by search."""
    random = Random(1)
    image_ids = random.sample(ids, len(ids))
    content = {
        "images": [{"id": each} for each in image_ids],
        "annotations": [
            {"id": each, "image_id": each, "category_id": image_ids[0], "bbox": [0, 0, 1, 1], "area": 1} for each in ids
        ],
        "categories": [{"id": each} for each in image_ids],
    }
    path = written(tmp_path / "truth.json", json.dumps(content).encode())
    assert is_read_fast(path)
    ground_truth = outcome(path)
    assert table_differences(ground_truth, outcome(path, carefully=True)) == []
    records = [
        {"image_id": each, "category_id": random.choice(ids), "bbox": [0, 0, 1, 1], "score": 1} for each in image_ids
    ]
    path = written(tmp_path / "results.json", json.dumps(records).encode())
    assert is_read_fast(path, ground_truth)
    assert table_differences(outcome(path, ground_truth), outcome(path, ground_truth, carefully=True)) == []
    for unknown in {min(ids) - 1, max(ids) + 1, min(ids) + 5, 10**17, -(10**17)} - set(ids):
        records[-1]["image_id"] = unknown
        assert not is_read_fast(written(path, json.dumps(records).encode()), ground_truth)


@pytest.mark.parametrize("identifier", [b"1.0", b"1e0", b"01", b"-0", b"+1", b'"1"', b"null", b"true", b"[1]", b"1 1"])
@pytest.mark.parametrize("field", [b'"image_id":', b'"category_id":', b'"id":'])
def test_ids_that_are_no_plain_integers(tmp_path: Path, identifier: bytes, field: bytes) -> None:
    for text in (TRUTH, RESULTS):
        if field in text:
            ground_truth = None if text is TRUTH else ground_truth_of_ids([0, 1], [0, 1])
            changed = text.replace(field + b"1", field + identifier)
            require_handed_over(tmp_path / "text.json", changed, ground_truth)


@pytest.mark.parametrize("identifier", [10**18, -(10**18), INT64 - 1, INT64, -INT64, -INT64 - 1, 2**64 + 1, 10**30])
def test_ids_of_more_than_18_digits(tmp_path: Path, identifier: int) -> None:
    for field in (b'"id":', b'"image_id":'):
        text = TRUTH.replace(field + b"1", b"%s%d" % (field, identifier))
        require_handed_over(tmp_path / "text.json", text)
    if -INT64 <= identifier < INT64:
        ground_truth = ground_truth_of_ids([identifier, 1], [1])
        text = RESULTS.replace(b'"image_id":1', b'"image_id":%d' % identifier)
        require_handed_over(tmp_path / "text.json", text, ground_truth)


@pytest.mark.parametrize("name", [b"images", b"annotations", b"categories"])
def test_doubled_and_unknown_ids(tmp_path: Path, name: bytes) -> None:
    start = TRUTH.index(b'"%s":[' % name) + len(name) + 4
    record = TRUTH[start : TRUTH.index(b"}", start) + 1]
    doubled = TRUTH[:start] + record + b"," + TRUTH[start:]
    other = TRUTH.replace(record, record.replace(b'"id":1', b'"id":2'), 1)
    require_handed_over(tmp_path / "text.json", doubled)
    if name == b"annotations":
        assert is_read_fast(written(tmp_path / "text.json", other))
    else:
        require_handed_over(tmp_path / "text.json", other)


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [3, 5, 4]])
def test_known_ids_must_rise(ids: list[int]) -> None:
    """Places are looked up between the first and the last."""
    for image_ids, category_ids in ((np.array(ids), ONE), (ONE, np.array(ids))):
        with pytest.raises(ValueError, match="ids must rise"):
            _kernel.scan_detections(RESULTS, -1, image_ids, category_ids)


def test_no_known_ids_at_all() -> None:
    assert _kernel.scan_detections(RESULTS, -1, np.array([], dtype=np.int64), ONE) is None
