"""The quality a JPEG file was saved with, read back from its quantisation table."""

from collections.abc import Sequence
from functools import cache

# Annex K.1 of ITU-T T.81, the luminance table that encoders scale by their quality setting.
STANDARD_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def jpeg_quality(luminance: Sequence[int]) -> int:
    """The quality from 1 to 100 whose luminance table has the sum nearest to this one's; the higher of two as near.

    For files written by libjpeg and what follows its scale it is the setting itself; for others (cameras, Photoshop)
    the libjpeg setting that quantises as coarsely.
    """
    return _quality(sum(luminance))


@cache
def _quality(total: int) -> int:
    return max(range(1, 101), key=lambda quality: (-abs(_table_sum(quality) - total), quality))


@cache
def _table_sum(quality: int) -> int:
    """libjpeg's jpeg_quality_scaling and jpeg_add_quant_table, baseline."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return sum(min(max((entry * scale + 50) // 100, 1), 255) for row in STANDARD_LUMINANCE for entry in row)
