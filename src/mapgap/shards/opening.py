"""Opens one file as a shard: JSON, JSON lines or Parquet, by its name and content."""

import os
from pathlib import Path

from mapgap.coco.file_identity import base_name
from mapgap.coco.sources import JsonText, first_character, read_json_text
from mapgap.errors import AccessError
from mapgap.shards.contents import ShardContent
from mapgap.shards.json_lines import open_json_lines
from mapgap.shards.json_shard import open_json
from mapgap.shards.parquet_shard import PARQUET_MAGIC, open_parquet
from mapgap.visible_text import visible

LINES = (".jsonl", ".ndjson")


def open_shard(
    path: str, *, with_masks: bool = False, only_images: bool = False, max_input_bytes: int | None = None
) -> ShardContent:
    """What the file holds; with `only_images`, of detections in columns their images alone.

    InputError for what is no shard, AccessError for a file that cannot be read.
    """
    if _is_parquet(path):
        return open_parquet(Path(path), with_masks=with_masks, only_images=only_images, max_input_bytes=max_input_bytes)
    text = read_json_text(path, None, max_input_bytes=max_input_bytes)
    if _is_lines(path, text):
        return open_json_lines(text)
    return open_json(text)


def _is_parquet(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC or path.lower().endswith((".parquet", ".pq"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AccessError(f"{visible(path)}: cannot be read: {reason}. Check path and permissions") from None


def _is_lines(path: str, text: JsonText) -> bool:
    """By the file's name; else by a first line that is an object by itself, with another one below."""
    name = base_name(os.fsdecode(path)).lower().removesuffix(".gz")
    if name.endswith(LINES):
        return True
    first, _, rest = text.text.lstrip().partition(b"\n")
    return first_character(text) == b"{" and first.rstrip().endswith(b"}") and rest.lstrip()[:1] == b"{"
