"""Rules of the house that no single room can keep: layers, one IoU formula, public names."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mapgap

SOURCES = Path(__file__).parent.parent / "src"
SUBSCRIPT = re.compile(r"\[[^\[\]]*\]")
INTERSECTION = re.compile(r"\b(?:f?min(?:imum)?|lesser)\([^()]*\+[^()]*,[^()]*\+[^()]*\)")
"""The right or lower edge of an intersection of xywh boxes, as every IoU formula needs it: the lesser of two sums."""

ALLOWED_INTERSECTIONS = {
    "kernel/geometry.h": "the one IoU formula",
    "kernel/coverage.cpp": "clips boxes for the area of their union, no IoU",
    "mapgap/demo/detector.py": "simulates loose boxes, evaluates nothing",
    "mapgap/demo/scenes.py": "places things in a picture, evaluates nothing",
}


def intersections(folder: Path) -> set[str]:
    """Files, relative to the folder, that compute edges of an intersection."""
    files = [path for path in folder.rglob("*") if path.suffix in (".py", ".cpp", ".h", ".js")]
    return {
        str(path.relative_to(folder))
        for path in files
        if INTERSECTION.search(SUBSCRIPT.sub("", path.read_text(encoding="utf-8")))
    }


def test_there_is_one_iou_formula() -> None:
    assert intersections(SOURCES) <= set(ALLOWED_INTERSECTIONS)
    assert "kernel/geometry.h" in intersections(SOURCES)


@pytest.mark.parametrize(
    "line",
    [
        "right = np.minimum(a[:, 0] + a[:, 2], b[:, 0] + b[:, 2])",
        "w = min(d[0] + d[2], g[0] + g[2]) - max(d[0], g[0])",
        "const wide = Math.min(one[0] + one[2], other[0] + other[2]) - Math.max(one[0], other[0]);",
        "const double w = std::fmin(d[2] + d[0], g[2] + g[0]);",
        "const double w = lesser(d[2] + d[0], g[2] + g[0]) - greater(d[0], g[0]);",
    ],
)
def test_the_search_for_a_second_formula_finds_one(tmp_path: Path, line: str) -> None:
    (tmp_path / "second.py").write_text(line, encoding="utf-8")
    assert intersections(tmp_path) == {"second.py"}


def test_every_public_name_exists() -> None:
    for name in mapgap.__all__:
        assert getattr(mapgap, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        mapgap.no_such_name  # noqa: B018


def test_the_layers_contract_can_fail(tmp_path: Path) -> None:
    configuration = tmp_path / "contract.toml"
    configuration.write_text(
        "[tool.importlinter]\nroot_package = 'mapgap'\n"
        "[[tool.importlinter.contracts]]\nname = 'upside down'\ntype = 'layers'\ncontainers = ['mapgap']\n"
        "layers = ['tables', 'matching']\n",
        encoding="utf-8",
    )
    linter = Path(sys.executable).parent / "lint-imports"
    broken = subprocess.run([linter, "--config", configuration, "--no-cache"], capture_output=True, text=True)
    assert broken.returncode == 1
    assert "upside down BROKEN" in broken.stdout
