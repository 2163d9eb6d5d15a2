"""Small COCO texts in many styles of writing: what the fuzzers of the scanner start from and cut mutations from."""

import json
from typing import Any

GROUND_TRUTH: dict[str, Any] = {
    "info": {"year": 2017, "about": ["made", {"by": "hand"}, None, True]},
    "licenses": [],
    "images": [
        {"id": 2, "width": 640, "height": 480.5, "file_name": "b.jpg", "license": 3, "date_captured": "2013-11-14"},
        {"id": 1, "file_name": "\u00e9\u4e2d\U0001f600.jpg", "coco_url": "http:\\\\x", "time": "day", "thumb_url": "u"},
        {"id": 42, "width": 9, "height": 9, "attributes": {"rain": False, "wind": 3.5, "seen": None}},
    ],
    "annotations": [
        {
            "segmentation": [[10, 10.5, 20.25, 0, 0.5, 7, 1, 2], [1.0, 2, 3, 4, 5, 6]],
            "area": 132.52,
            "iscrowd": 0,
            "image_id": 2,
            "bbox": [1, 2.5, 30.125, 4.4],
            "category_id": 3,
            "id": 7,
        },
        {
            "id": 1,
            "image_id": 1,
            "category_id": 1,
            "bbox": [0, 0, 3, 4],
            "area": 12,
            "iscrowd": 1,
            "segmentation": {"size": [9, 9], "counts": "04a^\\0"},
        },
        {
            "id": -900,
            "image_id": 1,
            "category_id": 3,
            "bbox": [-1.5e-3, 0.0, 1e2, 6e0],
            "area": 0.1,
            "attributes": {"occlusion": "none", "truncated": True, "depth": 2},
            "track": 5,
            "note": 'a \\ "b"\n',
            "keypoints": [1, 2, 2, 0, 0, 0],
            "num_keypoints": 1,
        },
    ],
    "categories": [{"id": 3, "name": "cat", "supercategory": "animal"}, {"id": 1}],
}
"""Ids out of order, every kind of field, nothing that the scanner has to leave alone."""

DETECTIONS: list[dict[str, Any]] = [
    {"image_id": 1, "category_id": 1, "bbox": [1, 2.5, 30.125, 4.4], "score": 0.236},
    {"image_id": 42, "category_id": 3, "bbox": [258.15, 41.29, 348.26, 243.78], "score": 1},
    {
        "score": 1e-7,
        "bbox": [-0.0, 0, 1, 1],
        "category_id": 3,
        "image_id": 2,
        "id": 3,
        "area": 1.0,
        "parts": [{"a": 1}, {"b": 2}],
    },
    {
        "image_id": 1,
        "category_id": 3,
        "bbox": [0.1, 0.2, 0.3, 0.4],
        "score": 0.99999999999999989,
        "segmentation": {"size": [2, 2], "counts": "04"},
    },
]
"""The last but one has braces inside that look like those between records."""

USUAL_STYLES: dict[str, dict[str, Any]] = {
    "default": {},
    "compact": {"separators": (",", ":")},
    "indented": {"indent": 2},
    "unescaped": {"ensure_ascii": False},
    "spaced": {"separators": (" \r\n,\t ", "\n : "), "ensure_ascii": False},
}


def usual_texts() -> dict[str, bytes]:
    """Texts by name: the same two files in some styles, without escapes of characters beyond the first plane."""
    plain = json.loads(json.dumps(GROUND_TRUTH).replace("\\ud83d\\ude00", "x"))
    texts = {}
    for style, options in USUAL_STYLES.items():
        content = plain if options.get("ensure_ascii", True) else GROUND_TRUTH
        texts[f"ground_truth_{style}"] = json.dumps(content, **options).encode()
        texts[f"detections_{style}"] = json.dumps(DETECTIONS, **options).encode()
    texts["ground_truth_mark"] = b"\xef\xbb\xbf" + texts["ground_truth_compact"]
    texts["detections_mark"] = b"\xef\xbb\xbf \n" + texts["detections_default"] + b" \n\n"
    texts["ground_truth_tiny"] = (
        b'{"images":[{"id":1}],"annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3,4],"area":5}],'
        b'"categories":[{"id":1}]}'
    )
    texts["detections_tiny"] = b'[{"image_id":1,"category_id":1,"bbox":[1,2,3,4],"score":0.5}]'
    texts["detections_polygon"] = (
        b'[{"image_id":1,"category_id":1,"bbox":[1,2,3,4],"score":0.5,"segmentation":[[%s]]}]'
        % b", ".join(b"%d.%d" % (number * 37 % 641, number % 100) for number in range(60))
    )
    return texts


