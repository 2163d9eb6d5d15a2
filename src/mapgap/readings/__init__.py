"""How a results file is to be read where it is not written as COCO's format says; low enough for every room.

`Reading` is what a user asks for; `boxes`, `categories`, `images` and `scores` carry it out, on arrays.
"""

from mapgap.readings.asked import USUAL, Reading

__all__ = ["USUAL", "Reading"]
