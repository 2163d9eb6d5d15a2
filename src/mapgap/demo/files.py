"""The demo as files: ground truth, detections, what was planted, and the pictures."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from typing import Any

from mapgap.demo.descriptions import Demo
from mapgap.demo.drawing import render_image


def demo_files(demo: Demo) -> Iterator[tuple[str, bytes]]:
    """Name (with forward slashes) and content of every file of a demo, the pictures last and one at a time.

    `gt.json`, `detections.json`, `later.json` (detections after one more round of training), `weaknesses.json` (keys
    weaknesses, wrong_labels and changes), then `images/0001.png` and so on. The pictures have the same pixels on every
    machine; their bytes may differ with the version of zlib.
    """
    planted = {
        "weaknesses": [{"cause": one.cause, "where": dict(one.where), "text": one.text} for one in demo.weaknesses],
        "wrong_labels": [asdict(one) for one in demo.wrong_labels],
        "changes": [{"change": one.change, "where": dict(one.where), "text": one.text} for one in demo.changes],
    }
    for name, document in (
        ("gt.json", demo.ground_truth),
        ("detections.json", demo.detections),
        ("later.json", demo.later_detections),
        ("weaknesses.json", planted),
    ):
        yield name, json_text(document).encode()
    for scene in demo.scenes:
        content = BytesIO()
        render_image(scene).save(content, "PNG", optimize=True)
        yield scene.file_name, content.getvalue()


def json_text(document: dict[str, Any] | list[Any]) -> str:
    """JSON with one record a line, so that a difference between two versions shows the records that differ."""
    if isinstance(document, list):
        return _lines(document) + "\n"
    parts = [
        f"{json.dumps(key)}: {_lines(value) if isinstance(value, list) else json.dumps(value)}"
        for key, value in document.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(records: list[Any]) -> str:
    if not records:
        return "[]"
    return "[\n" + ",\n".join(json.dumps(record) for record in records) + "\n]"
