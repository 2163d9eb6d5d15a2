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
    if "sums" in record:
        kind, bits = record["sums"][0], int(record["sums"][1:])
        values = np.cumsum(values, dtype=np.int64).astype(f"{kind}{bits // 8}")
    if record.get("is_float"):
        return values.astype(np.int32).view(np.float32)
    return values / record["divisor"] if "divisor" in record else values


def bytes_of(chunk: Chunk) -> bytes:
    return gzip.decompress(base64.b64decode(chunk.text()))


floats = st.one_of(
    st.integers(0, 1000).map(lambda n: n / 1000),
    st.floats(allow_nan=False, width=32),
    st.floats(allow_nan=False),
    st.sampled_from([0.0, -0.0, 0.1, 1e-5, 0.30000000000000004, 4294967295.0, 4294967296.0, 1e300]),
)


@given(columns=st.lists(st.lists(floats, max_size=8), max_size=4))
def test_floats_come_back_bit_for_bit(columns: list[list[float]]) -> None:
    chunk = Chunk("c")
    records = [chunk.add(np.array(values)) for values in columns]
    content = bytes_of(chunk)
    for record, values in zip(records, columns, strict=True):
        found = read(record, content).astype(np.float64)
        assert found.tobytes() == np.array(values, dtype=np.float64).tobytes()


near_each_other = st.tuples(st.integers(0, 2**32 - 100), st.lists(st.integers(0, 50), min_size=2, max_size=20)).map(
    lambda drawn: [drawn[0] + step for step in sorted(drawn[1])]
)


@given(
    values=st.lists(st.integers(0, 2**32 - 1) | st.integers(-(2**31), 2**31 - 1), max_size=10)
    | near_each_other
    | near_each_other.map(lambda values: values[::-1])
)
def test_whole_numbers_come_back(values: list[int]) -> None:
    chunk = Chunk("c")
    low, high = min(values, default=0), max(values, default=0)
    if low < 0 and high >= 2**31:
        with pytest.raises(ValueError, match="4 bytes"):
            chunk.add(np.array(values, dtype=np.int64))
        return
    record = chunk.add(np.array(values, dtype=np.int64))
    assert read(record, bytes_of(chunk)).tolist() == values
    bits = next(
        bits
        for bits in (8, 16, 32)
        if (high < 2**bits if low >= 0 else -(2 ** (bits - 1)) <= low and high < 2 ** (bits - 1))
    )
    assert record.get("sums", record["type"]) == f"{'u' if low >= 0 else 'i'}{bits}"
    assert int(record["type"][1:]) <= bits


def test_differences_where_they_are_smaller() -> None:
    rising = np.arange(100_000) * 3 + 7
    jumbled = np.random.default_rng(0).permutation(rising)
    chunk = Chunk("c")
    assert (chunk.add(rising)["type"], chunk.add(rising)["sums"]) == ("u8", "u32")
    assert "sums" not in chunk.add(jumbled)
    # The middle says that differences are smaller; that the ends do not is found before they are taken.
    ends = np.concatenate([[0, 2**32 - 1, 0], rising, [2**32 - 1]])
    assert "sums" not in chunk.add(ends)


@given(values=st.lists(st.floats(-1e12, 1e12, allow_nan=False), max_size=8), parts=st.sampled_from([1, 4, 100, 1000]))
def test_rounded_floats_come_back_as_near_as_told(values: list[float], parts: int) -> None:
    chunk = Chunk("c")
    record = chunk.add_rounded(np.array(values), parts)
    found = read(record, bytes_of(chunk))
    assert np.abs(found - np.array(values)).max(initial=0) <= 0.5 / parts + 1e-3 * (np.abs(values).max(initial=0) > 1e9)
    small = [value for value in values if abs(value) * parts < 2**31 - 1]
    if len(small) == len(values):
        assert record["type"][0] in "ui"


def test_decimals_are_those_that_one_division_gives() -> None:
    whole, decimals = as_decimals(np.array([0.5, 0.25, 0.123]))
    assert decimals == 3
    assert whole is not None
    assert whole.tolist() == [500, 250, 123]
    assert as_decimals(np.array([1 / 3]))[0] is None
    assert as_decimals(np.array([0.1 + 0.2]))[0] is None
    assert as_decimals(np.array([-0.0]))[0] is None


