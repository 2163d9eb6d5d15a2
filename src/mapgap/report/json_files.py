"""Records as JSON text: strict (no NaN), ASCII, one list entry a line so that differences read well."""

import json
from typing import Any

_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=True)


def json_bytes(record: dict[str, Any]) -> bytes:
    """The record as JSON: one key a line on the first two levels, one entry of a list a line, the rest on one line.

    Raises ValueError for NaN or infinity, which JSON cannot say.
    """
    return (_lay_out(record, 0, 2) + "\n").encode("ascii")


def _lay_out(value: Any, depth: int, open_levels: int) -> str:
    pad, end = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value and open_levels > 0:
        lines = [f"{pad}{_ENCODER.encode(k)}: {_lay_out(v, depth + 1, open_levels - 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + end + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return "[\n" + ",\n".join(pad + _ENCODER.encode(entry) for entry in value) + "\n" + end + "]"
    return _ENCODER.encode(value)
