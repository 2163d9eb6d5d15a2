"""Attributes that every analysis has: those that follow from boxes, labels and dates."""

COMPUTED_FROM_BOXES = frozenset(
    [
        "aspect",
        "border",
        "class_frequency",
        "covered",
        "crowding",
        "image_crowding",
        "position",
        "size",
        "size_detail",
    ]
)
BUILT_IN = COMPUTED_FROM_BOXES | {"capture_month", "class"}
