# ruff: noqa: N802, N815 - the names are pycocotools'
"""What an evaluation is asked to do, with COCO's settings to begin with."""

from typing import Any

import numpy as np

BOX_TYPES = ("segm", "bbox")
IOU_TYPES = (*BOX_TYPES, "keypoints")
KEYPOINT_SIGMAS = (0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89)
"""Ten times the spread of people's annotations at each of the 17 keypoints of COCO's persons."""

LARGEST_AREA = 1e5**2
SMALL_AREA = 32**2
MEDIUM_AREA = 96**2


class Params:
    """Settings of a `COCOeval`, all of them to be assigned; `iouType` is segm, bbox or keypoints."""

    imgIds: Any
    catIds: Any
    iouThrs: Any
    recThrs: Any
    maxDets: Any
    areaRng: Any
    areaRngLbl: Any
    useCats: Any
    kpt_oks_sigmas: Any

    def __init__(self, iouType: str = "segm") -> None:  # noqa: N803
        if iouType in BOX_TYPES:
            self.setDetParams()
        elif iouType == "keypoints":
            self.setKpParams()
        else:
            raise Exception("iouType not supported")
        self.iouType: Any = iouType
        self.useSegm: Any = None

    def setDetParams(self) -> None:
        """Sets what is usual for boxes and masks."""
        self._set_thresholds()
        self.maxDets = [1, 10, 100]
        self.areaRng = [[0, LARGEST_AREA], [0, SMALL_AREA], [SMALL_AREA, MEDIUM_AREA], [MEDIUM_AREA, LARGEST_AREA]]
        self.areaRngLbl = ["all", "small", "medium", "large"]
        self.useCats = 1

    def setKpParams(self) -> None:
        """Sets what is usual for keypoints: 20 detections an image, no small persons."""
        self._set_thresholds()
        self.maxDets = [20]
        self.areaRng = [[0, LARGEST_AREA], [SMALL_AREA, MEDIUM_AREA], [MEDIUM_AREA, LARGEST_AREA]]
        self.areaRngLbl = ["all", "medium", "large"]
        self.useCats = 1
        self.kpt_oks_sigmas = np.array(KEYPOINT_SIGMAS) / 10.0

    def _set_thresholds(self) -> None:
        self.imgIds = []
        self.catIds = []
        self.iouThrs = np.linspace(0.5, 0.95, 10)
        self.recThrs = np.linspace(0.0, 1.0, 101)
