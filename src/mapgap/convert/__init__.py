"""The room 'convert': labels, results and objects of other tools as COCO ground truth and detections.

`from_yolo`, `from_voc`, `from_kitti` and `from_bdd100k` read labels, `results_from_yolo`, `results_from_kitti` and
`results_from_bdd100k` results; `convert` finds out which. `from_supervision` and `from_torchmetrics` take Python
objects.
"""

from mapgap.convert.bdd100k import from_bdd100k, results_from_bdd100k
from mapgap.convert.converted import Converted
from mapgap.convert.converting import Asked, convert
from mapgap.convert.kitti import from_kitti, results_from_kitti
from mapgap.convert.supervision_lists import from_supervision
from mapgap.convert.torchmetrics_lists import from_torchmetrics
from mapgap.convert.voc import from_voc
from mapgap.convert.yolo import from_yolo, results_from_yolo

__all__ = [
    "Asked",
    "Converted",
    "convert",
    "from_bdd100k",
    "from_kitti",
    "from_supervision",
    "from_torchmetrics",
    "from_voc",
    "from_yolo",
    "results_from_bdd100k",
    "results_from_kitti",
    "results_from_yolo",
]
