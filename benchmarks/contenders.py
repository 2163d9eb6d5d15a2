"""Who is measured, how each is installed, and the leanest documented way of each to do a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from environments import CHECKOUT, Step, python_of
from sizes import Files

NUMBERS, TIDE, CONFUSION, SLICES, TOGETHER = "numbers", "tide", "confusion", "slices", "together"
TASKS = {
    NUMBERS: "from files to the 12 COCO numbers",
    TIDE: "TIDE alone",
    CONFUSION: "the confusion matrix alone",
    SLICES: "50 slices alone",
    TOGETHER: "TIDE, the confusion matrix and 50 slices together",
}


@dataclass(frozen=True)
class Peer:
    """One package and what it can do; `packages` are those whose versions are told."""

    name: str
    steps: tuple[Step, ...]
    packages: tuple[str, ...]
    runner: str
    tasks: tuple[str, ...]
    most_detections: int | None = None
    """Beyond that it is left out unless asked for by name."""


@dataclass(frozen=True)
class Contender:
    """One way of one package to do a task; the last line it prints is the result as JSON, unless it is a command."""

    name: str
    command: tuple[str, ...]
    check: tuple[str, ...]
    """What to run once, beside the clock, for numbers of full precision; the command itself if it prints them."""


MAPGAP = Peer(
    "mapgap",
    steps=((CHECKOUT,),),
    packages=("mapgap", "numpy"),
    runner="run_mapgap.py",
    tasks=(NUMBERS, TIDE, CONFUSION, SLICES, TOGETHER),
)
PEERS = (
    MAPGAP,
    Peer(
        "hotcoco",
        steps=(("hotcoco",),),
        packages=("hotcoco", "numpy"),
        runner="run_hotcoco.py",
        tasks=(NUMBERS, TIDE, CONFUSION, SLICES),
    ),
    # Its confusion matrix matches within a category only, so it has no confusions; it is left out there.
    Peer(
        "ultrafast-pycocotools",
        steps=(("ultrafast-pycocotools",),),
        packages=("ultrafast-pycocotools", "numpy"),
        runner="run_ultrafast.py",
        tasks=(NUMBERS,),
    ),
    Peer(
        "vernier",
        steps=(("vernier[tables]",),),
        packages=("vernier", "numpy"),
        runner="run_vernier.py",
        tasks=(NUMBERS, TIDE, CONFUSION, SLICES),
    ),
    # Its confusion matrix keeps all detections of all classes for each image and asks for more than 16 GiB at medium.
    Peer(
        "faster-coco-eval",
        steps=(("faster-coco-eval",),),
        packages=("faster-coco-eval", "numpy"),
        runner="run_faster_coco_eval.py",
        tasks=(NUMBERS,),
        most_detections=1_000_000,
    ),
    Peer(
        "pycocotools",
        steps=(("pycocotools",),),
        packages=("pycocotools", "numpy"),
        runner="run_pycocotools.py",
        tasks=(NUMBERS,),
        most_detections=1_000_000,
    ),
    # tidecv asks for the OpenCV that needs a display's libraries and breaks on NumPy 2.
    Peer(
        "tidecv",
        steps=(
            ("--no-deps", "tidecv"),
            ("numpy<2", "pandas", "matplotlib", "seaborn", "opencv-python-headless", "pycocotools", "appdirs"),
        ),
        packages=("tidecv", "numpy"),
        runner="run_tidecv.py",
        tasks=(TIDE,),
        most_detections=1_000_000,
    ),
)


def contenders(peer: Peer, task: str, files: Files, environments: Path) -> Sequence[Contender]:
    """The ways of this peer to do this task; none if it cannot."""
    if task not in peer.tasks:
        return ()
    runner = Path(__file__).parent / "runners" / peer.runner
    pair = (str(files.ground_truth), str(files.detections))
    more = {"hotcoco": (str(files.slices),), "vernier": (str(files.manifest),)}.get(peer.name, ())
    python = python_of(environments / peer.name)
    command = (python, str(runner), task, *pair, *(more if task == SLICES else ()))
    if peer is not MAPGAP or task != NUMBERS:
        return (Contender(peer.name, command, command),)
    evaluate = (str(environments / peer.name / "bin" / "mapgap"), "evaluate", *pair)
    return (
        Contender("mapgap evaluate", evaluate, (*evaluate, "--json")),
        Contender("mapgap.evaluate", command, command),
    )
