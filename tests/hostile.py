"""A data set whose every name is an attack, and what no output may contain, for tests of all formats."""

import csv
import json
from pathlib import Path
from typing import Any

from mapgap.visible_text import visible_lines

NAMES = (
    "</script><script>window.__hacked=1</script>",
    "\"'`><img src=x onerror=window.__hacked=2>",
    "<svg/onload=window.__hacked=3><iframe srcdoc='<script>parent.__hacked=4</script>'>",
    "javascript:window.__hacked=5",
    "{{constructor.constructor('window.__hacked=6')()}} ${7*7} #{7*7} %s %n",
    "--></style></title></textarea><!-- ]]> <![CDATA[ &lt; &#x3c;",
    "\x1b[2J\x1b]0;title\x07\x1b]8;;https://example.com\x07link\x9b31m",
    "nul\x00 bell\x07 backspace\x08\x08 delete\x7f",
    "two\nlines\r\nor\u2028more\u2029\x85",
    "exe.\u202egpj.\u2066\u2067turned\u2069 \u061c\u200e\u200f",
    "cat\u200b\u200d\ufeff\xad\u2060hidden \U000e0063\U000e0061\U000e0074",
    "::error file=x,line=1::%0A%25\n::set-output name=x::y\n##[error]",
    "| a | b |\n|---|---|\n# heading [link](https://example.com) ![image](http://x/y.png) ```\nfence\n``` <b>",
    "\\| \\` @octocat #1 GH-2 www.example.com ~~no~~ **bold** __it__ $x$ :tada:",
    "=1+1",
    "=HYPERLINK(\"http://x/?\"&A1,\"click\")",
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "toString",
    "Straße",
    "STRASSE",
    "\u00e9t\u00e9",
    "e\u0301te\u0301",
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/dev/stdin",
    "con.txt",
    "'; DROP TABLE objects; --",
    "a\"b\"\"c,d;e",
    "می\u200cخواهم 👩\u200d💻",
    " ",
    "n/a",
    "null",
    "long " * 2000,
)  # fmt: skip
"""Names of classes, files, attributes, values and dates."""
MARK = "__hacked"
"""What every script of these names would set on the window."""
STEERING = {chr(code) for code in range(0x110000) if visible_lines(chr(code)) != chr(code)} - set("\u200c\u200d")
"""What hides or turns text. Joiners are part of some words; see `visible_text`."""


def steering_in(text: str) -> list[str]:
    """Characters that no text for people may have, line ends and tabs aside."""
    return sorted({f"U+{ord(sign):04X}" for sign in set(text) & STEERING})


def ground_truth() -> dict[str, Any]:
    """An image a name, with an object of three classes each; every name is an attribute, a value and a date too."""
    number = len(NAMES)
    images = [
        {
            "id": place,
            "width": 200,
            "height": 100,
            "file_name": f"{NAMES[place]}.jpg",
            "date_captured": NAMES[(place + 1) % number],
            "scene": NAMES[place],
        }
        for place in range(number)
    ]
    annotations = []
    for place in range(number):
        for at in range(3):
            attributes = {NAMES[(place + at + step) % number]: NAMES[(place * at) % number] for step in range(12)}
            annotations.append(
                {
                    "id": 10 * place + at + 1,
                    "image_id": place,
                    "category_id": (place + at) % number,
                    "bbox": [10 + 60 * at, 10, 30, 30],
                    "area": 900,
                    "iscrowd": 0,
                    "attributes": {**attributes, "light": NAMES[place % 2]},
                }
            )
    return {
        "images": images,
        "categories": [{"id": place, "name": name} for place, name in enumerate(NAMES)],
        "annotations": annotations,
    }


def detections(shift: int = 0) -> list[dict[str, Any]]:
    """Right in two images of three; else another class, or nothing."""
    found = []
    for annotation in ground_truth()["annotations"]:
        place, at = annotation["image_id"], annotation["id"] % 10
        if (place + shift) % 3 and at < 3:
            wrong = (place + shift) % 5 == 0
            category = (annotation["category_id"] + wrong) % len(NAMES)
            score = round(0.9 - place / 100, 2)
            found.append({"image_id": place, "category_id": category, "bbox": annotation["bbox"], "score": score})
    return found


def write_inputs(folder: Path) -> Path:
    """gt.json, two runs under hostile names, joined.csv, thresholds.json and samples.csv in the folder."""
    (folder / "gt.json").write_text(json.dumps(ground_truth()))
    for name, shift in [(run_file("a"), 0), (run_file("b"), 1)]:
        (folder / name).write_text(json.dumps(detections(shift)))
    with (folder / "joined.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image_id", "</script>\u202e<img src=x onerror=window.__hacked=7>", "=2+2"])
        for place in range(len(NAMES)):
            writer.writerow([place, NAMES[place % 7], "@x" if place % 2 else "-x"])
    (folder / "thresholds.json").write_text(json.dumps(dict.fromkeys(NAMES, 0.5)))
    with (folder / "samples.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "truth", "prediction", "light<img src=x onerror=window.__hacked=8>"])
        names = [name.replace("\x00", "") for name in NAMES if name.strip()][:12]
        for row in range(120):
            wrong = row % 4 == 0
            writer.writerow([f"{row} {names[row % 12]}", names[row % 12], names[(row + wrong) % 12], names[row % 2]])
    return folder


def run_file(letter: str) -> str:
    """A file name that a file system takes and a page must not."""
    return f"{letter} <img src=x onerror=window.__hacked=9> \u202e\x1b[31m`|`.json"
