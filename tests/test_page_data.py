"""What the page is given: columns that come back bit for bit, rows in the order of their scores."""

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapgap
from mapgap.demo import make_demo
from mapgap.report.columns import detections_table
from mapgap.report.content import build_report
from mapgap.report.embedded.columns import Chunk, as_decimals
from mapgap.report.embedded.page_data import PageData, page_data
from mapgap.report.embedded.run import NO_ERROR, detection_rows
from mapgap.report.embedded.truth import ids_record
from mapgap.report.html.assets import joined_scripts
from mapgap.report.html.markup import data_element, document, text_element
from mapgap.report.html.page import report_html
from tests.generated import CocoPair, coco_pairs


def read(record: dict[str, Any], chunk: bytes) -> np.ndarray:
    """A column as the scripts read it, one byte after another."""
    rows, width = record["rows"], int(record["type"][1:]) // 8
    part = chunk[record["at"] : record["at"] + rows * width]
    ordered = bytes(part[byte * rows + row] for row in range(rows) for byte in range(width))
    values = np.frombuffer(ordered, dtype=np.dtype(f"<{record['type'][0]}{width}"))
    if record.get("delta"):
        with np.errstate(over="ignore"):
            values = np.cumsum(values, dtype=values.dtype)
    return values / float(f"1e{record['decimals']}") if "decimals" in record else values


def bytes_of(chunk: Chunk) -> bytes:
    return gzip.decompress(base64.b64decode(chunk.text()))


floats = st.one_of(
    st.integers(0, 1000).map(lambda n: n / 1000),
    st.floats(allow_nan=False, width=32),
    st.floats(allow_nan=False),
    st.sampled_from([0.0, -0.0, 0.1, 1e-5, 0.30000000000000004, 4294967295.0, 4294967296.0, 1e300]),
)


@given(columns=st.lists(st.tuples(st.lists(floats, max_size=8), st.booleans()), max_size=4))
def test_floats_come_back_bit_for_bit(columns: list[tuple[list[float], bool]]) -> None:
    chunk = Chunk("c")
    records = [chunk.add(np.array(values), falling_or_rising=falling) for values, falling in columns]
    content = bytes_of(chunk)
    for record, (values, _) in zip(records, columns, strict=True):
        found = read(record, content).astype(np.float64)
        assert found.tobytes() == np.array(values, dtype=np.float64).tobytes()


@given(
    values=st.lists(st.integers(0, 2**32 - 1) | st.integers(-(2**31), 2**31 - 1), max_size=10), falling=st.booleans()
)
def test_whole_numbers_come_back(values: list[int], falling: bool) -> None:
    chunk = Chunk("c")
    low, high = min(values, default=0), max(values, default=0)
    if low < 0 and high >= 2**31:
        with pytest.raises(ValueError, match="4 bytes"):
            chunk.add(np.array(values, dtype=np.int64), falling_or_rising=falling)
        return
    record = chunk.add(np.array(values, dtype=np.int64), falling_or_rising=falling)
    assert read(record, bytes_of(chunk)).tolist() == values
    bits = next(
        bits
        for bits in (8, 16, 32)
        if (high < 2**bits if low >= 0 else -(2 ** (bits - 1)) <= low and high < 2 ** (bits - 1))
    )
    assert record["type"] == f"{'u' if low >= 0 else 'i'}{bits}"


def test_decimals_are_those_that_one_division_gives() -> None:
    whole, decimals = as_decimals(np.array([0.5, 0.25, 0.123]))
    assert decimals == 3
    assert whole is not None
    assert whole.tolist() == [500, 250, 123]
    assert as_decimals(np.array([1 / 3]))[0] is None
    assert as_decimals(np.array([0.1 + 0.2]))[0] is None
    assert as_decimals(np.array([-0.0]))[0] is None


def test_ids_that_javascript_would_round_are_texts() -> None:
    assert ids_record(np.array([2**60, 2**60 + 1])) == {"first": str(2**60), "rows": 2}
    assert ids_record(np.array([3, 7])) == {"values": [3, 7]}
    assert ids_record(np.array([3, 2**53 + 1])) == {"values": ["3", str(2**53 + 1)]}


