"""What a VOC annotation says of one object: class, box, flags, words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mapgap.convert.coco_records import Box
from mapgap.convert.corners import box_of_corners, is_turned
from mapgap.convert.numbers_in_text import finite_number, scalar
from mapgap.convert.xml_elements import Element
from mapgap.errors import InputError
from mapgap.tables import Scalar

FIRST_PIXEL = 1
SIDES = ("xmin", "ymin", "xmax", "ymax")
FLAGS = ("difficult", "truncated", "occluded")
"""0 or 1."""
NOT_GIVEN = "unspecified"
"""What the annotators write for a pose that has no name."""
NO_ATTRIBUTES = ("name", "bndbox", "part", "attributes", *FLAGS)
"""Children that are read in another way."""


@dataclass(frozen=True)
class VocObject:
    """One object of an annotation; its class is still a name."""

    line: int
    name: str
    box: Box
    parts: int
    """How many parts of it have boxes of their own, as VOC has for people."""
    attributes: Mapping[str, Scalar]


def read_object(element: Element, file: str, corners: str) -> VocObject:
    """The object of an <object>; InputError with the line for one without a name, box or sound flags."""
    name = element.child_text("name")
    if name is None:
        raise refusal(file, element, "the object has no <name>", "Write its class there")
    boxes = [child for child in element.children if child.name == "bndbox"]
    if len(boxes) != 1:
        what = f"the object {name!r} has {len(boxes) or 'no'} <bndbox>"
        raise refusal(file, element, what, "Give it one; other shapes are not read")
    flags = {flag: _flag(child, file) for flag in FLAGS if (child := element.child(flag)) is not None}
    attributes = {**flags, **attributes_of(element, NO_ATTRIBUTES, file), **_listed_attributes(element, file)}
    parts = sum(child.name == "part" for child in element.children)
    return VocObject(element.line, name, _box(boxes[0], file, corners), parts, attributes)


def attributes_of(element: Element, others: Sequence[str], file: str) -> dict[str, Scalar]:
    """What else stands in the element, by name: `pose`, or `actions.jumping` of an element within another."""
    found: dict[str, Scalar] = {}
    for child in element.children:
        if child.name not in others:
            for name, text in _leaves(child):
                if name in found:
                    raise refusal(file, child, f"<{name}> stands there twice", "Write it once")
                found[name] = None if text.lower() in ("", NOT_GIVEN) else scalar(text)
    return found


def refusal(file: str, element: Element, what: str, fix: str) -> InputError:
    """What is wrong in the line of an element, to be raised."""
    return InputError(what, file=file, where=f"line {element.line}", fix=fix)


def _box(element: Element, file: str, corners: str) -> Box:
    numbers = []
    for side in SIDES:
        text = element.child_text(side)
        number = None if text is None else finite_number(text)
        if number is None:
            what = f"<{side}> is missing" if text is None else f"<{side}> is {text[:40]!r}, no finite number"
            raise refusal(file, element.child(side) or element, what, "Write the corners in pixels")
        numbers.append(number)
    if is_turned(numbers):
        what = f"the corners {numbers} are not left, top, right, bottom"
        raise refusal(file, element, what, "Write xmin <= xmax and ymin <= ymax")
    return box_of_corners(numbers, corners, FIRST_PIXEL)


def _flag(element: Element, file: str) -> bool | None:
    text = element.text.strip().lower()
    known = {"0": False, "1": True, "false": False, "true": True, "no": False, "yes": True, "": None}
    if text not in known:
        raise refusal(file, element, f"<{element.name}> is {text[:40]!r}", "Write 0 or 1")
    return known[text]


def _listed_attributes(element: Element, file: str) -> dict[str, Scalar]:
    """CVAT's list: <attributes> with an <attribute> of <name> and <value> each."""
    listing = element.child("attributes")
    found: dict[str, Scalar] = {}
    for entry in listing.children if listing is not None else ():
        name, text = entry.child_text("name"), entry.child_text("value")
        if entry.name != "attribute" or name is None:
            raise refusal(file, entry, "is no <attribute> with a <name>", "Write name and value of each attribute")
        found[name] = None if text is None else scalar(text)
    return found


def _leaves(element: Element) -> Iterator[tuple[str, str]]:
    if not element.children:
        yield element.name, element.text.strip()
    for child in element.children:
        for name, text in _leaves(child):
            yield f"{element.name}.{name}", text
