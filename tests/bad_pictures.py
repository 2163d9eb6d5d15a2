"""One picture for each thing that the doctor says of pictures, and the ground truth that names them."""

from pathlib import Path

from PIL import Image

from mapgap.analysis.examined_pictures import picture_findings
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.findings import Finding
from tests.pictures import encoded, scene, write

TURNED = 6
"""The EXIF orientation of a camera that was held upright."""


def findings_of_pictures(folder: Path) -> tuple[Finding, ...]:
    """Writes the pictures into the folder, and gives what the doctor says of them."""
    exif = Image.Exif()
    exif[0x0112] = TURNED
    turned = encoded(scene(), "JPEG", exif=exif)
    contents = {
        "alpha.png": encoded(scene().convert("RGBA")),
        "bomb.png": _bomb(),
        "broken.jpg": turned[:100],
        "cmyk.jpg": encoded(scene().convert("CMYK"), "JPEG"),
        "deep.png": encoded(Image.new("I;16", (320, 240), 40_000)),
        "moving.gif": encoded(scene(), "GIF", save_all=True, append_images=[scene(seed=5)]),
        "palette.png": encoded(scene().convert("P")),
        "small.png": encoded(scene(32, 24)),
        "stored.jpg": turned,
        "upright.jpg": turned,
    }
    write(folder, contents)
    names = [*contents, "lost.jpg", "../secret.jpg"]
    images = [
        {"id": k + 1, "width": 320, "height": 240, "file_name": name}
        if name != "upright.jpg"
        else {"id": k + 1, "width": 240, "height": 320, "file_name": name}
        for k, name in enumerate(names)
    ]
    truth = {
        "images": images,
        "annotations": [
            {"id": k + 1, "image_id": k + 1, "category_id": 1, "bbox": [40, 40, 80, 60], "area": 4800}
            for k in range(len(names))
        ],
        "categories": [{"id": 1, "name": "thing"}],
    }
    return picture_findings(read_ground_truth(truth, name="gt.json"), folder, jobs=1)


def _bomb() -> bytes:
    """A small PNG whose header speaks of 60,000 by 60,000 pixels."""
    import struct
    import zlib

    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IEND\xaeB`\x82"
