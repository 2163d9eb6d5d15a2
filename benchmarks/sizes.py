"""The sizes of generated data that the benchmarks use, and the files of each in a cache folder."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

GENERATION = 1
"""Part of every folder name; goes up when scenes.py changes what it writes."""

SLICES = 50
OBJECTS_PER_IMAGE = 36_781 / 5_000
DETECTIONS_PER_IMAGE = 100


@dataclass(frozen=True)
class Size:
    """How much there is of what; `polygons` says whether the annotations have outlines, as COCO's do."""

    images: int
    objects: int
    detections: int
    classes: int
    polygons: bool

    @property
    def folder(self) -> str:
        """Name of the folder of this size in a cache, for one seed and one state of the generator."""
        outlines = "-polygons" if self.polygons else ""
        return f"{self.images}-{self.objects}-{self.detections}-{self.classes}{outlines}-v{GENERATION}"


SIZES = {
    "small": Size(images=5_000, objects=36_781, detections=36_000, classes=80, polygons=True),
    "medium": Size(images=5_000, objects=36_781, detections=500_000, classes=80, polygons=True),
    "large": Size(images=80_000, objects=1_200_000, detections=8_000_000, classes=365, polygons=False),
}
"""COCO's val2017 with few and with many detections, and Objects365's validation set with 100 an image."""


def growing_size(detections: int) -> Size:
    """COCO's density at any number of detections: 100 detections and 7.4 objects an image, 80 classes, no outlines."""
    images = max(1, detections // DETECTIONS_PER_IMAGE)
    return Size(images, round(images * OBJECTS_PER_IMAGE), detections, classes=80, polygons=False)


@dataclass(frozen=True)
class Files:
    """The files of one size."""

    ground_truth: Path
    detections: Path
    slices: Path
    """Name of a slice to image ids, 50 slices."""
    manifest: Path
    """The same slices as rows of image id and name."""

    @property
    def megabytes(self) -> float:
        """What an evaluation has to read, in MB."""
        return (self.ground_truth.stat().st_size + self.detections.stat().st_size) / 1e6


def default_cache() -> Path:
    """Where generated files go unless the command line says otherwise."""
    return Path(tempfile.gettempdir()) / "mapgap-benchmarks" / "scenes"


def files_in(folder: Path) -> Files:
    """The names that scenes.py gives its files."""
    return Files(
        folder / "ground_truth.json", folder / "detections.json", folder / "slices.json", folder / "manifest.json"
    )


def ensure_files(size: Size, cache: Path) -> Files:
    """The files of this size, made by scenes.py in a process of its own if the cache has none; then read once.

    The process that measures others stays small that way: a child's peak memory cannot fall below its parent's.
    """
    folder = cache / size.folder
    if not folder.exists():
        print(f"generating {folder}", file=sys.stderr)
        command = [sys.executable, str(Path(__file__).with_name("scenes.py")), str(folder)]
        command += [f"--{name}={getattr(size, name)}" for name in ("images", "objects", "detections", "classes")]
        subprocess.run([*command, *(["--polygons"] if size.polygons else [])], check=True)
    files = files_in(folder)
    for path in (files.ground_truth, files.detections):
        read_once(path)
    return files


def read_once(path: Path) -> int:
    """Reads a file to its end, a megabyte at a time, and returns its bytes; afterwards it is in the page cache."""
    total = 0
    buffer = bytearray(1 << 20)
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            total += count
    return total
