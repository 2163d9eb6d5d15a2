"""The expression grammar: what it parses to, what it selects against Python's own semantics, where errors point."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.attributes import as_where, build_attributes, parse_expression, select_addresses, select_objects
from mapgap.attributes.expressions import AllOf, AnyOf, Comparison, Condition, Not, Value
from mapgap.errors import InputError
from mapgap.tables import Attribute, AttributeKind, Scalar
from mapgap.where_text import where_text
from tests.naive import expressions as naive
from tests.test_attributes import tables_of

BACKGROUND = "n/a (background)"
VALUES: dict[str, tuple[Scalar, ...]] = {
    "time_of_day": ("day", "night", "n/a"),
    "annotation.occlusion": (0, 1, 2, BACKGROUND),
    "mixed": (False, True, 0, 1, 1.5, "0", "1", "True", "n/a", BACKGROUND),
    "size": ("small", "medium", "large", "n/a"),
    "in": ("< 41", "41 to 53", ">= 53", BACKGROUND),
    "my `odd` \"name'": ("a,b", "c]d", "it's", 'say "x"', "", " blank ", "é", "\x00\n", "back\\slash", "and"),
}
HAS_NUMBERS = {"size": "geometry", "in": "object"}
NUMBERS = [0.0, 1.0, 1024.0, 40.5, float(2**53), 1e300, math.nan, -3.0]
LITERAL_NUMBERS: list[int | float] = [0, 1, 1024, 40.5, 2**53, 2**53 + 1, 1e300, 10**300, -3, 1.0, -0.0, 5e-324]


@dataclass(frozen=True)
class Asked:
    """Attributes over objects and detections, the addresses asked for, and both as rows of the naive twin."""

    attributes: tuple[Attribute, ...]
    object_index: Any
    detection_index: Any
    object_rows: list[naive.Row]
    address_rows: list[naive.Row]


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    objects, detections = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    attributes, object_rows = [], [naive.Row() for _ in range(objects)]
    detection_rows = [naive.Row() for _ in range(detections)]
    for name, values in VALUES.items():
        codes = draw(st.lists(st.integers(0, len(values) - 1), min_size=objects, max_size=objects))
        own = draw(st.lists(st.integers(0, len(values) - 1), min_size=detections, max_size=detections))
        numbers: list[Any] = [naive.NO_NUMBERS] * objects
        if name in HAS_NUMBERS:
            numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=objects, max_size=objects))
        own_numbers: list[Any] = [None if name in HAS_NUMBERS else naive.NO_NUMBERS] * detections
        if name in HAS_NUMBERS and draw(st.booleans()):
            own_numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=detections, max_size=detections))
        drawn = attribute(name, values, codes, own, numbers if name in HAS_NUMBERS else None)
        if None not in own_numbers and naive.NO_NUMBERS not in own_numbers:
            drawn = replace(drawn, detection_numbers=np.array(own_numbers, dtype=np.float64))
        attributes.append(drawn)
        for row, code, number in zip(object_rows, codes, numbers, strict=True):
            row[name] = (values[code], number)
        for row, code, number in zip(detection_rows, own, own_numbers, strict=True):
            row[name] = (values[code], number)
    places = [(i, -1) for i in range(objects)] + [(-1, j) for j in range(detections)]
    both = [(i, j) for i in range(objects) for j in range(detections)]
    places += draw(st.lists(st.sampled_from(both), max_size=4)) if both else []
    places = draw(st.permutations(places))
    return Asked(
        tuple(attributes),
        np.array([i for i, _ in places], dtype=np.int32),
        np.array([j for _, j in places], dtype=np.int32),
        object_rows,
        [object_rows[i] if i >= 0 else detection_rows[j] for i, j in places],
    )


def attribute(
    name: str,
    values: Sequence[Scalar],
    codes: Sequence[int],
    detection_codes: Sequence[int] = (),
    numbers: Sequence[float] | None = None,
    kind: AttributeKind = "image",
) -> Attribute:
    return Attribute(
        name,
        kind,
        tuple(values),
        np.array(codes, dtype=np.int32),
        np.array(detection_codes, dtype=np.int32),
        None if numbers is None else np.array(numbers, dtype=np.float64),
    )


@st.composite
def comparisons(draw: st.DrawFn) -> Any:
    name = draw(st.sampled_from(list(VALUES)))
    values = list(VALUES[name])
    literals: st.SearchStrategy[Any] = st.sampled_from([*values, "n/a", BACKGROUND])
    if name in HAS_NUMBERS:
        literals = st.one_of(literals, st.sampled_from(LITERAL_NUMBERS))
    shape = draw(st.sampled_from(["equal", "equal", "in", "short", "order"]))
    if shape == "order" and (name in HAS_NUMBERS or name == "annotation.occlusion"):
        return (
            "compare",
            name,
            draw(st.sampled_from(["<", "<=", ">", ">="])),
            [draw(st.sampled_from(LITERAL_NUMBERS))],
        )
    if shape == "short":
        value = draw(st.sampled_from(values))
        return (
            "short",
            name,
            value if isinstance(value, str) else draw(st.sampled_from([str(value), json.dumps(value)])),
        )
    if shape == "in":
        several = draw(st.lists(literals, min_size=1, max_size=4))
        return ("compare", name, draw(st.sampled_from(["in", "not in"])), several)
    return ("compare", name, draw(st.sampled_from(["==", "!="])), [draw(literals)])


TREES = st.recursive(
    comparisons(),
    lambda trees: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(trees, min_size=2, max_size=3)),
        st.tuples(st.just("not"), trees),
    ),
    max_leaves=6,
)


@st.composite
def written(draw: st.DrawFn, tree: Any, above: str = "or") -> str:
    """The tree as text, spelled by chance; parentheses where it binds no tighter than what is above it."""
    kind = tree[0]
    if kind in ("or", "and"):
        text = f" {kind} ".join(draw(written(part, f"in {kind}")) for part in tree[1])
    elif kind == "not":
        text = "not " + draw(written(tree[1], "not"))
    elif kind == "short":
        bare = tree[2] if re.fullmatch(r"(>=)?[^]\[,=\"'`]*", tree[2]) and tree[2].strip() == tree[2] != "" else None
        value = bare if bare is not None and draw(st.booleans()) else draw(texts(tree[2]))
        text = f"[ {draw(name_texts(tree[1]))}={value} ]"
    else:
        several = ", ".join([draw(literal_texts(literal)) for literal in tree[3]])
        if tree[2] in ("in", "not in"):
            opening, closing = draw(st.sampled_from(["[]", "()"]))
            several = f"{opening}{several}{draw(st.sampled_from(['', ',', ' , ']))}{closing}"
        text = f"{draw(name_texts(tree[1]))} {tree[2]} {several}"
    needs = (above == "in and" and kind in ("and", "or")) or (above == "in or" and kind == "or")
    needs = needs or (above == "not" and kind in ("and", "or"))
    return f"({text})" if needs or draw(st.integers(0, 3)) == 0 else text


@st.composite
def name_texts(draw: st.DrawFn, name: str) -> str:
    if re.fullmatch(r"[^\W\d][\w.]*", name) and name != "in" and draw(st.booleans()):
        return name
    return draw(st.one_of(st.just("`" + name.replace("`", "``") + "`"), texts(name)))


@st.composite
def texts(draw: st.DrawFn, text: str) -> str:
    if draw(st.booleans()):
        return json.dumps(text, ensure_ascii=draw(st.booleans()))
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@st.composite
def literal_texts(draw: st.DrawFn, literal: Any) -> str:
    if isinstance(literal, bool):
        return draw(st.sampled_from([str(literal), str(literal).lower()]))
    return draw(texts(literal)) if isinstance(literal, str) else draw(st.sampled_from([repr(literal), f"{literal!r} "]))


def condition_of(tree: Any) -> Condition:
    if tree[0] == "or":
        return AnyOf(tuple(condition_of(part) for part in tree[1]))
    if tree[0] == "and":
        return AllOf(tuple(condition_of(part) for part in tree[1]))
    if tree[0] == "not":
        return Not(condition_of(tree[1]))
    if tree[0] == "short":
        return Comparison(tree[1], "==", (Value(tree[2], 0, is_text=True),), 0)
    return Comparison(tree[1], tree[2], tuple(Value(literal, 0) for literal in tree[3]), 0)


@settings(max_examples=400)
@given(st.data(), TREES)
def test_what_is_written_is_parsed_and_selected_as_python_would(data: st.DataObject, tree: Any) -> None:
    text, rows = data.draw(written(tree)), data.draw(asked())
    expression = parse_expression(text)
    assert expression.text == text
    assert repr(expression.condition).count("Value(value=True") == repr(condition_of(tree)).count("Value(value=True")
    assert expression.condition == condition_of(tree)
    objects = select_objects(rows.attributes, expression)
    addresses = select_addresses(rows.attributes, expression, rows.object_index, rows.detection_index)
    assert objects.dtype == addresses.dtype == np.bool_
    assert objects.tolist() == [naive.holds(tree, row) for row in rows.object_rows]
    assert addresses.tolist() == [naive.holds(tree, row) for row in rows.address_rows]


PYTHON_ATOMS = st.sampled_from(
    [
        *('t == "day"', "t != 'night'", 't in ["day", "dusk"]', 't not in ("night", "dusk",)', 't == "\\x6eight"'),
        *("n == 1", "n != 2.0", "n < 2", "n >= 1e0", "n in [0, 3]", "not n > 1", "b == True", "b != False"),
        *("x < 41", "x >= -.5", "x == 40.5", "x != 40.5", "x not in [1024, 0]", "x <= 4.05e1", "(x > 0)"),
    ]
)


PYTHON_TEXTS = st.recursive(
    PYTHON_ATOMS,
    lambda texts: st.one_of(
        st.tuples(texts, st.sampled_from(["and", "or", "and not", "or not not"]), texts).map(" ".join),
        texts.map(lambda text: f"({text})"),
        texts.map(lambda text: f"not {text}"),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(PYTHON_TEXTS)
def test_precedence_is_pythons(text: str) -> None:
    times, numbers = ("day", "dusk", "night"), (0, 1, 2, 3)
    rows = [(t, n, n % 2 == 1, x) for t in times for n in numbers for x in (0.0, 40.5, 1024.0)]
    attributes = (
        attribute("t", times, [times.index(t) for t, *_ in rows]),
        attribute("n", numbers, [n for _, n, *_ in rows]),
        attribute("b", (False, True), [b for _, _, b, _ in rows]),
        attribute("x", ("< 41", ">= 41"), [int(x >= 41) for *_, x in rows], numbers=[x for *_, x in rows]),
    )
    expected = [eval(text, {"t": t, "n": n, "b": b, "x": x}) for t, n, b, x in rows]
    assert select_objects(attributes, parse_expression(text)).tolist() == expected


def small() -> tuple[Attribute, ...]:
    return (
        attribute("time_of_day", ("day", "night"), [0, 1, 1], [0, 1]),
        attribute("occlusion", (0, 1, BACKGROUND), [0, 1, 0], [2, 2], kind="object"),
        attribute("size", ("small", "large"), [0, 1, 0], [1, 0], [5.0, 2000.0, math.nan], "geometry"),
        attribute("class", ("traffic light", "person"), [0, 1, 1], [1, 0], kind="class"),
    )


def selected(text: str, attributes: tuple[Attribute, ...] | None = None) -> list[bool]:
    return select_objects(small() if attributes is None else attributes, parse_expression(text)).tolist()


def at_detections(text: str) -> list[bool]:
    none = np.full(2, -1, dtype=np.int32)
    return select_addresses(small(), parse_expression(text), none, np.arange(2, dtype=np.int32)).tolist()


def test_examples() -> None:
    assert selected('time_of_day == "night" and size == "small"') == [False, False, True]
    assert selected("[time_of_day=night, size=small]") == [False, False, True]
    assert selected("[class=traffic light]") == [True, False, False]
    assert (
        selected("[occlusion=0]") == selected("occlusion == 0") == selected("occlusion == 0.0") == [True, False, True]
    )
    assert selected('not (occlusion == 1 or class in ["traffic light"])') == [False, False, True]
    assert selected('occlusion == "n/a"') == [False] * 3
    assert selected("(occlusion<1)and(size<6)") == [True, False, False]


def test_short_form_compares_texts() -> None:
    attributes = (attribute("a", (False, True, 1, "1", "true", "< 41", ">= 53", "a b"), range(8)),)

    def codes(text: str) -> list[int]:
        return np.flatnonzero(selected(text, attributes)).tolist()

    assert codes("[a=1]") == codes('[ a = "1" ]') == [2, 3]
    assert codes("[a=true]") == [1, 4]
    assert codes("[a=True]") == [1]
    assert codes("[a=< 41]") == [5]
    assert codes("[a=>= 53]") == [6]
    assert codes("[`a`= a b ,]") == [7]
    assert codes("[a=1, a=true]") == []
    assert codes("not [a=1] and not ([a=true] or [a=a b])") == [0, 5, 6]


def test_keywords_are_whole_words() -> None:
    attributes = tuple(attribute(name, ("x",), [0]) for name in ("notable", "orange", "in.side", "true_"))
    assert selected("not notable == 'x'or orange == 'x'and[in.side=x]and true_ in('x')", attributes) == [True]


def test_a_comparison_with_a_number_never_holds_where_there_is_none() -> None:
    assert selected("size == 5") == [True, False, False]
    assert selected("size != 5") == selected('size not in [5, "n/a"]') == [False, True, False]
    assert selected("not size == 5") == [False, True, True]
    for text in ("size < 6", "size >= 0", "size == 5", "size != 5", "size in [5]", "size not in [7]"):
        assert at_detections(text) == [False, False]
    assert at_detections("occlusion >= 0") == at_detections("occlusion < 5") == [False, False]
    assert at_detections('size == "small"') == [False, True]
    assert at_detections("occlusion != 0") == [True, True]


def test_large_integers_are_compared_exactly() -> None:
    attributes = (attribute("x", ("all",), [0, 0], numbers=[2.0**53, 2.0**53 + 2]),)
    assert selected(f"x == {2**53 + 1}", attributes) == [False, False]
    assert selected(f"x < {2**53 + 1}", attributes) == [True, False]
    assert selected(f"x < {10**308}", attributes) == [True, True]


def test_tables_without_rows_or_values() -> None:
    nothing = np.zeros(0, dtype=np.int32)
    attributes = (attribute("x", ("a",), []), attribute("y", ("a",), [], numbers=[]), attribute("z", (), [-1]))
    for text in ('x == "a"', "y < 3", 'x == "a" or not y == 3'):
        assert selected(text, attributes[:2]) == []
        assert select_addresses(attributes[:2], parse_expression(text), nothing, nothing).shape == (0,)
    assert selected('z == "n/a"', attributes[2:]) == [False]
    with pytest.raises(InputError, match="Known values: none"):
        selected('z == "a"', attributes[2:])
    with pytest.raises(InputError, match="Known attributes: none"):
        selected('z == "a"', ())


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('time_of_day == "night"', {"time_of_day": "night"}),
        ('size == "small" and (class == "person" and b == true)', {"b": True, "class": "person", "size": "small"}),
        ("[a=b, c=0]", {"a": "b", "c": "0"}),
        ("a == 1 and a == 1.0", {"a": 1}),
        ("a == 1 and a == true", None),
        ("a == 1 and a == 2", None),
        ("a == 1 or b == 2", None),
        ("a == 1 and not b == 2", None),
        ("a != 1", None),
        ("a < 1", None),
        ('a in ["b"]', None),
    ],
)
def test_as_where(text: str, where: dict[str, Scalar] | None) -> None:
    found = as_where(parse_expression(text))
    assert found == where
    assert list(found or {}) == sorted(found or {})
    assert [type(value) for value in (found or {}).values()] == [type(value) for value in (where or {}).values()]


def test_as_where_with_attributes_gives_their_own_values() -> None:
    def where(text: str, attributes: tuple[Attribute, ...] | None = None) -> Any:
        return as_where(parse_expression(text), small() if attributes is None else attributes)

    found = where("[occlusion=0] and occlusion == 0.0 and [class=person]")
    assert json.dumps(found) == '{"class": "person", "occlusion": 0}'
    assert where("size == 5") is None
    assert where('size == "n/a"') is None
    assert where("[a=1]", (attribute("a", (1, "1"), []),)) is None
    with pytest.raises(InputError, match="occlusion has no value 3"):
        where("occlusion == 3")
    with pytest.raises(InputError, match="no attribute is called colour"):
        where("[colour=red]")


KEYS = st.text(st.characters(), max_size=8).filter(lambda name: name not in ("and", "or", "not", "in", "true", "false"))
SCALARS = st.one_of(
    st.text(st.characters(), max_size=8), st.booleans(), st.integers(-(2**70), 2**70), st.floats(-1e9, 1e9)
)


@settings(max_examples=200)
@given(st.dictionaries(KEYS, SCALARS, min_size=1, max_size=3))
def test_what_reports_write_as_a_slice_can_be_asked_for(where: dict[str, Scalar]) -> None:
    found = as_where(parse_expression(where_text(where)))
    assert found == where
    assert {key: type(value) for key, value in (found or {}).items()} == {k: type(v) for k, v in where.items()}


@settings(max_examples=300)
@given(st.text(st.characters(), max_size=12))
def test_any_text_can_be_quoted(text: str) -> None:
    single = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    backticked = "`" + text.replace("`", "``") + "`"
    for quoted in (json.dumps(text, ensure_ascii=False), single):
        assert parse_expression(f"a == {quoted}").condition == Comparison("a", "==", (Value(text, 0),), 0)
    escaped = json.dumps(text)
    assert parse_expression(f"a=={escaped}").condition == Comparison("a", "==", (Value(json.loads(escaped), 0),), 0)
    assert parse_expression(f"[a={single}]").condition == Comparison("a", "==", (Value(text, 0, True),), 0)
    assert parse_expression(f"{backticked}<1").condition == Comparison(text, "<", (Value(1, 0),), 0)
    attributes = (attribute(text, (text, "other"), [0, 1]),)
    assert selected(f"{backticked} == {single}", attributes) == [True, False]


def test_escapes_and_numbers() -> None:
    def value(text: str) -> Any:
        condition = parse_expression(f"a == {text}").condition
        assert isinstance(condition, Comparison)
        return condition.values[0].value

    assert value(r'"\x41\u00e9\U0001F600\ud83d\ude00\n\t\r\b\f\v\a\/\\\"\'"') == "Aé😀😀\n\t\r\b\f\v\a/\\\"'"
    assert value(r"'\ud83d'") == "\ud83d"
    for text, number in [
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5E-3", -0.0015),
        ("2e3", 2000.0),
    ]:
        assert value(text) == number
        assert isinstance(value(text), type(number))


SYNTAX_ERRORS = [
    ("", 1, "expected an attribute name"),
    ("   ", 4, "found the end"),
    ("time_of_day == night", 16, "Put text in quotes"),
    ("a = 1", 3, "Write =="),
    ("a is 1", 3, "Write =="),
    ("a == 1 && b == 2", 8, "Write and"),
    ("a == 1 | b == 2", 8, "Write or"),
    ("a == 1 AND b == 2", 8, "Write and, in lower case"),
    ("NOT a == 1", 5, "Write not, in lower case"),
    ("!a == 1", 1, "Write not"),
    ("time-of-day == 1", 5, "stands in backticks"),
    ("a ==", 5, "expected a value"),
    ("a", 2, "expected a comparison"),
    ("not a and b == 1", 7, "expected a comparison"),
    ("(a == 1", 8, "The ( at column 1 is not closed"),
    ("a == 1)", 7, "expected and, or, or the end"),
    ("a == 1 b == 2", 8, "expected and, or, or the end"),
    ("a == 1 and", 11, "expected an attribute name"),
    ('a == "x', 6, 'expected a closing "'),
    ("a == 'x", 6, "expected a closing '"),
    ("`a == 1", 1, "Close the backticks"),
    (r'a == "ab\q"', 9, '"q" after a backslash is no escape'),
    (r'a == "\U00110000"', 7, "is no escape"),
    (r'a == "\u12"', 7, "is no escape"),
    ("a in []", 7, "expected a value"),
    ('a in "x"', 6, "expected a list"),
    ('a in ["x" "y"]', 11, 'expected "," or "]"'),
    ('a in ["x")', 10, 'expected "," or "]"'),
    ("a not == 1", 7, "expected in after not"),
    ("a == 1e999", 6, "too large"),
    ("a == " + "1" * 5000, 6, "too long"),
    ("a == " + "0" * 5000 + "1", 6, "too long"),
    ("a == 1 orb == 2", 8, "found 'orb'"),
    ("a == true.x", 6, "expected a value"),
    ("a == 5abc", 6, "found '5abc'"),
    ("a == 1.2.3", 6, "found '1.2.3'"),
    ('a < "x"', 5, "expected a number after <"),
    ("a >= true", 6, "expected a number after >="),
    ("1 < a < 3", 1, "expected an attribute name"),
    ("a < 2 < 3", 7, "expected and, or, or the end"),
    ("a == b", 6, "expected a value"),
    ("a == null", 6, 'A missing value is "n/a"'),
    ("a == “x”", 6, "Use straight quotes"),
    ("a == TRUE", 6, "Write true, in lower case"),
    ("in == 1", 1, "called so stands in backticks"),
    ("[]", 2, "expected an attribute name, as in [a=b]"),
    ("[a==b]", 3, 'expected "="'),
    ("[a b]", 4, 'expected "="'),
    ("[a=]", 4, "expected a value"),
    ("[a=b", 5, "found the end"),
    ("[a=b=c]", 5, 'expected "," or "]"'),
    ("[a=b] c == 1", 7, "expected and, or, or the end"),
    ("a == 1\n  and b = 2", 16, "Write =="),
]


@pytest.mark.parametrize(("text", "column", "message"), SYNTAX_ERRORS)
def test_syntax_errors_point_at_the_column(text: str, column: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_expression(text)
    assert re.match(rf"column {column}\b", caught.value.where or "")
    assert message in str(caught.value)
    assert len(text) > 80 or not text.isprintable() or text in (caught.value.where or "")
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        (
            'class == "person" and tme_of_day == "day"',
            23,
            "no attribute is called tme_of_day. Known attributes: time_of_day",
        ),
        ("`no such` == 1", 1, "no attribute is called `no such`"),
        ('not time_of_day == "Nigt"', 20, 'time_of_day has no value "Nigt". Known values: "night", "day"'),
        ('time_of_day in ["day", "dusk"]', 24, 'no value "dusk"'),
        ('occlusion == "1"', 14, 'occlusion has no value "1". Known values: 1, '),
        ("occlusion == true", 14, "occlusion has no value true"),
        ("[occlusion=1.0]", 12, 'occlusion has no value "1.0"'),
        ("time_of_day == 1", 16, 'has no value 1. Known values: "day", "night"'),
        ("[size=5]", 7, 'size has no value "5"'),
        ('size != "smal"', 9, 'Known values: "small", "large", or any number'),
        ("size == true", 9, "size has no value true"),
        (
            "[class=person] and time_of_day < 3",
            20,
            '< compares numbers, and time_of_day has none. Compare with == or in: "day"',
        ),
        ('time_of_day == "day" or class == "cat"', 34, 'class has no value "cat"'),
    ],
)
def test_unknown_names_and_values_point_at_the_column(text: str, column: int, message: str) -> None:
    expression, nothing = parse_expression(text), np.zeros(0, dtype=np.int32)
    for select in (
        lambda: select_objects(small(), expression),
        lambda: select_addresses(small(), expression, nothing, nothing),
    ):
        with pytest.raises(InputError) as caught:
            select()
        assert (caught.value.where or "").startswith(f"column {column} of ")
        assert message in str(caught.value)


def test_mixed_and_boolean_values_have_no_order() -> None:
    for values in [(0, 1, "x"), (False, True), ("2013-11",), ("n/a",)]:
        with pytest.raises(InputError, match="> compares numbers, and a has none"):
            selected("a > 0", (attribute("a", values, [0]),))
    assert selected("a > 0", (attribute("a", (0, 1.5, "n/a", BACKGROUND), [0, 1, 2, 3]),)) == [
        False,
        True,
        False,
        False,
    ]


def test_many_values_are_not_all_named() -> None:
    attributes = (attribute("class", [f"class {i}" for i in range(1203)], [0]),)
    with pytest.raises(InputError) as caught:
        selected('class == "Class 77 "', attributes)
    assert 'Known values: "class 77", ' in str(caught.value)
    assert str(caught.value).endswith(", ... (1,203 in all)")
    assert len(str(caught.value)) < 500


def test_limits() -> None:
    deepest = "(" * 100 + 'time_of_day == "day"' + ")" * 100
    assert selected(deepest) == [True, False, False]
    assert selected("not " * 100 + 'time_of_day == "day"') == [True, False, False]
    joined = 'time_of_day == "day" or (size < 6 and (' * 50 + 'time_of_day == "day"' + "))" * 50
    assert selected(joined) == [True, False, False]
    for text in ("(" * 101 + "a == 1" + ")" * 101, "not " * 101 + "a == 1", "not(" * 51 + "a == 1" + ")" * 51):
        with pytest.raises(InputError, match="nested more than 100 deep") as caught:
            parse_expression(text)
        assert "column" in (caught.value.where or "")
    assert parse_expression("a == 1".ljust(10_000)).condition == Comparison("a", "==", (Value(1, 0),), 0)
    with pytest.raises(InputError, match="an expression of 10,001 characters is too long"):
        parse_expression("a == 1".ljust(10_001))
    many = " or ".join(["size == 1"] * 700)
    assert selected(many) == [False] * 3


TOKENS = st.sampled_from(
    [
        *(
            "and",
            "or",
            "not",
            "in",
            "true",
            "False",
            "time_of_day",
            "size",
            "occlusion",
            "class",
            "`size`",
            "a.b",
            "null",
        ),
        *("==", "!=", "<", "<=", ">", ">=", "=", "(", ")", "[", "]", ",", '"', "'", "`", "\\", "&&", "!", "-", "\x00"),
        *(
            '"night"',
            "'small'",
            '"\\u12"',
            "[size=small]",
            "size < 5",
            "1",
            "-1.5e3",
            "1e999",
            "9" * 500,
            ".",
            "\ud800",
        ),
        *(" ", "\n", "\u00a0", "é", "٣", "__import__('os')", "{}", "%s", "🦊", "not in"),
    ]
)
HOSTILE = st.one_of(
    st.text(st.characters(), max_size=30),
    st.lists(TOKENS, max_size=14).map(" ".join),
    st.lists(TOKENS, max_size=14).map("".join),
    st.tuples(TOKENS, st.integers(0, 3000)).map(lambda part: part[0] * part[1]),
)


@settings(max_examples=1500)
@given(HOSTILE)
def test_hostile_texts_raise_nothing_else(text: str) -> None:
    try:
        expression = parse_expression(text)
        assert select_objects(small(), expression).shape == (3,)
        as_where(expression, small())
    except InputError as error:
        message = str(error)
        assert message.isprintable()
        assert len(message) < 1500
        column = re.match(r"column (\d+)", error.where or "")
        assert len(text) > 10_000 or (column is not None and 1 <= int(column[1]) <= len(text) + 1)


def test_long_texts_take_no_longer_than_their_length() -> None:
    """Would take minutes if any pattern looked back over and over."""
    for part in (
        "a" * 9_990,
        " " * 9_990,
        "[a=" + "b " * 4_990,
        '"' + "\\\\" * 4_990,
        "`" * 9_999,
        "1" * 9_990,
        "a." * 4_990,
    ):
        for text in (part, f"a == {part}"[:10_000], f"[a={part}"[:10_000]):
            with pytest.raises(InputError):
                select_objects(small(), parse_expression(text))


def test_kaist(real_data: Path) -> None:
    ground_truth = json.loads((real_data / "kaist" / "gt.json").read_text())
    for annotation in ground_truth["annotations"]:
        del annotation["ignore"]  # the reader drops this standard field
    attributes, _ = build_attributes(*tables_of(ground_truth))
    times = {image["id"]: image["time_of_day"] for image in ground_truth["images"]}
    heavy_at_night = [
        a["attributes"]["occlusion"] == "heavy" and times[a["image_id"]] == "night" for a in ground_truth["annotations"]
    ]
    assert sum(heavy_at_night) > 0
    assert selected('occlusion == "heavy" and time_of_day == "night"', attributes) == heavy_at_night
    assert selected("[annotation.occlusion=2, time_of_day=night]", attributes) == heavy_at_night
    low = [a["height"] < 50 for a in ground_truth["annotations"]]
    assert selected("height < 50", attributes) == low
