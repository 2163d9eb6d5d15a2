"""CPU time of looking at generated JPEGs of 640 x 480 with seven objects each, the first time and from the cache.

python benchmarks/pixels.py --pictures 5000
"""

import argparse
import io
import os
import resource
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from mapgap.coco.ground_truth import read_ground_truth
from mapgap.pixels.measuring import measure_pictures
from mapgap.tables import GroundTruth

WIDTH, HEIGHT = 640, 480
OBJECTS = 7
QUALITIES = (75, 85, 95)
DIFFERENT = 50


def main() -> None:
    """Prints a table: run, processes, CPU seconds, bytes a picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=5000)
    count = parser.parse_args().pictures
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        size = write_pictures(folder, count)
        ground_truth = boxes(count)
        print(f"{count:,} JPEGs of {WIDTH} x {HEIGHT}, {size / count / 1000:.0f} kB each, {OBJECTS} objects each\n")
        print("| run | processes | CPU seconds |\n| --- | --- | --- |")
        for jobs, name in ((1, "first"), (1, "again"), (0, "first"), (0, "again")):
            os.environ["XDG_CACHE_HOME"] = str(folder / f"cache{jobs}")
            before = cpu_seconds()
            measure_pictures(ground_truth, folder, jobs=jobs)
            print(f"| {name} | {jobs or len(os.sched_getaffinity(0))} | {cpu_seconds() - before:.1f} |")


def write_pictures(folder: Path, count: int) -> int:
    """How many bytes the pictures have in all; no two are equal."""
    bases = [textured(seed) for seed in range(DIFFERENT)]
    size = 0
    for number in range(count):
        stream = io.BytesIO()
        turned = np.roll(bases[number % DIFFERENT], 8 * (number // DIFFERENT), axis=1)
        Image.fromarray(turned).save(stream, "JPEG", quality=QUALITIES[number % len(QUALITIES)])
        (folder / f"{number}.jpg").write_bytes(stream.getvalue())
        size += len(stream.getvalue())
    return size


def textured(seed: int) -> np.ndarray:
    """Coloured blotches of several sizes with grain, about as hard to compress as a photograph."""
    chance = np.random.default_rng(seed)
    tones = np.zeros((HEIGHT, WIDTH, 3))
    for radius, strength in ((40, 1200), (10, 400), (3, 90)):
        noise = Image.fromarray(chance.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))
        smooth = np.asarray(noise.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float64) / 255
        tones += strength * (smooth - 0.5)
    tones += chance.normal(128, 4, tones.shape)
    return np.clip(tones, 0, 255).astype(np.uint8)


def boxes(count: int) -> GroundTruth:
    """Boxes of ten to several hundred pixels."""
    chance = np.random.default_rng(0)
    annotations = []
    for image in range(count):
        for _ in range(OBJECTS):
            width, height = np.minimum(10 + chance.exponential((100, 90)), (WIDTH, HEIGHT)).tolist()
            box = [chance.uniform(0, WIDTH - width), chance.uniform(0, HEIGHT - height), width, height]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": 1,
                    "bbox": box,
                    "area": width * height,
                    "iscrowd": 0,
                }
            )
    images = [{"id": i, "file_name": f"{i}.jpg", "width": WIDTH, "height": HEIGHT} for i in range(count)]
    return read_ground_truth({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "thing"}]})


def cpu_seconds() -> float:
    """User and system time of this process and of those it has ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main()
