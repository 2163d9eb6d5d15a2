"""`install` and `uninstall`: whoever imports pycocotools' modules in between gets the drop-in."""

import subprocess
import sys

import pytest

CHECK = """
import sys
from mapgap.pycocotools import COCO, COCOeval, Params, install, uninstall

def imported():
    import pycocotools.coco
    from pycocotools import cocoeval
    from pycocotools.cocoeval import Params as imported_params
    assert sys.modules["pycocotools.coco"] is pycocotools.coco
    return pycocotools.coco.COCO, cocoeval.COCOeval, imported_params

def is_ours():
    return imported() == (COCO, COCOeval, Params)
"""


def run_python(code: str) -> None:
    """Runs code in a fresh interpreter, where nothing of pycocotools has been imported."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_before_the_genuine_modules_are_imported() -> None:
    run_python(
        CHECK
        + "install(); assert is_ours(); install(); assert is_ours()\n"
        + "uninstall(); assert 'pycocotools.coco' not in sys.modules; import pycocotools\n"
        + "assert not hasattr(pycocotools, 'coco'); assert not is_ours()\n"
        + "assert imported()[0].__module__ == 'pycocotools.coco'; uninstall(); assert not is_ours()"
    )


def test_after_the_genuine_modules_are_imported() -> None:
    run_python(
        CHECK
        + "genuine = imported(); assert genuine[0] is not COCO\n"
        + "install(); assert is_ours(); install(); assert is_ours()\n"
        + "uninstall(); assert imported() == genuine; uninstall(); assert imported() == genuine\n"
        + "install(); assert is_ours(); uninstall(); assert imported() == genuine"
    )


def test_masks_stay_and_the_stand_ins_know_them() -> None:
    run_python(
        CHECK
        + "from pycocotools import mask; install(); import pycocotools.mask; assert pycocotools.mask is mask\n"
        + "from pycocotools.coco import _isArrayLike, maskUtils; assert maskUtils is mask\n"
        + "assert _isArrayLike([1]) and not _isArrayLike(1)\n"
        + "assert 'stand-in' in sys.modules['pycocotools.cocoeval'].__doc__"
    )


def test_another_library_that_took_the_place_keeps_it() -> None:
    run_python(
        CHECK
        + "import types; install(); other = types.ModuleType('pycocotools.coco')\n"
        + "sys.modules['pycocotools.coco'] = other; uninstall(); assert sys.modules['pycocotools.coco'] is other\n"
        + "install(); assert is_ours(); uninstall(); assert sys.modules['pycocotools.coco'] is other"
    )


def test_the_check_can_fail() -> None:
    with pytest.raises(AssertionError, match="AssertionError"):
        run_python(CHECK + "assert is_ours()")