def data_of(pair: CocoPair, **options: Any) -> tuple[mapgap.Analysis, PageData]:
    analysis = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0)
    return analysis, page_data({"run": analysis.results}, **options)


def column(data: PageData, record: dict[str, Any]) -> list[float]:
    return read(record, gzip.decompress(base64.b64decode(data.chunks[record["chunk"]]))).tolist()


@given(pair=coco_pairs(), most=st.integers(1, 6))
def test_beyond_the_most_rows_only_low_false_positives_go(pair: CocoPair, most: int) -> None:
    _, everything = data_of(pair)
    _, data = data_of(pair, most_rows=most)
    whole, run = everything.manifest["runs"][0], data.manifest["run"]
    rows = list(zip(column(everything, whole["score"]), column(everything, whole["cause"]), strict=True))
    assert [score for score, _ in rows] == sorted((score for score, _ in rows), reverse=True)
    if len(rows) <= most:
        assert run["left_out"] is None
        return
    lowest = rows[most - 1][0]
    wanted = [(score, cause) for score, cause in rows if score >= lowest or cause == NO_ERROR]
    assert list(zip(column(data, run["score"]), column(data, run["cause"]), strict=True)) == wanted
    assert run["left_out"]["detections"] == len(rows) - len(wanted)
    assert run["left_out"]["below_score"] == lowest


@given(pair=coco_pairs())
def test_the_gap_is_all_there(pair: CocoPair) -> None:
    analysis, data = data_of(pair)
    run = data.manifest["runs"][0]
    lengths, own = column(data, run["own_debts"]["length"]), column(data, run["own_debts"]["gap"])
    total = sum(column(data, run["debts"]["gap"])) + sum(n * gap for n, gap in zip(lengths, own, strict=True))
    assert total == pytest.approx(analysis.results.gap.total or 0.0, abs=1e-9)


@given(pair=coco_pairs())
def test_overlaps_are_those_of_the_table_of_detections(pair: CocoPair) -> None:
    analysis, data = data_of(pair)
    rows = detection_rows(analysis.results).detection
    wanted = np.nan_to_num(np.asarray(detections_table(analysis.results)["iou"], dtype=np.float64))[rows]
    assert column(data, data.manifest["runs"][0]["iou"]) == pytest.approx(wanted.tolist(), abs=0.00051)


def test_boxes_a_hair_outside_the_image_stay_small() -> None:
    """Rounded they are -0.0, which no whole number is."""
    image = {"id": 1, "width": 90, "height": 90}
    truth = {"images": [image], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    detections = [{"image_id": 1, "category_id": 1, "bbox": [x, 1.257, 5, 5], "score": 0.5} for x in (-0.001, 7.1)]
    data = page_data({"run": mapgap.analyze(truth, detections, resamples=0).results})
    sides = data.manifest["runs"][0]["box"]
    assert [side["type"] for side in sides] == ["u8", "u8", "u8", "u8"]
    assert [column(data, side) for side in sides] == [[0.0, 7.1], [1.26, 1.26], [5.0, 5.0], [5.0, 5.0]]


def test_the_same_results_give_the_same_bytes() -> None:
    demo = make_demo(seed=1, images=20)
    first, second = (
        report_html(build_report(results), page_data({"run": results}))
        for results in (mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results for _ in range(2))
    )
    assert first == second


def test_no_text_ends_its_element() -> None:
    text = data_element("m", {"a": "</script><!--<script>&\u2028"})
    assert text.count("<") == 2
    assert json.loads(text[text.index(">") + 1 : text.rindex("<")]) == {"a": "</script><!--<script>&\u2028"}
    with pytest.raises(ValueError, match="end its element"):
        text_element("c", "AA</script>")
    with pytest.raises(ValueError, match="script"):
        document([], "", [], "'</script>'")


def test_scripts_never_read_text_as_markup() -> None:
    scripts = joined_scripts()
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "fetch(",
    ):
        assert forbidden not in scripts
