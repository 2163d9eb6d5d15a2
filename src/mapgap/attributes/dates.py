"""The attribute capture_month, from the images' `date_captured`."""

import re

import numpy as np

from mapgap.attributes.binning import MISSING
from mapgap.attributes.coding import image_attribute
from mapgap.tables import Attribute, Detections, GroundTruth, Notice

# "2013-11-21 01:34:01", "2013/11/21", "2013-11", EXIF's "2013:11:21", ISO 8601 basic "20131121T013401Z".
_SEPARATED = re.compile(r"\s*([0-9]{4})([-/:.])([0-9]{1,2})(?:\2[0-9]{1,2})?(?![0-9])")
_BASIC = re.compile(r"\s*([0-9]{4})([0-9]{2})[0-9]{2}(?![0-9])")


def capture_month(ground_truth: GroundTruth, detections: Detections) -> tuple[Attribute | None, tuple[Notice, ...]]:
    """The month an image was taken in, as "2013-11"; None if no image is dated.

    A date that cannot be read counts as missing and is told in a notice.
    """
    dates = ground_truth.images.dates_captured
    months = [None if date is None else month_of(date) for date in dates]
    notices = _unreadable(
        [date for date, month in zip(dates, months, strict=True) if date and date.strip() and month is None]
    )
    values = sorted({month for month in months if month is not None})
    if not values:
        return None, notices
    code_of = {month: code for code, month in enumerate(values)}
    codes = np.array([MISSING if month is None else code_of[month] for month in months], dtype=np.int32)
    return image_attribute("capture_month", values, codes, ground_truth, detections.image), notices


def month_of(date: str) -> str | None:
    """Year and month of a date text as "2013-11", None if it has none; the year comes first in every form read."""
    if separated := _SEPARATED.match(date):
        year, month = separated[1], separated[3]
    elif basic := _BASIC.match(date):
        year, month = basic[1], basic[2]
    else:
        return None
    is_a_month = 1 <= int(month) <= 12 and int(year) > 0
    return f"{year}-{int(month):02d}" if is_a_month else None


def _unreadable(dates: list[str]) -> tuple[Notice, ...]:
    if not dates:
        return ()
    message = "images have a date_captured that is no date with the year first; their capture_month is n/a"
    examples = tuple(dict.fromkeys(dates))[:3]
    return (Notice("date_unreadable", message, len(dates), examples),)
