"""Stands in for pycocotools: `COCO`, `COCOeval`, `Params` with its names, printed lines and numbers, to the last bit.

Quirks included (annotation id 0, duplicate ids, NaN boxes, limits without 100); `mapgap.evaluate` corrects them.
`install` puts the classes in place of `pycocotools.coco` and `pycocotools.cocoeval`, `uninstall` takes that back.
Source: pycocotools 2.0.11.
"""

from mapgap.pycocotools.dataset import COCO
from mapgap.pycocotools.evaluation import COCOeval
from mapgap.pycocotools.installation import install, uninstall
from mapgap.pycocotools.parameters import Params

__all__ = ["COCO", "COCOeval", "Params", "install", "uninstall"]
