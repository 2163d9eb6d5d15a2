"""Detections that mean nothing: every field missing, null, of another type, not finite, or of nothing that is known."""

from collections.abc import Iterator

from tests.bad_inputs.pair import Pair, json_bytes, literal, packed, refused, results_with, results_without, sound_pair

AT = 3
"""The record that is made bad."""
LITERALS = {"nan": "NaN", "infinity": "Infinity", "minus_infinity": "-Infinity"}
BEYOND = {"1e999": "1e999", "minus_1e999": "-1e999"}
GIGANTIC = "1" + "0" * 5000
BAD = {
    "score": {
        "text": "high",
        "empty_text": "",
        "true": True,
        "list": [0.9],
        "object": {"cat": 0.9},
    },
    "bbox": {
        "of_0": [],
        "of_1": [10],
        "of_3": [10, 10, 30],
        "of_5": [10, 10, 30, 20, 0.9],
        "nested": [[10, 10, 30, 20]],
        "of_words": ["left", "top", "right", "bottom"],
        "with_null": [10, 10, None, 20],
        "with_true": [10, 10, True, 20],
        "object": {"x": 10, "y": 10, "w": 30, "h": 20},
        "text": "10 10 30 20",
        "number": 10,
        "too_large": [0, 0, 1e200, 1e200],
    },
    "image_id": {
        "text": "street",
        "fraction": 1.5,
        "true": True,
        "list": [2],
        "beyond_64_bit": 2**64,
        "just_beyond_64_bit": 2**63,
        "float_beyond_64_bit": 1e30,
        "gigantic": literal(GIGANTIC),
    },
    "category_id": {
        "text": "dog",
        "fraction": 0.5,
        "false": False,
        "object": {"id": 1},
        "beyond_64_bit": -(2**64),
        "gigantic": literal(GIGANTIC),
    },
}
UNKNOWN = {"99": 99, "minus_1": -1, "zero": 0, "largest": 2**63 - 1, "smallest": -(2**63)}
CODES = {
    "score": "score_invalid",
    "bbox": "box_invalid",
    "image_id": "image_id_invalid",
    "category_id": "category_id_invalid",
}
MENDED = {
    "score": "0.65",
    "bbox": ["60", "10", "32", "30"],
    "image_id": "2",
    "category_id": " 2 ",
}
WORDS = ("dt.json", f"detections[{AT}]")


def bad_detections() -> Iterator[Pair]:
    """One bad record among sound ones; leniently it is left out, or mended."""
    truth, results = sound_pair()
    rest = (truth, results_without(AT))
    for field, values in BAD.items():
        for name, value in values.items():
            code = "box_missing" if value == [] else CODES[field]
            yield refused(
                f"{field}_{name}", code, *WORDS, repr(field), dt=results_with(AT, **{field: value}), rest=rest
            )
        code = "box_missing" if field == "bbox" else CODES[field]
        yield refused(f"{field}_null", code, *WORDS, field, dt=results_with(AT, **{field: None}), rest=rest)
        code = "box_missing" if field == "bbox" else "field_missing"
        yield refused(f"{field}_missing", code, *WORDS, repr(field), dt=results_with(AT, **{field: ...}), rest=rest)
        mended = results_with(AT, **{field: MENDED[field]})
        yield refused(f"{field}_number_as_text", CODES[field], *WORDS, dt=mended, rest=(truth, results))
    yield from _not_finite(rest)
    yield from _unknown(rest)
    yield from _not_objects(rest)
    yield from _many()


def _not_finite(rest: object) -> Iterator[Pair]:
    for field in ("score", "bbox", "image_id", "category_id"):
        for name, text in {**LITERALS, **BEYOND}.items():
            value = [5, 30, literal(text), 25] if field == "bbox" else literal(text)
            codes = {"number_not_finite"} | ({"number_not_in_json"} if name in LITERALS else set())
            words = (*WORDS, repr(field), "inf" if field == "bbox" and name not in LITERALS else text)
            yield refused(f"{field}_{name}", codes, *words, dt=results_with(AT, **{field: value}), rest=rest)  # type: ignore[arg-type]
    for field in ("score", "bbox"):
        value = literal(GIGANTIC) if field == "score" else [literal(GIGANTIC), 0, 1, 1]
        dt = results_with(AT, **{field: value})
        yield refused(f"{field}_gigantic", "number_not_finite", *WORDS, dt=dt, rest=rest)  # type: ignore[arg-type]


def _unknown(rest: object) -> Iterator[Pair]:
    for name, value in UNKNOWN.items():
        for kind in ("image", "category"):
            dt = results_with(AT, **{f"{kind}_id": value})
            words = (*WORDS, str(value), "ids 1 to")
            yield refused(f"unknown_{kind}_{name}", f"unknown_{kind}", *words, dt=dt, rest=rest)  # type: ignore[arg-type]


def _not_objects(rest: object) -> Iterator[Pair]:
    truth, results = sound_pair()
    for name, record in {"null": None, "number": 5, "text": "cat", "list": [1, 2, 3]}.items():
        dt = [*results[:AT], record, *results[AT + 1 :]]
        yield refused(f"detection_{name}", "record_not_an_object", *WORDS, dt=dt, rest=rest)  # type: ignore[arg-type]
    empty = [*results[:AT], {}, *results[AT + 1 :]]
    yield refused(
        "detection_empty", "field_missing", *WORDS, "'score'", "'image_id'", dt=empty, rest=(truth, results_without(AT))
    )


def _many() -> Iterator[Pair]:
    """Several bad records, in every layout: all are told at once."""
    truth, results = sound_pair()
    bad = [dict(record) for record in results]
    bad[1]["score"] = None
    bad[2]["score"] = "x"
    bad[4]["image_id"] = 77
    bad[5]["bbox"] = [1, 2, 3]
    codes = ("score_invalid", "unknown_image", "box_invalid")
    words = ("[1]", "1 more record", "[4]", "77", "[5]", "[1, 2, 3]")
    rest = (truth, results_without(1, 2, 4, 5))
    yield refused("several_bad", codes, *words, dt=bad, rest=rest)
    yield refused(
        "several_bad_in_object", codes, "annotations[1]", "annotations[4]", dt={"annotations": bad}, rest=rest
    )
    yield refused("several_bad_packed", codes, *words, dt=packed(json_bytes(bad)), rest=rest)
    yield refused("several_bad_behind_bom", codes, *words, dt=b"\xef\xbb\xbf" + json_bytes(bad), rest=rest)
    mixed = [
        {**record, "image_id": str(record["image_id"]) if i % 2 else record["image_id"]}
        for i, record in enumerate(results)
    ]
    yield refused("image_ids_of_mixed_type", "image_id_invalid", "2 more records", dt=mixed, rest=(truth, results))
    every = [{**record, "score": None} for record in results]
    yield refused("every_score_null", "score_invalid", "6 more records", dt=every, rest=(truth, []))
    odd = [{**record, "image_id": record["image_id"] + 1000} for record in results]
    yield refused("every_image_unknown", "unknown_image", "6 more records", dt=odd, rest=(truth, []))
