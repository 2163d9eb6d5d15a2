"""Pictures for the page: crops of the errors within a budget, thumbnails of the hot spots, links to whole pictures."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mapgap.crops.cutting import CropRequest, cut_crops
from mapgap.crops.drawing import Outline
from mapgap.crops.windows import LONGEST_SIDE
from mapgap.crops.workers import PictureRequest, Pieces, cut_all
from mapgap.errors import InputError
from mapgap.pictures.failures import FAILURES, Failure, failure_words
from mapgap.pictures.links import relative_address
from mapgap.pictures.places import own_base_names
from mapgap.report.content import MODES_SHOWN
from mapgap.report.embedded.crop_plan import Sight, Wanted, boxes_of, mode_sights, wanted_crops
from mapgap.report.embedded.crops import PageCrop, PagePictures, UnusedPictures
from mapgap.tables import Images, Results

MOST_BYTES = 5_000_000
"""Of all crops and thumbnails together, as WebP; base64 in the page is a third more."""
MOST_CROPS = 1000
"""Crops of small objects take few bytes, but each picture takes its time."""
CROPS_AT_A_TIME = 500
"""So many are cut before their bytes are counted."""
THUMBNAILS = 3
THUMBNAIL_SIDE = 160
NAMED = 3

Count = Callable[[int, int], None]
"""Told how many crops are done, and of how many."""


def pictures_of_runs(
    runs: Sequence[Results],
    folder: Path | None,
    output: str | os.PathLike[str] | None,
    *,
    link_images: bool = False,
    jobs: int = 0,
    count: Count | None = None,
) -> PagePictures | None:
    """What a page on these runs in the folder `output` shows of pictures; None where no folder of pictures was given.

    Raises InputError for links without pictures, or from a page that lies nowhere.
    """
    if link_images and (folder is None or output is None):
        fix = "Give their folder with --images, or images=" if folder is None else "Name the folder of the report"
        raise InputError("there are no pictures to link to", fix=fix)
    if folder is None:
        return None
    page_folder = real_folder(output) if link_images and output is not None else None
    return page_pictures(runs, folder, page_folder=page_folder, jobs=jobs, count=count)


def page_pictures(
    runs: Sequence[Results],
    folder: Path,
    *,
    page_folder: Path | None = None,
    jobs: int = 0,
    count: Count | None = None,
    most_bytes: int = MOST_BYTES,
) -> PagePictures:
    """Crops and thumbnails for one page on these runs, of pictures in `folder`, in at most `most_bytes` of WebP.

    With `page_folder`, where the page will lie, also links to the whole pictures. Both folders are without symbolic
    links. Pictures that cannot be used are told in `unused`. The same pictures and libraries give the same bytes, for
    any number of `jobs`.
    """
    images = runs[0].ground_truth.images
    cutting = _Cutting(folder, images, most_bytes)
    thumbnails = [cutting.thumbnails(results) for results in runs]
    wanted = list(islice(wanted_crops(runs, MODES_SHOWN, LONGEST_SIDE), MOST_CROPS))
    crops = tuple(cutting.crops(wanted, jobs, count or _silent))
    links = None if page_folder is None else _links(images, folder, page_folder)
    return PagePictures(crops, thumbnails, links, cutting.unused())


def _after(before: int, of: int, count: Count) -> Callable[[int], None]:
    return lambda done: count(before + done, of)


def _silent(done: int, of: int) -> None:
    """Reports to nobody."""


@dataclass
class _Cutting:
    """Cuts until the bytes are spent, and remembers the pictures that failed."""

    folder: Path
    images: Images
    bytes_left: int
    failed: dict[int, Failure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._own = own_base_names(self.images.file_names)

    def thumbnails(self, results: Results) -> list[list[bytes | None]]:
        """Of the first examples of each hot spot that the page lists."""
        sights = [of[:THUMBNAILS] for of in mode_sights(results, results.failure_modes[:MODES_SHOWN])]
        requests = [self._drawing(results, sight) for of_mode in sights for sight in of_mode]
        made = {crop.place: crop.content for crop in cut_crops(self.folder, requests)}
        contents = (made[place] for place in range(len(requests)))
        return [[self._afforded(next(contents)) for _ in of_mode] for of_mode in sights]

    def crops(self, wanted: Sequence[Wanted], jobs: int, count: Count) -> Iterator[PageCrop]:
        """Those that are wanted most, until the next one does not fit."""
        for start in range(0, len(wanted), CROPS_AT_A_TIME):
            part = wanted[start : start + CROPS_AT_A_TIME]
            for crop in self._cut(part, jobs, _after(start, len(wanted), count)):
                if crop is None:
                    continue
                if self._afforded(crop.content) is None:
                    return
                yield crop

    def unused(self) -> tuple[UnusedPictures, ...]:
        """The pictures that failed, by the way they did."""
        ways = []
        for failure in FAILURES:
            images = sorted(image for image, of_image in self.failed.items() if of_image == failure)
            names = tuple(self.images.file_names[i] or f"image {self.images.ids[i]}" for i in images[:NAMED])
            if images:
                ways.append(UnusedPictures(len(images), failure_words(failure, len(images)), names))
        return tuple(ways)

    def _afforded(self, content: bytes | None) -> bytes | None:
        if content is None or len(content) > self.bytes_left:
            return None
        self.bytes_left -= len(content)
        return content

    def _cut(self, wanted: Sequence[Wanted], jobs: int, count: Callable[[int], None]) -> list[PageCrop | None]:
        by_image: dict[int, list[int]] = {}
        for place, one in enumerate(wanted):
            by_image.setdefault(one.image, []).append(place)
        requests = [self._request(image, [wanted[at].window for at in by_image[image]]) for image in by_image]
        crops: list[PageCrop | None] = [None] * len(wanted)
        images, done = list(by_image), 0
        for place, pieces in cut_all(self.folder, requests, jobs):
            image = images[place]
            done += len(by_image[image])
            count(done)
            for at, cut in zip(by_image[image], self._known(image, pieces).cut, strict=False):
                crops[at] = None if cut is None else PageCrop(image, cut.window, cut.picture, cut.content)
        return crops

    def _known(self, image: int, pieces: Pieces) -> Pieces:
        if pieces.failure is not None:
            self.failed[image] = pieces.failure
        return pieces

    def _request(self, image: int, windows: Sequence[tuple[float, float, float, float]]) -> PictureRequest:
        name, width, height = self._picture(image)
        return PictureRequest(name, width, height, tuple(windows), by_base_name=name in self._own)

    def _drawing(self, results: Results, sight: Sight) -> CropRequest:
        name, width, height = self._picture(sight.image)
        of_object, of_detection = boxes_of(results, sight)
        outlines = [] if of_object is None else [Outline(of_object)]
        outlines += [] if of_detection is None else [Outline(of_detection, is_dashed=True)]
        return CropRequest(name, width, height, tuple(outlines), name in self._own, THUMBNAIL_SIDE)

    def _picture(self, image: int) -> tuple[str | None, float, float]:
        images = self.images
        return images.file_names[image], float(images.width[image]), float(images.height[image])


def _links(images: Images, folder: Path, page_folder: Path) -> tuple[str | None, ...]:
    own = own_base_names(images.file_names)
    return tuple(relative_address(folder, name, page_folder, by_base_name=name in own) for name in images.file_names)


def real_folder(folder: str | os.PathLike[str]) -> Path:
    """The folder without symbolic links, whether it is there or not."""
    return Path(os.path.realpath(folder))
