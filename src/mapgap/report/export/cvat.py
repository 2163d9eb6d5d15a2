"""CVAT's XML for images, version 1.1: missed objects and false positives, with cause and outcome as attributes.

Source: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/ and
https://docs.cvat.ai/docs/manual/advanced/xml_format/.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from mapgap.report.export.boxes import OUTCOMES, ExportedBoxes
from mapgap.report.export.sizes import require_sizes_and_names
from mapgap.report.json_values import whole_or_float
from mapgap.tables import CAUSES, Results
from mapgap.visible_text import visible

CHOICES = (("outcome", OUTCOMES[:2]), ("cause", CAUSES))
TEXTS = ("score", "object_id", "detection")
SOURCES = ("manual", "auto")
"""How CVAT calls what people drew, and what a model did; by code of OUTCOMES."""


def cvat_xml(results: Results, boxes: ExportedBoxes) -> bytes:
    """The file, UTF-8. Images without a box are left out; InputError where one has no size or name."""
    require_sizes_and_names(results.ground_truth, boxes.image, "CVAT")
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<annotations>",
        "  <version>1.1</version>",
        "  <meta>",
        "    <task>",
        f"      <name>{_text(f'mapgap: {results.detections.name}')}</name>",
        "      <mode>annotation</mode>",
        "      <labels>",
        *(line for name in results.ground_truth.categories.names for line in _label(name)),
        "      </labels>",
        "    </task>",
        "  </meta>",
        *_images(results, boxes),
        "</annotations>",
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _label(name: str) -> Iterator[str]:
    yield "        <label>"
    yield f"          <name>{_text(name)}</name>"
    yield "          <type>rectangle</type>"
    yield "          <attributes>"
    for attribute, values in CHOICES:
        yield from _attribute(attribute, "select", "\n".join(values), values[0])
    for attribute in TEXTS:
        yield from _attribute(attribute, "text", "", "")
    yield "          </attributes>"
    yield "        </label>"


def _attribute(name: str, kind: str, values: str, usual: str) -> Iterator[str]:
    yield "            <attribute>"
    yield f"              <name>{name}</name>"
    yield "              <mutable>False</mutable>"
    yield f"              <input_type>{kind}</input_type>"
    yield f"              <default_value>{usual}</default_value>"
    yield f"              <values>{values}</values>"
    yield "            </attribute>"


def _images(results: Results, boxes: ExportedBoxes) -> Iterator[str]:
    images = results.ground_truth.images
    for place, (image, rows) in enumerate(boxes.by_image()):
        size = f'width="{_number(images.width[image])}" height="{_number(images.height[image])}"'
        yield f'  <image id="{place}" name={_quoted(str(images.file_names[image]))} {size}>'
        for row in rows:
            yield from _box(results, boxes, row)
        yield "  </image>"


def _box(results: Results, boxes: ExportedBoxes, row: int) -> Iterator[str]:
    truth = results.ground_truth
    x, y, width, height = boxes.box[row].tolist()
    corners = f'xtl="{x!r}" ytl="{y!r}" xbr="{x + width!r}" ybr="{y + height!r}"'
    label = _quoted(truth.categories.names[boxes.category[row]])
    outcome, target, detection = int(boxes.outcome[row]), int(boxes.object[row]), int(boxes.detection[row])
    yield f'    <box label={label} source="{SOURCES[outcome]}" occluded="0" {corners} z_order="{outcome}">'
    values = {
        "outcome": OUTCOMES[outcome],
        "cause": CAUSES[boxes.cause[row]],
        "score": "" if np.isnan(boxes.score[row]) else repr(float(boxes.score[row])),
        "object_id": "" if target < 0 else str(int(truth.ids[target])),
        "detection": "" if detection < 0 else str(int(results.detections.record[detection])),
    }
    for name, value in values.items():
        yield f'      <attribute name="{name}">{value}</attribute>'
    yield "    </box>"


def _number(value: float) -> float | int | None:
    return whole_or_float(float(value))


def _text(text: str) -> str:
    return escape(visible(text))


def _quoted(text: str) -> str:
    return quoteattr(visible(text))
