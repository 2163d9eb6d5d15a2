"""Stand-ins for the frameworks of docs/training.md: only what their documentation has, and nothing else.

Each gives the detections of the demo data in the form in which its framework gives them: those of detections.json in
the first epoch, of later.json in the second.

Sources: https://docs.ultralytics.com/usage/callbacks/, https://docs.ultralytics.com/reference/engine/validator/,
https://detectron2.readthedocs.io/en/latest/tutorials/evaluation.html,
https://detectron2.readthedocs.io/en/latest/modules/evaluation.html,
https://docs.pytorch.org/vision/stable/models/faster_rcnn.html, https://docs.wandb.ai/ref/python/sdk/.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

PLANTED = Path(__file__).resolve().parents[1] / "datasets" / "planted"
EPOCHS = ("detections.json", "later.json")
Record = dict[str, Any]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts all of them where `import` finds them."""
    modules = {
        "torch": _module(inference_mode=inference_mode, Tensor=Tensor),
        "my_project": _module(**vars(my_project())),
        "ultralytics": _module(YOLO=YOLO),
        "wandb": _module(init=wandb_init, Html=Html),
        "detectron2": _module(),
        "detectron2.config": _module(get_cfg=get_cfg),
        "detectron2.data": _module(MetadataCatalog=MetadataCatalog),
        "detectron2.engine": _module(DefaultTrainer=DefaultTrainer),
        "detectron2.evaluation": _module(DatasetEvaluator=DatasetEvaluator),
        "detectron2.evaluation.coco_evaluation": _module(instances_to_coco_json=instances_to_coco_json),
        "detectron2.utils": _module(comm=_module(gather=gather, is_main_process=lambda: True)),
        "detectron2.utils.events": _module(get_event_storage=get_event_storage),
    }
    for name, module in modules.items():
        monkeypatch.setitem(__import__("sys").modules, name, module)


def ground_truth() -> Record:
    """Of the demo data."""
    return dict(json.loads((PLANTED / "gt.json").read_text()))


def detections_of(epoch: int) -> list[Record]:
    """Of an epoch, from 0."""
    return list(json.loads((PLANTED / EPOCHS[epoch]).read_text()))


def _module(**names: Any) -> ModuleType:
    module = ModuleType("stand_in")
    vars(module).update(names)
    return module


class Tensor:
    """Numbers with what the page uses of a tensor."""

    def __init__(self, numbers: NDArray[np.float64]):
        self._numbers = numbers

    def cpu(self) -> "Tensor":
        """A tensor in the memory of this process."""
        return Tensor(self._numbers.copy())

    def tolist(self) -> list[Any]:
        """Python numbers."""
        return list(self._numbers.tolist())

    def __getitem__(self, key: Any) -> "Tensor":
        return Tensor(self._numbers[key])

    def __setitem__(self, key: Any, value: "Tensor") -> None:
        self._numbers[key] = value._numbers

    def __isub__(self, other: "Tensor") -> "Tensor":
        self._numbers -= other._numbers
        return self


class InferenceMode:
    """Whether gradients are off, which a validation must see to."""

    is_on = False


@contextmanager
def inference_mode() -> Iterator[None]:
    """Of torch."""
    InferenceMode.is_on = True
    yield
    InferenceMode.is_on = False


def my_project() -> SimpleNamespace:
    """A user's model, loader and training."""
    model = TorchModel()

    def train_one_epoch(trained: TorchModel, epoch: int) -> None:
        trained.epoch, trained.is_training = epoch - 1, True

    ids = [image["id"] for image in ground_truth()["images"]]
    batches = [
        ([f"pixels of {i}" for i in ids[start : start + 8]], ids[start : start + 8]) for start in range(0, len(ids), 8)
    ]
    return SimpleNamespace(model=model, images_of_validation=batches, train_one_epoch=train_one_epoch)


