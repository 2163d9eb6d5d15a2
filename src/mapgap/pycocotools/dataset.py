# ruff: noqa: N802, N803 - the names are pycocotools'
"""A COCO data set in memory, with indexes by id, by image and by category."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NoReturn

import numpy as np
from pycocotools import mask as masks

from mapgap.errors import AccessError
from mapgap.pycocotools.drawing import draw_annotations
from mapgap.pycocotools.messages import say, seconds_since
from mapgap.pycocotools.reading import read_json
from mapgap.pycocotools.results import annotations_from_array, prepare_results

Record = dict[str, Any]


class COCO:
    """The data set of an annotation file, or an empty one: assign `dataset` and call `createIndex`.

    `dataset` is the file's dict; `anns`, `cats`, `imgs` map ids to its records (of equal ids the last), `imgToAnns`
    an image id to its annotations, `catToImgs` a category id to the image ids of its annotations.
    """

    def __init__(self, annotation_file: Any = None) -> None:
        self.dataset: Record = {}
        self.anns: dict[Any, Record] = {}
        self.cats: dict[Any, Record] = {}
        self.imgs: dict[Any, Record] = {}
        self.imgToAnns: defaultdict[Any, list[Record]] = defaultdict(list)
        self.catToImgs: defaultdict[Any, list[Any]] = defaultdict(list)
        if annotation_file is None:
            return
        say("loading annotations into memory...")
        start = time.time()
        dataset = read_json(annotation_file)
        if type(dataset) is not dict:
            raise AssertionError(f"annotation file format {type(dataset)} not supported")
        say(f"Done (t={seconds_since(start)}s)")
        self.dataset = dataset
        self.createIndex()

    def createIndex(self) -> None:
        """Makes the indexes anew from `dataset`."""
        say("creating index...")
        annotations = self.dataset.get("annotations", ())
        of_image: defaultdict[Any, list[Record]] = defaultdict(list)
        for annotation in annotations:
            of_image[annotation["image_id"]].append(annotation)
        images_of: defaultdict[Any, list[Any]] = defaultdict(list)
        if "categories" in self.dataset:
            for annotation in annotations:
                images_of[annotation["category_id"]].append(annotation["image_id"])
        by_id = [{record["id"]: record for record in self.dataset.get(part, ())} for part in _PARTS]
        say("index created!")
        self.anns, self.imgs, self.cats = by_id
        self.imgToAnns = of_image
        self.catToImgs = images_of

    def info(self) -> None:
        """Prints the file's own description of itself."""
        for key, value in self.dataset["info"].items():
            say(f"{key}: {value}")

    def getAnnIds(self, imgIds: Any = (), catIds: Any = (), areaRng: Any = (), iscrowd: Any = None) -> list[Any]:
        """Ids of the annotations of these images, image by image, or of all in file order.

        They may be narrowed to categories, to areas strictly inside a range, and to a value of `iscrowd`.
        """
        images, categories = _listed(imgIds), _listed(catIds)
        annotations: Iterable[Record]
        if len(images) == 0:
            annotations = self.dataset["annotations"]
        else:
            annotations = chain.from_iterable(self.imgToAnns[image] for image in images if image in self.imgToAnns)
        if len(categories) != 0:
            wanted = _members(categories)
            annotations = [a for a in annotations if a["category_id"] in wanted]
        if len(areaRng) != 0:
            annotations = [a for a in annotations if a["area"] > areaRng[0] and a["area"] < areaRng[1]]
        if iscrowd is not None:
            annotations = [a for a in annotations if a["iscrowd"] == iscrowd]
        return [a["id"] for a in annotations]

    def getCatIds(self, catNms: Any = (), supNms: Any = (), catIds: Any = ()) -> list[Any]:
        """Ids of the categories with these names, supercategories and ids, in file order; no condition, all of them."""
        conditions = {"name": _listed(catNms), "supercategory": _listed(supNms), "id": _listed(catIds)}
        categories = self.dataset["categories"]
        for field, wanted in conditions.items():
            if len(wanted) != 0:
                categories = [category for category in categories if category[field] in wanted]
        return [category["id"] for category in categories]

    def getImgIds(self, imgIds: Any = (), catIds: Any = ()) -> list[Any]:
        """Ids of the images among these that show all of these categories; no condition, all in file order."""
        images, categories = _listed(imgIds), _listed(catIds)
        if len(images) == len(categories) == 0:
            return list(self.imgs)
        # The order is that of a set built in just this way.
        ids = set(images)
        for place, category in enumerate(categories):
            if place == 0 and len(ids) == 0:
                ids = set(self.catToImgs[category])
            else:
                ids &= set(self.catToImgs[category])
        return list(ids)

    def loadAnns(self, ids: Any = ()) -> Any:
        """The annotations with these ids, or a list of the one with this int; None for anything else."""
        return _load(self.anns, ids)

    def loadCats(self, ids: Any = ()) -> Any:
        """The categories with these ids, or a list of the one with this int; None for anything else."""
        return _load(self.cats, ids)

    def loadImgs(self, ids: Any = ()) -> Any:
        """The images with these ids, or a list of the one with this int; None for anything else."""
        return _load(self.imgs, ids)

    def showAnns(self, anns: Sequence[Record], draw_bbox: bool = False) -> Any:
        """Draws annotations into matplotlib's current axes, or prints captions; 0 if there are none."""
        return draw_annotations(self, anns, draw_bbox)

    def loadRes(self, resFile: Any) -> "COCO":
        """A data set of results on these images, from a file name, a list of dicts or an (N, 7) array.

        The dicts are completed in place: id from 1, area, iscrowd, segmentation or bbox. An empty list is refused with
        IndexError, as in pycocotools.
        """
        results = COCO()
        prepare_results(self, resFile, results.dataset)
        results.createIndex()
        return results

    def download(self, tarDir: Any = None, imgIds: Any = ()) -> NoReturn:
        """Refused with AccessError: mapgap does not use the network."""
        raise AccessError(
            "mapgap does not download images. Fetch the records' coco_url yourself, for example with curl, "
            "or call download of pycocotools' own COCO"
        )

    def loadNumpyAnnotations(self, data: Any) -> list[Record]:
        """Results from an (N, 7) array of image id, x, y, width, height, score, category id."""
        return annotations_from_array(data)

    def annToRLE(self, ann: Record) -> Any:
        """The annotation's mask, run-length encoded: polygons and plain runs are converted, else as it is."""
        image = self.imgs[ann["image_id"]]
        height, width = image["height"], image["width"]
        segmentation = ann["segmentation"]
        if type(segmentation) is list:
            return masks.merge(masks.frPyObjects(segmentation, height, width))
        if type(segmentation["counts"]) is list:
            return masks.frPyObjects(segmentation, height, width)
        return segmentation

    def annToMask(self, ann: Record) -> Any:
        """The annotation's mask as an array (height, width) of 0 and 1."""
        return masks.decode(self.annToRLE(ann))


_PARTS = ("annotations", "images", "categories")


def is_many(values: Any) -> bool:
    """Whether these are many values, as lists, arrays and even strings are for pycocotools."""
    return hasattr(values, "__iter__") and hasattr(values, "__len__")


def _listed(values: Any) -> Any:
    """The values themselves if they are many, else a list of the one."""
    return values if is_many(values) else [values]


def _members(values: Any) -> Any:
    """The same members, found by hash where they are a flat list or array: searching 1,203 NumPy integers is slow."""
    if isinstance(values, np.ndarray) and values.ndim == 1:
        natives = values.tolist()
    elif isinstance(values, list | tuple):
        natives = [value.item() if isinstance(value, np.generic) else value for value in values]
    else:
        return values
    try:
        return frozenset(natives)
    except TypeError:
        return natives


def _load(records: dict[Any, Record], ids: Any) -> list[Record] | None:
    if is_many(ids):
        return [records[each] for each in ids]
    return [records[ids]] if type(ids) is int else None
