"""The fields that are read: what each should hold, how a bad one is mended, and the code of its finding."""

from collections.abc import Mapping

EXPECTED: Mapping[str, str] = {
    "id": "an integer of at most 64 bits",
    "image_id": "an integer of at most 64 bits",
    "category_id": "an integer of at most 64 bits",
    "bbox": "four finite numbers [x, y, width, height]",
    "area": "a finite number",
    "score": "a finite number",
    "iscrowd": "0 or 1",
    "width": "a finite number of pixels, 0 or more",
    "height": "a finite number of pixels, 0 or more",
    "file_name": "text",
    "name": "text",
    "segmentation": 'run lengths {"size": [height, width], "counts": ...}',
}
FIXES: Mapping[str, str] = {
    "id": "Write every id as a JSON integer, without quotes",
    "image_id": "Write the image's id as a JSON integer, without quotes",
    "category_id": "Write the category's id as a JSON integer, without quotes",
    "bbox": "Write the box as [x, y, width, height] in pixels or remove the record",
    "area": "Write the area in pixels or leave the field out: it is then the box's",
    "score": "Write the detection's confidence as a number or remove the record",
    "iscrowd": "Write 1 for a crowd region, else 0, or leave the field out",
    "width": "Write the image's width in pixels or leave the field out",
    "height": "Write the image's height in pixels or leave the field out",
    "segmentation": "Write the mask with pycocotools.mask.encode or give the detection a box",
}
CODES: Mapping[str, str] = {
    "id": "id_invalid",
    "image_id": "image_id_invalid",
    "category_id": "category_id_invalid",
    "bbox": "box_invalid",
    "area": "area_invalid",
    "score": "score_invalid",
    "iscrowd": "iscrowd_invalid",
    "width": "image_size_invalid",
    "height": "image_size_invalid",
    "file_name": "text_invalid",
    "name": "text_invalid",
    "date_captured": "text_invalid",
    "segmentation": "mask_invalid",
}
IDENTIFIERS = frozenset({"id", "image_id", "category_id"})
CAN_DO_WITHOUT = frozenset({"area", "iscrowd", "width", "height", "file_name", "name", "date_captured"})
"""Fields whose bad value can be read as if it were not there."""
