"""Ground truth that means nothing: every field of images, categories and annotations."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.bad_inputs.pair import Pair, Truth, literal, refused, results_without, sound_pair, truth_with, truth_without

GIGANTIC = "1" + "0" * 5000
BAD_IDS: Mapping[str, object] = {
    "null": None,
    "text": "first",
    "fraction": 1.5,
    "true": True,
    "list": [1],
    "beyond_64_bit": 2**65,
    "gigantic": literal(GIGANTIC),
}
NOT_FINITE = {"nan": "NaN", "minus_infinity": "-Infinity", "1e999": "1e999"}
LEFT_OUT = {
    "bbox": {
        "null": None,
        "of_0": [],
        "of_3": [1, 2, 3],
        "of_5": [1, 2, 3, 4, 5],
        "nested": [[50, 40, 20, 30]],
        "of_words": ["a", "b", "c", "d"],
        "object": {"x": 1},
    },
    "image_id": {"null": None, "text": "x", "fraction": 1.25, "beyond_64_bit": 2**64},
    "category_id": {"null": None, "text": "dog", "fraction": 2.5, "beyond_64_bit": 2**64},
    "id": BAD_IDS,
}
READ_WITHOUT = {
    "area": {"text": "large", "list": [600], "true": True},
    "iscrowd": {"text": "no", "null": None, "list": [0], "fraction": 0.5, "object": {}},
}
CODES = {
    "id": "id_invalid",
    "bbox": "box_invalid",
    "image_id": "image_id_invalid",
    "category_id": "category_id_invalid",
    "area": "area_invalid",
    "iscrowd": "iscrowd_invalid",
}
TEXTS = {
    "bbox": ["50", "40", "20", "30"],
    "image_id": "1",
    "category_id": "2",
    "id": "2",
    "area": "600",
    "iscrowd": "0",
}
IMAGE_FIELDS = {
    "width": ("image_size_invalid", {"text": "wide", "negative": -100, "list": [100], "true": True}),
    "height": ("image_size_invalid", {"text": "high", "negative": -1}),
    "file_name": ("text_invalid", {"number": 5, "list": ["1.png"]}),
}
WORDS = ("gt.json", "annotations[1]")


def bad_ground_truth() -> Iterator[Pair]:
    """One bad record, in each of the three lists."""
    yield from _annotations()
    yield from _images()
    yield from _categories()
    yield from _ids()


def _annotations() -> Iterator[Pair]:
    truth, results = sound_pair()
    rest = (truth_without("annotations", 1), results)
    for field, values in LEFT_OUT.items():
        for name, value in values.items():
            gt = truth_with("annotations", 1, **{field: value})
            yield refused(f"annotation_{field}_{name}", CODES[field], *WORDS, repr(field), gt=gt, rest=rest)
        gt = truth_with("annotations", 1, **{field: ...})
        yield refused(f"annotation_{field}_missing", "field_missing", *WORDS, repr(field), gt=gt, rest=rest)
    for field, values in READ_WITHOUT.items():
        for name, value in values.items():
            gt = truth_with("annotations", 1, **{field: value})
            codes = [CODES[field], *(["area_missing"] if field == "area" else [])]
            yield refused(f"annotation_{field}_{name}", codes, *WORDS, repr(field), gt=gt, rest=(truth, results))
    for field, text in TEXTS.items():
        gt = truth_with("annotations", 1, **{field: text})
        yield refused(f"annotation_{field}_number_as_text", CODES[field], *WORDS, gt=gt, rest=(truth, results))
    for name, text in NOT_FINITE.items():
        codes = {"number_not_finite"} | ({"number_not_in_json"} if name != "1e999" else set())
        gt = truth_with("annotations", 1, bbox=[50, literal(text), 20, 30])
        yield refused(f"annotation_bbox_{name}", codes, *WORDS, "'bbox'", gt=gt, rest=rest)
        gt = truth_with("annotations", 1, area=literal(text))
        yield refused(f"annotation_area_{name}", codes | {"area_missing"}, *WORDS, gt=gt, rest=(truth, results))
        gt = truth_with("annotations", 1, id=literal(text))
        yield refused(f"annotation_id_{name}", codes, *WORDS, gt=gt, rest=rest)
    for kind in ("image", "category"):
        gt = truth_with("annotations", 1, **{f"{kind}_id": 99})
        yield refused(f"annotation_of_unknown_{kind}", f"unknown_{kind}", *WORDS, "99", "id 2", gt=gt, rest=rest)
    for name, record in {"null": None, "number": 7, "list": [], "text": "x"}.items():
        gt = {**truth, "annotations": [truth["annotations"][0], record, *truth["annotations"][2:]]}
        yield refused(f"annotation_{name}", "record_not_an_object", *WORDS, gt=gt, rest=rest)


def _images() -> Iterator[Pair]:
    truth, results = sound_pair()
    for field, (code, values) in IMAGE_FIELDS.items():
        for name, value in values.items():
            gt = truth_with("images", 1, **{field: value})
            words = ("gt.json", "images[1]", repr(field))
            yield refused(f"image_{field}_{name}", code, *words, gt=gt, rest=(truth, results))
    for name, text in NOT_FINITE.items():
        codes = {"number_not_finite"} | ({"number_not_in_json"} if name != "1e999" else set())
        gt = truth_with("images", 1, width=literal(text))
        yield refused(f"image_width_{name}", codes, "images[1]", "'width'", gt=gt, rest=(truth, results))
    gt = truth_with("images", 1, width="100")
    yield refused("image_width_number_as_text", "image_size_invalid", "images[1]", gt=gt, rest=(truth, results))
    for name, gt in {
        "file_name": truth_with("images", 1, file_name="\ud800.png"),
        "value": truth_with("images", 1, weather="rain \udc00"),
        "field_name": truth_with("images", 1, **{"\ud800": 1}),
        "class_name": truth_with("categories", 0, name="cat \udfff"),
    }.items():
        yield refused(f"lone_surrogate_in_{name}", "invalid_json", "gt.json", "byte", "surrogate", gt=gt)
    gt = truth_with("images", 1, exposure=literal("1" + "0" * 400))
    pair = refused("attribute_gigantic", "attribute_invalid", "'exposure'", gt=gt, rest=(truth, results))
    yield replace(pair, is_of_attributes=True)
    gt = {**truth, "images": [{**image, **{f"a{k}": 1 for k in range(1001)}} for image in truth["images"]]}
    pair = refused("fields_by_the_thousand", "too_many_fields", "images", "1,0", gt=gt, rest=(truth, results))
    yield replace(pair, is_of_attributes=True)


def _categories() -> Iterator[Pair]:
    truth, results = sound_pair()
    for name, value in {"list": ["cat"], "true": True, "fraction": 1.5}.items():
        gt = truth_with("categories", 1, name=value)
        words = ("gt.json", "categories[1]", "'name'")
        yield refused(f"category_name_{name}", "text_invalid", *words, gt=gt, rest=(truth, results))
    gt = {**truth, "categories": [None, *truth["categories"]]}
    yield refused("category_null", "record_not_an_object", "categories[0]", gt=gt, rest=(truth, results))
    gt = {**truth, "categories": ["cat", "dog"]}
    codes = ("record_not_an_object", "unknown_category")
    yield refused(
        "categories_are_names",
        codes,
        "categories[0]",
        '"cat"',
        gt=gt,
        rest=({**truth, "categories": [], "annotations": []}, []),
    )
    gt = {**truth, "categories": []}
    yield refused("no_categories", "unknown_category", "no categories", gt=gt, rest=({**gt, "annotations": []}, []))


def _ids() -> Iterator[Pair]:
    """An image or a class whose id is bad is lost, and with it what refers to it."""
    truth, results = sound_pair()
    places = [k for k, record in enumerate(truth["annotations"]) if record["image_id"] == 3]
    without: Truth = {**truth_without("annotations", *places), "images": truth["images"][:2]}
    found = [k for k, record in enumerate(results) if record["image_id"] == 3]
    rest = (without, results_without(*found))
    for name, value in {**BAD_IDS, "missing": ...}.items():
        gt = truth_with("images", 2, id=value)
        code = "field_missing" if name == "missing" else "id_invalid"
        yield refused(f"image_id_{name}_of_image", (code, "unknown_image"), "images[2]", gt=gt, rest=rest)
    gt = truth_with("images", 2, id="3")
    yield refused("image_id_number_as_text_of_image", "id_invalid", "images[2]", gt=gt, rest=(truth, results))
    gt = truth_with("categories", 1, id="2")
    yield refused("category_id_number_as_text_of_category", "id_invalid", "categories[1]", gt=gt, rest=(truth, results))
    gt = {**truth, "images": []}
    yield refused("no_images", "unknown_image", "no images", gt=gt, rest=({**gt, "annotations": []}, []))
