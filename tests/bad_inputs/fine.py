"""Inputs that look unusual and are right: nothing is said, and the numbers are those of the sound pair."""

from collections.abc import Iterator

from tests.bad_inputs.pair import Pair, json_bytes, literal, packed, results_with, silent, sound_pair, truth_with

BOM = b"\xef\xbb\xbf"


def fine_inputs() -> Iterator[Pair]:
    """BOM, gzip by content, other layouts, missing fields that may be missing, numbers in other forms, names."""
    truth, results = sound_pair()
    gt, dt = json_bytes(truth), json_bytes(results)
    yield silent("sound")
    yield silent("bom", BOM + gt, BOM + dt)
    yield silent("gzip", packed(gt), packed(dt))
    yield silent("gzip_of_bom", packed(BOM + gt), packed(BOM + dt))
    yield silent("gzip_in_members", packed(gt[:300]) + packed(gt[300:]), packed(dt[:9]) + packed(dt[9:]))
    yield silent("gzip_padded_with_zeros", packed(gt) + b"\0" * 600)
    yield silent("results_as_object", dt={"annotations": results})
    yield silent("results_as_object_with_images", dt={"images": truth["images"], "annotations": results})
    yield silent("white_space_everywhere", gt.replace(b" ", b" \r\n\t "), b"\n\n" + dt + b"\n\n")
    yield silent("without_iscrowd", {**truth, "annotations": [_without(a, "iscrowd") for a in truth["annotations"]]})
    yield silent("crowd_in_words", truth_with("annotations", 0, iscrowd=False))
    yield silent("without_names_of_files", {**truth, "images": [_without(i, "file_name") for i in truth["images"]]})
    yield silent("without_sizes", {**truth, "images": [{"id": i["id"]} for i in truth["images"]]})
    yield silent("sizes_null", {**truth, "images": [{**i, "width": None, "height": None} for i in truth["images"]]})
    yield silent("categories_without_names", {**truth, "categories": [{"id": 1}, {"id": 2, "name": None}]})
    yield silent("categories_of_one_name", truth_with("categories", 1, name="cat"))
    yield silent("images_without_objects", {**truth, "images": [*truth["images"], {"id": 9}, {"id": 10}]})
    yield silent("unicode_names", truth_with("categories", 0, name="猫 🐈 مرحبا"))
    unicode = truth_with("images", 0, file_name="straße/ü.png")
    yield silent("unicode_file_names", str(unicode).replace("'", '"').encode())
    yield silent(
        "ids_as_floats", truth_with("annotations", 1, id=literal("2.0")), results_with(3, image_id=literal("2.0"))
    )
    yield silent("scores_with_exponents", dt=results_with(0, score=literal("9e-1")))
    yield silent(
        "unknown_fields", {**truth, "info": {"year": 2017}, "licenses": []}, [{**r, "track": 5} for r in results]
    )
    yield silent("keys_in_another_order", dict(reversed(truth.items())), [dict(reversed(r.items())) for r in results])
    gigantic = json_bytes(results).replace(b'"score": 0.9', b'"score": 0.9, "track": 1' + b"0" * 5000)
    yield silent("gigantic_integer_in_other_field", dt=gigantic)
    yield silent("segmentation_of_anything", dt=results_with(3, segmentation=None))


def _without(record: dict[str, object], field: str) -> dict[str, object]:
    return {key: value for key, value in record.items() if key != field}