def test_ids_that_javascript_would_round_are_texts() -> None:
    chunk = Chunk("c")
    assert ids_record(np.array([2**60, 2**60 + 1]), chunk) == {"first": str(2**60), "rows": 2}
    assert ids_record(np.array([3, 7]), chunk) == {"values": [3, 7]}
    assert ids_record(np.array([3, 2**53 + 1]), chunk) == {"values": ["3", str(2**53 + 1)]}


def test_many_ids_are_a_column_where_four_bytes_hold_them() -> None:
    for ids, is_column in ((range(0, 400, 2), True), (range(-2, 400, 2), False), (range(2**32, 2**32 + 400, 2), False)):
        chunk = Chunk("c")
        record = ids_record(np.array(ids), chunk)
        assert ("column" in record) == is_column
        found = read(record["column"], bytes_of(chunk)).tolist() if is_column else record["values"]
        assert found == list(ids)


def data_of(pair: CocoPair, **options: Any) -> tuple[mapgap.Analysis, PageData]:
    analysis = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0)
    return analysis, page_data({"run": analysis.results}, **options)


def column(data: PageData, record: dict[str, Any]) -> list[float]:
    if "places" in record:
        values = column(data, record["values"])
        return [values[place] for place in column(data, record["places"])]
    return read(record, gzip.decompress(base64.b64decode(data.chunks[record["chunk"]]))).tolist()


@given(pair=coco_pairs(), most=st.integers(1, 6))
def test_beyond_the_most_rows_only_low_false_positives_go(pair: CocoPair, most: int) -> None:
    _, everything = data_of(pair)
    _, data = data_of(pair, most_rows=most)
    whole, run = everything.manifest["runs"][0], data.manifest["runs"][0]
    rows = list(zip(column(everything, whole["score"]), column(everything, whole["cause"]), strict=True))
    if len(rows) <= most:
        assert run["left_out"] is None
        return
    lowest = sorted((score for score, _ in rows), reverse=True)[most - 1]
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
    alone = sum(place == 0 for place in column(data, run["target"]))
    assert sum(lengths) == alone
    assert total == pytest.approx(analysis.results.gap.total or 0.0, abs=1e-9)


@given(pair=coco_pairs())
def test_overlaps_are_those_of_the_table_of_detections(pair: CocoPair) -> None:
    analysis, data = data_of(pair)
    rows = detection_rows(analysis.results).detection
    run = data.manifest["runs"][0]
    iou = np.asarray(detections_table(analysis.results)["iou"], dtype=np.float64)[rows]
    wanted = iou[np.array(column(data, run["target"])) > 0]
    assert column(data, run["iou"]) == pytest.approx(wanted.tolist(), abs=0.00051)


@given(pair=coco_pairs())
def test_rows_come_by_image_then_place_in_the_file(pair: CocoPair) -> None:
    analysis, data = data_of(pair)
    run, detections = data.manifest["runs"][0], analysis.results.detections
    image = np.repeat(np.arange(run["rows_of_image"]["rows"]), np.array(column(data, run["rows_of_image"]), dtype=int))
    record = np.array(column(data, run["record"]), dtype=int)
    assert list(zip(image, record, strict=True)) == sorted(zip(image, record, strict=True))
    place = {number: at for at, number in enumerate(detections.record.tolist())}
    rows = [place[number] for number in record.tolist()]
    assert detections.image[rows].tolist() == image.tolist()
    assert column(data, run["score"]) == detections.score[rows].tolist()
    assert run["is_file_order"] == (sorted(record) == list(record))


def test_boxes_a_hair_outside_the_image_stay_small() -> None:
    """Rounded they are -0.0, which no whole number is."""
    image = {"id": 1, "width": 90, "height": 90}
    truth = {"images": [image], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    detections = [{"image_id": 1, "category_id": 1, "bbox": [x, 1.257, 5, 5], "score": 0.5} for x in (-0.001, 7.1)]
    data = page_data({"run": mapgap.analyze(truth, detections, resamples=0).results})
    sides = data.manifest["runs"][0]["box"]
    assert [side.get("sums", side["type"]) for side in sides] == ["u8", "u8", "u8", "u8"]
    assert [column(data, side) for side in sides] == [[0.0, 7.1], [1.26, 1.26], [5.0, 5.0], [5.0, 5.0]]
    assert data.manifest["runs"][0]["box_rounded_to"] == 0.01


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
