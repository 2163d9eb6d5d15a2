"""Attribute columns of objects and detections: what slices are cut along."""

from collections.abc import Collection

from mapgap.attributes.bins import apply_bins, checked_edges
from mapgap.attributes.counted import class_attribute, class_frequency, image_crowding
from mapgap.attributes.dates import capture_month
from mapgap.attributes.expressions import Expression, parse_expression
from mapgap.attributes.geometry import geometry_attributes
from mapgap.attributes.joining import Joined, join_table
from mapgap.attributes.named_slices import named_slices, parse_slices
from mapgap.attributes.naming import annotated_attributes
from mapgap.attributes.selection import as_where, select_addresses, select_objects
from mapgap.tables import Attribute, Detections, GroundTruth, Notice

__all__ = [
    "Expression",
    "Joined",
    "apply_bins",
    "as_where",
    "build_attributes",
    "checked_edges",
    "join_table",
    "named_slices",
    "parse_expression",
    "parse_slices",
    "select_addresses",
    "select_objects",
]


def build_attributes(
    ground_truth: GroundTruth,
    detections: Detections,
    joined: Joined | None = None,
    *,
    reserved: Collection[str] = (),
) -> tuple[tuple[Attribute, ...], tuple[Notice, ...]]:
    """All attributes that need no pixels, sorted by name, and notices about columns and dates that became none.

    Built in: size, size_detail, aspect, border, position, crowding, covered, image_crowding, class_frequency,
    capture_month (if an image is dated) and the class; then everything joined and annotated. Values stand in natural
    order, "n/a" after them if an object or a detection has no value, and "n/a (background)" last of all for
    attributes that only objects have. Bin edges are decided by objects (by images for attributes of images); crowds
    have codes too, but whatever they alone have is no value. Names in `reserved` belong to built-in attributes that
    are made elsewhere.
    """
    month, month_notices = capture_month(ground_truth, detections)
    built_in = [
        *geometry_attributes(ground_truth, detections),
        image_crowding(ground_truth, detections),
        class_frequency(ground_truth, detections),
        class_attribute(ground_truth, detections),
        *([month] if month else []),
    ]
    taken = frozenset([*reserved, *(attribute.name for attribute in built_in)])
    annotated, annotated_notices = annotated_attributes(ground_truth, detections, taken, joined)
    attributes = sorted([*built_in, *annotated], key=lambda attribute: attribute.name)
    joined_notices = joined.notices if joined else ()
    return tuple(attributes), (*month_notices, *joined_notices, *annotated_notices)