class TorchModel:
    """Gives, for each image, corners, scores and labels, as torchvision's detection models do."""

    def __init__(self) -> None:
        self.epoch, self.is_training = 0, True

    def eval(self) -> "TorchModel":
        """Of a torch module."""
        self.is_training = False
        return self

    def __call__(self, images: Sequence[str]) -> list[dict[str, Tensor]]:
        assert not self.is_training, "the model is still in training mode"
        assert InferenceMode.is_on, "gradients are kept"
        return [self._of_image(int(image.rpartition(" ")[2])) for image in images]

    def _of_image(self, image_id: int) -> dict[str, Tensor]:
        found = [record for record in detections_of(self.epoch) if record["image_id"] == image_id]
        boxes = np.array([record["bbox"] for record in found], dtype=np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        scores, labels = ([record[key] for record in found] for key in ("score", "category_id"))
        return {"boxes": Tensor(boxes), "scores": Tensor(np.array(scores)), "labels": Tensor(np.array(labels))}


class YOLO:
    """`add_callback` and `train` of a model of Ultralytics."""

    EVENTS = ("on_train_start", "on_train_epoch_end", "on_fit_epoch_end", "on_train_end", "on_val_end")

    def __init__(self, model: str):
        self.model = model
        self._callbacks: dict[str, list[Callable[[Any], None]]] = {event: [] for event in self.EVENTS}

    def add_callback(self, event: str, func: Callable[[Any], None]) -> None:
        """For one of the documented events."""
        self._callbacks[event].append(func)

    def train(self, *, data: str, epochs: int, save_json: bool = False) -> None:
        """Validates after each epoch, and the best weights once more at the end, as the trainer does."""
        for epoch in (*range(epochs), epochs - 1):
            trainer = SimpleNamespace(
                epoch=epoch, validator=SimpleNamespace(jdict=self._jdict(epoch) if save_json else [])
            )
            for callback in self._callbacks["on_fit_epoch_end"]:
                callback(trainer)

    def _jdict(self, epoch: int) -> list[Record]:
        """As `pred_to_json` writes: the stem as image id, a number where it is one; classes from 1; rounded."""
        truth = ground_truth()
        stems = {image["id"]: Path(image["file_name"]).stem for image in truth["images"]}
        classes = {
            identifier: place for place, identifier in enumerate(sorted(one["id"] for one in truth["categories"]), 1)
        }
        return [
            {
                "image_id": int(stem) if (stem := stems[record["image_id"]]).isnumeric() else stem,
                "category_id": classes[record["category_id"]],
                "bbox": [round(float(side), 3) for side in record["bbox"]],
                "score": round(record["score"], 5),
            }
            for record in detections_of(epoch)
        ]


class _Node:
    """A part of a configuration: takes only the names it has."""

    def __init__(self, **names: Any):
        vars(self).update(names)

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in vars(self), f"the configuration has no {name}"
        super().__setattr__(name, value)


def get_cfg() -> _Node:
    """Detectron2's configuration, as far as the page uses it."""
    return _Node(DATASETS=_Node(TRAIN=(), TEST=()), TEST=_Node(EVAL_PERIOD=0), SOLVER=_Node(MAX_ITER=40_000))


class MetadataCatalog:
    """Of registered data sets."""

    @staticmethod
    def get(name: str) -> SimpleNamespace:
        """Metadata of `register_coco_instances`."""
        assert name == "demo_val"
        ids = sorted(category["id"] for category in ground_truth()["categories"])
        return SimpleNamespace(thing_dataset_id_to_contiguous_id={identifier: n for n, identifier in enumerate(ids)})


class DatasetEvaluator:
    """The base class."""

    def reset(self) -> None:
        """Before a round."""

    def process(self, inputs: Sequence[Record], outputs: Sequence[Record]) -> None:
        """For each batch."""

    def evaluate(self) -> Mapping[str, Any]:
        """After a round."""
        return {}


class Instances:
    """Detections of one image; `to` gives them on another device."""

    def __init__(self, epoch: int, image_id: int, device: str = "cuda"):
        self.epoch, self.image_id, self.device = epoch, image_id, device

    def to(self, device: str) -> "Instances":
        """The same there."""
        return Instances(self.epoch, self.image_id, device)


def instances_to_coco_json(instances: Instances, img_id: int) -> list[Record]:
    """COCO records with contiguous class ids."""
    assert instances.device == "cpu"
    assert instances.image_id == img_id
    contiguous = MetadataCatalog.get("demo_val").thing_dataset_id_to_contiguous_id
    found = [record for record in detections_of(instances.epoch) if record["image_id"] == img_id]
    return [{**record, "category_id": contiguous[record["category_id"]]} for record in found]


def gather(data: Any, dst: int = 0) -> list[Any]:
    """Of one process."""
    assert dst == 0
    return [data]


_storage = SimpleNamespace(iter=0)


def get_event_storage() -> SimpleNamespace:
    """Knows the iteration."""
    return _storage


class DefaultTrainer:
    """Trains for MAX_ITER iterations and evaluates each EVAL_PERIOD of them."""

    def __init__(self, cfg: Any):
        self.cfg, self.is_loaded = cfg, False

    def resume_or_load(self, resume: bool = True) -> None:
        """Loads the weights."""
        self.is_loaded = True

    @classmethod
    def build_evaluator(cls, cfg: Any, dataset_name: str) -> DatasetEvaluator:
        """To be overridden."""
        raise NotImplementedError

    def train(self) -> None:
        """The loop."""
        assert self.is_loaded
        period = self.cfg.TEST.EVAL_PERIOD
        ids = [image["id"] for image in ground_truth()["images"]]
        for epoch, iteration in enumerate(range(period, self.cfg.SOLVER.MAX_ITER + 1, period)):
            _storage.iter = iteration
            for name in self.cfg.DATASETS.TEST:
                evaluator = self.build_evaluator(self.cfg, name)
                evaluator.reset()
                for start in range(0, len(ids), 4):
                    batch = ids[start : start + 4]
                    outputs = [{"instances": Instances(epoch, image_id)} for image_id in batch]
                    evaluator.process([{"image_id": image_id} for image_id in batch], outputs)
                results = evaluator.evaluate()
                assert all(isinstance(value, float) for value in results["mapgap"].values())


class Html:
    """A page to log."""

    def __init__(self, data: str, *, inject: bool = True):
        assert data.startswith("<!DOCTYPE html>")
        self.data = data


class WandbRun:
    """An offline run, which keeps what is logged."""

    last: "WandbRun"

    def __init__(self) -> None:
        self.rows: list[tuple[int | None, Record]] = []
        self.is_finished = False
        WandbRun.last = self

    def log(self, data: Record, step: int | None = None) -> None:
        """One row."""
        assert all(isinstance(value, float | Html) for value in data.values())
        self.rows.append((step, data))

    def finish(self) -> None:
        """Closes the run."""
        self.is_finished = True


def wandb_init(*, project: str, mode: str, dir: str) -> WandbRun:
    """Starts a run on disk."""
    assert (mode, Path(dir).is_dir()) == ("offline", True)
    return WandbRun()