def unusual_texts() -> dict[str, bytes]:
    """Texts that the careful reader has to read or refuse, one reason each."""
    tiny = usual_texts()
    truth, results = tiny["ground_truth_tiny"], tiny["detections_tiny"]
    return {
        "surrogates": truth.replace(b'"id":1}]}', b'"id":1,"name":"\\ud83d\\ude00"}]}'),
        "half_surrogate": truth.replace(b'"id":1}]}', b'"id":1,"name":"\\ud83d"}]}'),
        "escaped_name": truth.replace(b'"area"', b'"\\u0061rea"'),
        "doubled_field": truth.replace(b'"area":5', b'"area":5,"area":6'),
        "doubled_id": truth.replace(b'[{"id":1}],"ann', b'[{"id":1},{"id":1}],"ann'),
        "missing_area": truth.replace(b',"area":5', b""),
        "null_area": truth.replace(b'"area":5', b'"area":null'),
        "float_id": truth.replace(b'"id":1,"image_id"', b'"id":1.0,"image_id"'),
        "long_id": truth.replace(b'"id":1,"image_id"', b'"id":9223372036854775807,"image_id"'),
        "crowd_of_two": truth.replace(b'"area":5', b'"area":5,"iscrowd":2'),
        "crowd_of_256": truth.replace(b'"area":5', b'"area":5,"iscrowd":256'),
        "negative_crowd": truth.replace(b'"area":5', b'"area":5,"iscrowd":-1'),
        "negative_width": truth.replace(b'[{"id":1}],"ann', b'[{"id":1,"width":-1}],"ann'),
        "boolean_crowd": truth.replace(b'"area":5', b'"area":5,"iscrowd":true'),
        "attributes_list": truth.replace(b'"area":5', b'"area":5,"attributes":[1]'),
        "doubled_attributes": truth.replace(b'"area":5', b'"area":5,"attributes":{"a":1},"attributes":{"b":1}'),
        "doubled_attributes_of_an_image": truth.replace(
            b'[{"id":1}],"ann', b'[{"id":1,"attributes":{"a":1},"attributes":{"b":1}}],"ann'
        ),
        "no_images": truth.replace(b'"images":[{"id":1}]', b'"images":[]'),
        "comma_before_bracket": truth.replace(b'"area":5', b'"area":5,"segmentation":[[1,2,]]'),
        "no_detections": b"[]",
        "object_of_detections": b'{"annotations":' + results + b"}",
        "no_number": results.replace(b"0.5", b"NaN"),
        "infinite": results.replace(b"0.5", b"1e999"),
        "minus_zero": results.replace(b"0.5", b"-0"),
        "many_digits": results.replace(b"0.5", b"0." + b"123456789" * 5),
        "huge_box": results.replace(b"3,4]", b"1e200,1e200]"),
        "doubled_box": results.replace(b'"score"', b'"bbox":[1,2,3,4],"score"'),
        "doubled_score": results.replace(b'"score"', b'"score":1,"score"'),
        "doubled_image": results.replace(b'"score"', b'"image_id":1,"score"'),
        "mask_only": results.replace(b'"bbox":[1,2,3,4]', b'"segmentation":{"size":[2,2],"counts":"04"}'),
        "deep": results.replace(b"0.5", b'0.5,"more":' + b"[" * 20 + b"]" * 20),
        "unknown_image": results.replace(b'"image_id":1', b'"image_id":9'),
    }


TOKENS: list[bytes] = [
    *(
        b'"%s"' % name.encode()
        for name in (
            "images",
            "annotations",
            "categories",
            "id",
            "image_id",
            "category_id",
            "bbox",
            "area",
            "iscrowd",
            "score",
            "segmentation",
            "attributes",
            "ignore",
            "keypoints",
            "num_keypoints",
            "caption",
            "width",
            "height",
            "file_name",
            "date_captured",
            "license",
            "coco_url",
            "flickr_url",
            "name",
            "x",
        )
    ),
    *(b"null", b"true", b"false", b"NaN", b"-Infinity"),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b":",
        b'"',
        b"},{",
        b"}, {",
        b"[[",
        b"]]",
        b",]",
        b",}",
        b"[]",
        b"{}",
        b'""',
        b'":',
    ),
    *(
        b"0",
        b"1",
        b"-1",
        b"-0",
        b"-0.0",
        b"01",
        b"1.",
        b".5",
        b"1e5",
        b"1E-7",
        b"1e999",
        b"1e-999",
        b"4.9e-324",
        b"2.5",
    ),
    *(
        b"9007199254740993",
        b"123456789012345678",
        b"9223372036854775808",
        b"0.1234567890123456789",
        b"1.7976931348623159e308",
    ),
    *(b"1,2,3,4", b"0.5, 1.25, 3", b"[1,2,3,4]", b"42", b"1000", b"-3", b"42.0"),
    *(b"\\", b'\\"', b"\\n", b"\\u00e9", b"\\ud83d", b"\\udc00", b"\\u0000", b"\\/", b"\\x"),
    *(
        b"\xc3\xa9",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98\x80",
        b"\xc0\x80",
        b"\xff",
        b"\x00",
        b"\x7f",
        b"\x1f",
        b"\xef\xbb\xbf",
    ),
    *(b" ", b"\n", b"\r\n", b"\t", b"\x0b", b"        ", b" " * 64),
]
"""What mutations insert, and libFuzzer's dictionary."""
