"""Rules of gates and their verdicts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgap.errors import InputError
from mapgap.gates import judge, parse_rule, rules_of_text
from mapgap.verdicts import EVERY_SLICE, OUTCOMES, RULE_METRICS, SLICE_METRICS, Measured, Rule
from tests.naive import gates as naive


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("AP drop > 0.5", Rule("AP drop > 0.5", "AP", ">", 0.5, "drop")),
        ("  AP50 rise<-.5 ", Rule("AP50 rise<-.5", "AP50", "<", -0.5, "rise")),
        ("recall < 40", Rule("recall < 40", "recall", "<", 40)),
        ("F1 drop >= 1.", Rule("F1 drop >= 1.", "f1", ">=", 1, "drop")),
        ("fp rise > 12 # remark ]", Rule("fp rise > 12", "fp", ">", 12, "rise")),
        ("recall[*]drop>2", Rule("recall[*]drop>2", "recall", ">", 2, "drop", EVERY_SLICE)),
        (
            "recall[size=small,time_of_day=night] drop > 1",
            Rule("recall[size=small,time_of_day=night] drop > 1", "recall", ">", 1, "drop",
                 "[size=small,time_of_day=night]"),
        ),
        (
            'AP[ size == "small" ] <= 3',
            Rule('AP[ size == "small" ] <= 3', "AP", "<=", 3, None, 'size == "small"'),
        ),
        (
            'gap[`a]b`=x] rise > 1',
            Rule('gap[`a]b`=x] rise > 1', "gap", ">", 1, "rise", "[`a]b`=x]"),
        ),
        (
            'tp["a"=="]" or size in ["small", "large"]] drop > 1',
            Rule('tp["a"=="]" or size in ["small", "large"]] drop > 1', "tp", ">", 1, "drop",
                 '"a"=="]" or size in ["small", "large"]'),
        ),
        ('recall["#1"=x] < 1', Rule('recall["#1"=x] < 1', "recall", "<", 1, None, '["#1"=x]')),
        ("recall[[size=small]] < 1", Rule("recall[[size=small]] < 1", "recall", "<", 1, None, "[size=small]")),
        ("recall[size<=5] < 1", Rule("recall[size<=5] < 1", "recall", "<", 1, None, "size<=5")),
    ],
)  # fmt: skip
def test_a_rule_is_read(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "column 1 of the rule '': expected a metric, found the end"),
        ("> 1", "expected a metric, found '>'"),
        ("recal drop > 1", r"no metric is called 'recal'. Known metrics: recall, "),
        ("mAP drop > 1", r"no metric is called 'mAP'. Known metrics: AP, "),
        ("AP50[size=small] drop > 1", "column 5 .*AP50 has no value in a slice. Metrics of slices: recall, "),
        ("recall[] drop > 1", "column 7 .*the brackets are empty"),
        ("recall[size=small drop > 1", r"column 7 .*the \[ is not closed"),
        ("AP falls > 1", "column 4 .*expected drop, rise or a comparison .*, found 'falls'"),
        ("AP drops > 1", "column 4 .*found 'drops'"),
        ("AP drop 1", "column 9 .*expected > or another comparison, found '1'"),
        ("AP drop == 1", "column 9 .*found '=='"),
        ("AP drop => 1", "column 9 .*found '=>'"),
        ("AP drop > small", "column 11 .*expected a number of points, which are hundredths, found 'small'"),
        ("fp rise > nan", "column 11 .*expected a number, found 'nan'"),
        ("AP drop > 1e3", "column 11 .*expected a number of points"),
        ("AP drop > 1%", "column 12 .*expected the end, found '%'. Numbers are points, without a sign"),
        ("AP drop > 1 or 2", "column 13 .*expected the end, found 'or'"),
        ("AP drop > " + "9" * 400, "expected a number of points"),
        ("AP drop > 1" + " " * 10_000, "a rule of 10,011 characters is too long"),
        ("AP\x1b[2J drop > 1", "no metric|has no|expected"),
    ],
)
def test_a_bad_rule_says_where_and_what(text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as refused:
        parse_rule(text)
    assert str(refused.value).isprintable()


@given(st.text(alphabet="APrecal[]{}*=<>.0123456789\"'` drop#\\\n\x00", max_size=40))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = parse_rule(text)
    except InputError as refused:
        complaint = str(refused)
    else:
        complaint = ""
        assert rule.metric in RULE_METRICS
        assert parse_rule(rule.text) == rule
    assert complaint.isprintable()


def test_a_file_of_rules() -> None:
    content = b"\xef\xbb\xbf# what we hold\r\n\r\nAP drop > 1\r\n  # more\r\nrecall[*] drop > 2  # each\r"
    rules = rules_of_text(content, "gate.rules")
    assert [(rule.text, rule.source) for rule in rules] == [
        ("AP drop > 1", "gate.rules, line 3"),
        ("recall[*] drop > 2", "gate.rules, line 5"),
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "gate.rules: the file holds no rule"),
        (b"# nothing\n\n", "gate.rules: the file holds no rule"),
        (b"AP drop > 1\nAP dorp > 1\n", "gate.rules, line 2: column 4 of the rule 'AP dorp > 1': expected drop"),
        (b"AP drop > 1\n\xff\n", "gate.rules: line 2: no UTF-8"),
    ],
)
def test_a_bad_file_of_rules_names_file_and_line(content: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=re.escape(complaint)):
        rules_of_text(content, "gate.rules")


def measured(before: float | None, after: float | None, **others: object) -> Measured:
    return Measured(before, after, members=100, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "numbers", "strict", "expected"),
    [
        ("AP drop > 1", measured(0.5, 0.48, interval=(-0.03, -0.01)), False, "failed"),
        ("AP drop > 1", measured(0.5, 0.48, interval=(-0.05, 0.001)), False, "unsure"),
        ("AP drop > 1", measured(0.5, 0.48, interval=(-0.05, 0.001)), True, "failed"),
        ("AP drop > 1", measured(0.5, 0.48), False, "failed"),
        ("AP drop > 1", measured(0.66, 0.65, interval=(-0.02, -0.001)), False, "passed"),
        ("AP drop >= 1", measured(0.66, 0.65, interval=(-0.02, -0.001)), False, "failed"),
        ("AP drop > 0", measured(0.5, 0.5, interval=(0, 0)), False, "passed"),
        ("AP drop >= 0", measured(0.5, 0.5, interval=(0, 0)), False, "unsure"),
        ("gap rise > 1", measured(0.5, 0.52, interval=(0.01, 0.03)), False, "failed"),
        ("AP rise < 1", measured(0.5, 0.505, interval=(-0.01, 0.02)), False, "failed"),
        ("AP drop > -1", measured(0.5, 0.505, interval=(-0.01, 0.02)), False, "failed"),
        ("recall < 40", measured(None, 0.4), False, "passed"),
        ("recall <= 40", measured(None, 0.4), False, "failed"),
        ("recall < 40", measured(0.9, 0.39, after_interval=(0.3, 0.5)), False, "failed"),
        ("recall < 40", measured(0.9, None), False, "nothing_to_measure"),
        ("recall drop > 1", measured(None, 0.4), False, "nothing_to_measure"),
        ("fp rise > 3", measured(10, 13), False, "passed"),
        ("fp rise > 3", measured(10, 14), False, "failed"),
        ("recall[*] drop > 2", measured(0.5, 0.4, interval=(-0.2, -0.1), q_value=0.2), False, "unsure"),
        ("recall[*] drop > 2", measured(0.5, 0.4, interval=(-0.2, -0.1), q_value=0.05), False, "failed"),
    ],
)
def test_a_verdict(text: str, numbers: Measured, strict: bool, expected: str) -> None:
    (verdict,) = judge(parse_rule(text), [numbers], strict=strict)
    assert verdict.outcome == expected


def test_a_rule_that_finds_nothing_to_measure_does_not_pass() -> None:
    assert [each.outcome for each in judge(parse_rule("recall[*] drop > 2"), [])] == ["nothing_to_measure"]
    empty = Measured(0, 0, members=0)
    assert [each.outcome for each in judge(parse_rule("fn[a=b] rise > 2"), [empty])] == ["nothing_to_measure"]
    assert [each.outcome for each in judge(parse_rule("objects[a=b] < 30"), [empty])] == ["failed"]


def test_the_worst_slice_comes_first() -> None:
    drops = [
        measured(0.5, after, interval=(-1, low)) for after, low in [(0.5, 0), (0.4, 0.1), (0.45, -0.01), (0.3, -0.1)]
    ]
    verdicts = judge(parse_rule("recall[*] drop > 2"), drops)
    assert [(each.outcome, each.measured.after) for each in verdicts] == [
        ("failed", 0.3),
        ("failed", 0.45),
        ("unsure", 0.4),
        ("passed", 0.5),
    ]


FRACTIONS = st.none() | st.integers(0, 40).map(lambda step: step / 40) | st.floats(0, 1)


@given(
    metric=st.sampled_from(SLICE_METRICS),
    direction=st.sampled_from([None, "drop", "rise"]),
    comparator=st.sampled_from([">", ">=", "<", "<="]),
    number=st.sampled_from(["0", "-2.5", "2.5", "40", "5", "0.1"]),
    before=FRACTIONS,
    after=FRACTIONS,
    ends=st.none() | st.tuples(st.integers(-4, 4), st.integers(-4, 4)).map(sorted),
    q_value=st.none() | st.sampled_from([0, 0.05, 0.051]),
    strict=st.booleans(),
)
def test_verdicts_equal_those_of_the_definition(
    metric: str,
    direction: str | None,
    comparator: str,
    number: str,
    before: float | None,
    after: float | None,
    ends: list[int] | None,
    q_value: float | None,
    strict: bool,
) -> None:
    interval = None if ends is None else (ends[0] / 40, ends[1] / 40)
    rule = parse_rule(f"{metric}[*] {direction or ''} {comparator} {number}")
    numbers = Measured(before, after, interval=interval, members=3, q_value=q_value)
    (verdict,) = judge(rule, [numbers], strict=strict)
    assert verdict.outcome in OUTCOMES
    assert verdict.outcome == naive.outcome(
        metric, direction, comparator, number, before, after, interval=interval, q_value=q_value, strict=strict
    )
