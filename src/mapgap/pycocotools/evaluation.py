# ruff: noqa: N802, N803, N815 - the names are pycocotools'
"""Evaluation by COCO's rules behind pycocotools' interface: the kernel for all images at once, dicts made when read."""

import copy
import datetime
import time
from collections import defaultdict
from itertools import product
from typing import Any

import numpy as np

from mapgap.pycocotools.accumulation import (
    Curves,
    count_settings,
    cubes_of_curves,
    cubes_of_entries,
    select,
    whole_curves,
)
from mapgap.pycocotools.columns import make_plan
from mapgap.pycocotools.curve_reader import CurveReader
from mapgap.pycocotools.images import all_similarities, evaluated_images
from mapgap.pycocotools.late import Late, Recipe, is_unmade
from mapgap.pycocotools.messages import say, seconds_since
from mapgap.pycocotools.one_image import evaluate_image
from mapgap.pycocotools.parameters import Params
from mapgap.pycocotools.similarity import by_falling_score, keypoint_similarity, shape_similarity
from mapgap.pycocotools.summary import Reader, print_summary
from mapgap.pycocotools.whole_matches import Matched, match_whole_set
from mapgap.pycocotools.whole_set import compare_whole_set

Record = dict[str, Any]


class COCOeval:
    """Evaluates detections `cocoDt` against annotations `cocoGt`: set `params`, then evaluate, accumulate, summarize.

    Both may be assigned later, and any object with pycocotools' `COCO` interface will do.

    * `evalImgs` after evaluate: for each class, area range and image, in this order, a dict with image_id, category_id,
      aRng, maxDet, dtIds (D), gtIds (G), dtMatches (T, D), gtMatches (T, G), dtScores (D), gtIgnore (G), dtIgnore
      (T, D), or None. It is made when first read; once it was read or assigned, accumulate goes by what is in it.
    * `ious`: (image id, category id) -> (D, G) similarity, or []; likewise made when first read.
    * `eval` after accumulate: params, counts [T, R, K, A, M], date, precision and scores (T, R, K, A, M), recall
      (T, K, A, M), -1 where no annotation counts. Made when first read, too.
    * `stats` after summarize: 12 numbers, for keypoints 10.
    """

    evalImgs = Late()
    eval = Late()
    ious = Late()
    _gts = Late()
    _dts = Late()
    _matched: Matched | None = None
    """Set while `evalImgs` can be made from it."""
    _curves: Curves | None = None
    """Set while `eval` can be made from it."""

    def __init__(self, cocoGt: Any = None, cocoDt: Any = None, iouType: str = "segm") -> None:
        if not iouType:
            say("iouType not specified. use default iouType segm")
        self.cocoGt = cocoGt
        self.cocoDt = cocoDt
        self.evalImgs = defaultdict(list)
        self.eval = {}
        self._gts = defaultdict(list)
        self._dts = defaultdict(list)
        self.params = Params(iouType=iouType)
        self._paramsEval: Any = {}
        self.stats: Any = []
        self.ious = {}
        if cocoGt is not None:
            self.params.imgIds = sorted(cocoGt.getImgIds())
            self.params.catIds = sorted(cocoGt.getCatIds())

    def evaluate(self) -> None:
        """Matches detections and annotations of every image and class; results are in `evalImgs` and `ious`.

        Sorts the ids and limits in `params`. Sets `ignore` and `_ignore` of the annotations evaluated, and for segm
        replaces `segmentation` of annotations and detections by run-length encodings.
        """
        start = time.time()
        say("Running per image evaluation...")
        params = self.params
        if params.useSegm is not None:
            params.iouType = "segm" if params.useSegm == 1 else "bbox"
            say(f"useSegm (deprecated) is not None. Running {params.iouType} evaluation")
        say(f"Evaluate annotation type *{params.iouType}*")
        params.imgIds = list(np.unique(params.imgIds))
        if params.useCats:
            params.catIds = list(np.unique(params.catIds))
        params.maxDets = sorted(params.maxDets)
        self._prepare()
        if not self._evaluate_whole_set():
            self._evaluate_one_by_one()
        self._paramsEval = copy.deepcopy(self.params)
        say(f"DONE (t={seconds_since(start)}s).")

    def accumulate(self, p: Any = None) -> None:
        """Makes `eval` from the matches, for the settings `p` or else `params`.

        Only what was also evaluated (`_paramsEval`) is filled in. Without classes the settings' `catIds` becomes [-1].
        """
        say("Accumulating evaluation results...")
        start = time.time()
        matched = self._matched if is_unmade(self, "evalImgs") else None
        if matched is None and not self.evalImgs:
            say("Please run evaluate() first")
        if p is None:
            p = self.params
        p.catIds = p.catIds if p.useCats == 1 else [-1]
        selection, counts = select(p, self._paramsEval), count_settings(p)
        self._curves = None if matched is None else whole_curves(matched, selection, p)
        heading = {"params": p, "counts": counts, "date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")}
        if self._curves is None:
            self.eval = heading | vars(cubes_of_entries(self.evalImgs, selection, counts, p.recThrs))
        else:
            self.eval = Recipe(_whole_eval, (heading, self._curves))
        say(f"DONE (t={seconds_since(start)}s).")

    def summarize(self) -> None:
        """Prints COCO's numbers and keeps them in `stats`; for COCO's own settings only."""
        if not is_unmade(self, "eval") and not self.eval:
            raise Exception("Please run accumulate() first")
        self.stats = print_summary(self.params, self._curve_reader())

    def computeIoU(self, imgId: Any, catId: Any) -> Any:
        """(D, G) IoU of the detections by falling score, up to the largest limit, and the annotations; [] if empty."""
        annotations, detections = self._cell(imgId, catId)
        if len(annotations) == 0 and len(detections) == 0:
            return []
        kept = by_falling_score(detections, self.params.maxDets[-1])
        return shape_similarity(kept, annotations, self.params.iouType)

    def computeOks(self, imgId: Any, catId: Any) -> Any:
        """(D, G) object keypoint similarity, as `computeIoU`."""
        kept = by_falling_score(self._dts[imgId, catId], self.params.maxDets[-1])
        return keypoint_similarity(kept, self._gts[imgId, catId], self.params.kpt_oks_sigmas)

    def evaluateImg(self, imgId: Any, catId: Any, aRng: Any, maxDet: Any) -> Record | None:
        """The entry of `evalImgs` for one image, class and area range, from `ious`; None where there is nothing."""
        annotations, detections = self._cell(imgId, catId)
        if len(annotations) == 0 and len(detections) == 0:
            return None
        similarity = self.ious[imgId, catId]
        names = {"image_id": imgId, "category_id": catId, "aRng": aRng, "maxDet": maxDet}
        return names | evaluate_image(annotations, detections, similarity, self.params.iouThrs, aRng, maxDet)

    def __str__(self) -> str:
        """Prints the summary, as pycocotools does; the text itself is empty."""
        self.summarize()
        return ""

    def _prepare(self) -> None:
        """Collects the annotations and detections of `params` into `_gts` and `_dts` and sets `ignore`."""
        params = self.params
        conditions = {"imgIds": params.imgIds} | ({"catIds": params.catIds} if params.useCats else {})
        annotations = self.cocoGt.loadAnns(self.cocoGt.getAnnIds(**conditions))
        detections = self.cocoDt.loadAnns(self.cocoDt.getAnnIds(**conditions))
        if params.iouType == "segm":
            for coco, records in ((self.cocoGt, annotations), (self.cocoDt, detections)):
                for record in records:
                    record["segmentation"] = coco.annToRLE(record)
        for annotation in annotations:
            # The file's own `ignore` is overwritten: pycocotools goes by iscrowd alone.
            annotation["ignore"] = "iscrowd" in annotation and annotation["iscrowd"]
            if params.iouType == "keypoints":
                annotation["ignore"] = (annotation["num_keypoints"] == 0) or annotation["ignore"]
        self._rows = annotations, detections
        self._gts = Recipe(_by_image_and_category, (annotations,))
        self._dts = Recipe(_by_image_and_category, (detections,))
        self.evalImgs = defaultdict(list)
        self.eval = {}
        self._matched = None

    def _evaluate_whole_set(self) -> bool:
        """Whether the kernel could do it: plain records, usual settings, no step replaced by a subclass."""
        steps = {name: self.__dict__.get(name, getattr(type(self), name)) for name in _STEPS}
        plan = make_plan(self.params) if steps == _STEPS else None
        if plan is None:
            return False
        annotations, detections = self._rows
        compared = compare_whole_set(plan, annotations, detections, getattr(self.params, "kpt_oks_sigmas", None))
        if compared is None:
            return False
        for annotation, flag in zip(
            compared.annotations.placed.records, compared.annotations.ignored[-1].tolist(), strict=True
        ):
            annotation["_ignore"] = int(flag)
        self._matched = match_whole_set(compared)
        self.ious = Recipe(all_similarities, (compared,))
        self.evalImgs = Recipe(evaluated_images, (compared,))
        return True

    def _curve_reader(self) -> Reader:
        """Reads `eval`, without making its cubes where single curves will do."""
        reader = CurveReader(self._curves) if self._curves is not None and is_unmade(self, "eval") else None

        def read(kind: str, areas: list[int], limits: list[int]) -> Any:
            if reader is not None and reader.can_read(areas, limits):
                return reader.read(kind, areas, limits)
            return self.eval[kind][..., areas, limits]

        return read

    def _evaluate_one_by_one(self) -> None:
        params = self.params
        categories = params.catIds if params.useCats else [-1]
        compute = self.computeOks if params.iouType == "keypoints" else self.computeIoU
        self.ious = {pair: compute(*pair) for pair in product(params.imgIds, categories)}
        limit = params.maxDets[-1]
        self.evalImgs = [
            self.evaluateImg(image, category, area, limit)
            for category, area, image in product(categories, params.areaRng, params.imgIds)
        ]

    def _cell(self, image: Any, category: Any) -> tuple[list[Record], list[Record]]:
        """Annotations and detections of one image and class, or of all classes evaluated."""
        if self.params.useCats:
            return self._gts[image, category], self._dts[image, category]
        members = self.params.catIds
        return (
            [annotation for member in members for annotation in self._gts[image, member]],
            [detection for member in members for detection in self._dts[image, member]],
        )


_STEPS = {name: getattr(COCOeval, name) for name in ("_prepare", "computeIoU", "computeOks", "evaluateImg")}


def _whole_eval(heading: Record, curves: Curves) -> Record:
    return heading | vars(cubes_of_curves(curves))


def _by_image_and_category(records: list[Record]) -> defaultdict[tuple[Any, Any], list[Record]]:
    grouped: defaultdict[tuple[Any, Any], list[Record]] = defaultdict(list)
    for record in records:
        grouped[record["image_id"], record["category_id"]].append(record)
    return grouped
