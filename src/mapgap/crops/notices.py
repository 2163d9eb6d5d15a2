"""Which crops could not be cut, and why."""

from collections.abc import Sequence

from mapgap.crops.cutting import Crop, CropRequest
from mapgap.number_words import plural
from mapgap.pictures.failures import FAILURES, Failure
from mapgap.tables import Notice


def crop_notices(requests: Sequence[CropRequest], failed: Sequence[Crop]) -> tuple[Notice, ...]:
    """One notice a way to fail, with its count and three examples, in the order of the requests."""
    in_order = sorted(failed, key=lambda crop: crop.place)
    ways: dict[Failure | None, str] = {failure: f"their pictures {words}" for failure, words in FAILURES.items()}
    ways[None] = "their boxes lie outside of the picture"
    notices = []
    for failure, words in ways.items():
        examples = [_named(requests[crop.place], crop) for crop in in_order if crop.failure == failure]
        if examples:
            message = f"{plural(len(examples), 'object')} without a crop: {words}"
            notices.append(
                Notice(f"crops_{failure or 'outside'}", message, len(examples), tuple(dict.fromkeys(examples))[:3])
            )
    return tuple(notices)


def _named(request: CropRequest, crop: Crop) -> str:
    return f"{request.file_name}: {crop.reason}" if request.file_name else crop.reason
