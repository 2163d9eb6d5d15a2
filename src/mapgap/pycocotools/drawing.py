"""Draw annotations with matplotlib, which is imported only here and need not be installed."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as masks

from mapgap.pycocotools.messages import say

Record = dict[str, Any]
Colour = list[float]

CROWD_COLOUR = (2.0 / 255, 166.0 / 255, 101.0 / 255)


def draw_annotations(coco: Any, annotations: Sequence[Record], with_boxes: bool) -> Any:
    """Draws polygons, masks, keypoints and, if asked, boxes into the current axes; prints captions.

    Gives 0 if there is nothing to draw. Every annotation has a random light colour, from NumPy's global generator.
    """
    if len(annotations) == 0:
        return 0
    if "segmentation" in annotations[0] or "keypoints" in annotations[0]:
        return _draw_instances(coco, annotations, with_boxes)
    if "caption" in annotations[0]:
        for annotation in annotations:
            say(annotation["caption"])
        return None
    raise Exception("datasetType not supported")


def _draw_instances(coco: Any, annotations: Sequence[Record], with_boxes: bool) -> None:
    plot = import_module("matplotlib.pyplot")
    collections = import_module("matplotlib.collections")
    patches = import_module("matplotlib.patches")
    axes = plot.gca()
    axes.set_autoscale_on(False)
    outlines: list[NDArray[Any]] = []
    colours: list[Colour] = []
    for annotation in annotations:
        colour: Colour = (np.random.random((1, 3)) * 0.6 + 0.4).tolist()[0]  # noqa: NPY002
        corners = _outlines(annotation, with_boxes)
        outlines.extend(corners)
        colours.extend([colour] * len(corners))
        if "segmentation" in annotation and type(annotation["segmentation"]) is not list:
            axes.imshow(_mask_image(coco, annotation, colour))
        if type(annotation.get("keypoints")) is list:
            _draw_keypoints(plot, coco, annotation, colour)
    polygons = [patches.Polygon(corners) for corners in outlines]
    axes.add_collection(collections.PatchCollection(polygons, facecolor=colours, linewidths=0, alpha=0.4))
    axes.add_collection(collections.PatchCollection(polygons, facecolor="none", edgecolors=colours, linewidths=2))


def _outlines(annotation: Record, with_boxes: bool) -> list[NDArray[Any]]:
    """Corners (n, 2) of the polygons and, if asked, of the box."""
    parts = annotation.get("segmentation")
    outlines = [np.array(part).reshape((-1, 2)) for part in parts] if type(parts) is list else []
    if with_boxes:
        left, top, width, height = annotation["bbox"]
        right, bottom = left + width, top + height
        outlines.append(np.array([[left, top], [left, bottom], [right, bottom], [right, top]]))
    return outlines


def _mask_image(coco: Any, annotation: Record, colour: Colour) -> NDArray[Any]:
    """The mask as an image (height, width, 4), half transparent where it is set."""
    mask = masks.decode([coco.annToRLE(annotation)])
    image = np.empty((*mask.shape[:2], 3))
    image[:] = CROWD_COLOUR if annotation["iscrowd"] == 1 else colour
    return np.dstack((image, mask * 0.5))


def _draw_keypoints(plot: Any, coco: Any, annotation: Record, colour: Colour) -> None:
    points = np.array(annotation["keypoints"])
    x, y, visibility = points[0::3], points[1::3], points[2::3]
    for bone in np.array(coco.loadCats(annotation["category_id"])[0]["skeleton"]) - 1:
        if np.all(visibility[bone] > 0):
            plot.plot(x[bone], y[bone], linewidth=3, color=colour)
    for least, edge in ((0, "k"), (1, colour)):
        shown = visibility > least
        style = {"markersize": 8, "markerfacecolor": colour, "markeredgecolor": edge, "markeredgewidth": 2}
        plot.plot(x[shown], y[shown], "o", **style)
