"""Put the drop-in classes where libraries look for pycocotools' own, and take them away again."""

import sys
from types import ModuleType

import pycocotools
from pycocotools import mask

from mapgap.pycocotools.dataset import COCO, is_many
from mapgap.pycocotools.evaluation import COCOeval
from mapgap.pycocotools.parameters import Params


def _stand_in(name: str, contents: dict[str, object]) -> ModuleType:
    module = ModuleType(f"pycocotools.{name}", f"mapgap's stand-in for pycocotools.{name}.")
    module.__dict__.update(contents, maskUtils=mask)
    return module


_STAND_INS = {
    "coco": _stand_in("coco", {"COCO": COCO, "_isArrayLike": is_many}),
    "cocoeval": _stand_in("cocoeval", {"COCOeval": COCOeval, "Params": Params}),
}
_replaced: dict[str, ModuleType | None] = {}
"""What stood in `sys.modules` before, None for nothing."""


def install() -> None:
    """Makes `pycocotools.coco` and `pycocotools.cocoeval` give mapgap's classes to whoever imports them from now on.

    Names that were imported from them before stay what they are: call this first. `pycocotools.mask` stays. Twice is
    once.
    """
    for name, stand_in in _STAND_INS.items():
        current = sys.modules.get(stand_in.__name__)
        if current is not stand_in:
            _replaced[name] = current
        sys.modules[stand_in.__name__] = stand_in
        setattr(pycocotools, name, stand_in)


def uninstall() -> None:
    """Takes `install` back; nothing happens if it was not called or another library has taken the place since."""
    for name, stand_in in _STAND_INS.items():
        if sys.modules.get(stand_in.__name__) is not stand_in:
            continue
        before = _replaced.pop(name, None)
        if before is None:
            del sys.modules[stand_in.__name__]
            delattr(pycocotools, name)
        else:
            sys.modules[stand_in.__name__] = before
            setattr(pycocotools, name, before)
