"""All shards as the two tables of one run, images by id: what an analysis needs, which looks at everything together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec
import numpy as np

from mapgap.coco.ground_truth import read_ground_truth
from mapgap.coco.values import is_identifier
from mapgap.readings import USUAL, Reading
from mapgap.shards.contents import ground_truth_text
from mapgap.shards.matching import read_task
from mapgap.shards.opening import open_shard
from mapgap.shards.plan import ShardPlan, ShardTask
from mapgap.shards.survey import ground_truth_of
from mapgap.tables import Detections, FloatArray, GroundTruth, IdArray, IndexArray, Masks, Notice

LAST = 1 << 63
"""Records without a sound id stand behind all others, for the reader to complain of."""


@dataclass(frozen=True)
class ShardDetections:
    """One row a detection of one shard, in the order of its file."""

    image_id: IdArray
    category: IndexArray
    box: FloatArray
    area: FloatArray
    score: FloatArray
    masks: Masks | None
    notices: tuple[Notice, ...]


class _Image(msgspec.Struct):
    id: int | float


class _Annotation(msgspec.Struct):
    image_id: int | float


class _Lists(msgspec.Struct):
    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw]


def assemble_ground_truth(plan: ShardPlan, iou_type: str = "bbox", reading: Reading = USUAL) -> GroundTruth:
    """The table of a file with all images by id, and their annotations in that order, each as in its shard."""
    images: list[tuple[tuple[int, bytes], msgspec.Raw]] = []
    annotations: list[tuple[tuple[int, bytes], msgspec.Raw]] = []
    for survey in plan.surveys:
        if survey.has_ground_truth:
            content = open_shard(survey.path, max_input_bytes=reading.max_input_bytes)
            lists = msgspec.json.decode(ground_truth_of(content, plan.categories_json).text, type=_Lists)
            images += [(_key(record, _Image, "id"), record) for record in lists.images]
            annotations += [(_key(record, _Annotation, "image_id"), record) for record in lists.annotations]
    text = ground_truth_text(plan.name, _sorted(images), _sorted(annotations), plan.categories_json)
    del images, annotations
    return read_ground_truth(text, with_masks=iou_type == "segm", reading=reading)


def read_shard_detections(task: ShardTask, iou_type: str = "bbox", reading: Reading = USUAL) -> ShardDetections:
    """The detections of one file, as columns."""
    truth, detections = read_task(task, iou_type, reading)
    return ShardDetections(
        truth.images.ids[detections.image],
        detections.category,
        detections.box,
        detections.area,
        detections.score,
        detections.masks,
        detections.notices,
    )


def assemble_detections(
    plan: ShardPlan, shards: Sequence[ShardDetections], notices: Iterable[Notice] = ()
) -> Detections:
    """The table of a file with all detections by image id, those of one image as in their shard."""
    image_ids = np.concatenate([shard.image_id for shard in shards])
    order = np.argsort(image_ids, kind="stable")
    masks = [shard.masks for shard in shards if shard.masks is not None]
    all_masks = tuple(chain.from_iterable(masks))
    return Detections(
        name=plan.name,
        sha256=None,
        record=np.arange(len(order), dtype=np.int64),
        image=np.searchsorted(plan.image_ids, image_ids[order]).astype(np.int32),
        category=np.concatenate([shard.category for shard in shards])[order],
        box=np.concatenate([shard.box for shard in shards])[order],
        area=np.concatenate([shard.area for shard in shards])[order],
        score=np.concatenate([shard.score for shard in shards])[order],
        notices=tuple(notices),
        masks=tuple(all_masks[row] for row in order.tolist()) if len(masks) == len(shards) else None,
    )


def _key(record: msgspec.Raw, kind: type[_Image] | type[_Annotation], field: str) -> tuple[int, bytes]:
    """Records without an id in the order of their bytes, so that it is the same for any split."""
    try:
        identifier = getattr(msgspec.json.decode(record, type=kind), field)
    except msgspec.DecodeError:
        return LAST, bytes(record)
    return (int(identifier), b"") if is_identifier(identifier) else (LAST, bytes(record))


def _sorted(records: list[tuple[tuple[int, bytes], msgspec.Raw]]) -> list[bytes]:
    records.sort(key=lambda keyed: keyed[0])
    return [bytes(record) for _, record in records]
