"""Labels that have no meaning are refused with the file, the line and a remedy; nothing is left out in silence."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapgap
from mapgap import convert
from mapgap.convert import label_files
from mapgap.convert.xml_elements import DEEPEST, read_xml
from mapgap.errors import AccessError, InputError
from tests.command import complaint
from tests.command import mapgap as run_mapgap
from tests.label_folders import (
    bdd_frame,
    bdd_label,
    dont_care,
    kitti_line,
    voc_annotation,
    voc_object,
    write_json,
    write_lines,
    write_picture,
    write_voc,
    write_yolo,
    yolo_line,
)

SOUND = yolo_line(0, (0, 0, 8, 8))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5 0.1", r"line 2: 4 fields. Write class, centre x"),
        ("0 0.5 0.5 0.1 0.1 0.9", r"line 2: 6 fields where a label has 5. If the sixth is a score.*--results-for"),
        ("0 0.5 0.5 0.1 0.1 0.9 0.2 0.1", r"line 2: 8 fields"),
        ("0 0.5 nan 0.1 0.1", r"line 2, field 3: 'nan' is no finite number"),
        ("0 0.5 1e999 0.1 0.1", r"field 3: '1e999' is no finite number"),
        ("0 0.5 0_1 0.1 0.1", r"field 3: '0_1' is no finite number"),
        ("0 ٠.5 0.1 0.1 0.1", r"field 2: '٠.5' is no finite number"),
        ("0 32 16 8 8", r"field 2: 32 is no fraction of the picture's size. Divide"),
        ("0 0.5 0.5 -0.005 0.1", r"line 2: the size of the box is negative"),
        ("2 0.5 0.5 0.1 0.1", r"line 2, field 1: class 2, and there are 2 classes from 0"),
        ("-1 0.5 0.5 0.1 0.1", r"class -1"),
        ("car 0.5 0.5 0.1 0.1", r"line 2, field 1: 'car' is no class number"),
        ("0,0.5,0.5,0.1,0.1", r"line 2: 1 field"),
    ],
)
def test_a_bad_line_of_yolo(tmp_path: Path, line: str, message: str) -> None:
    labels = write_yolo(tmp_path, {"p": [SOUND, line]}, ["a", "b"])
    with pytest.raises(InputError, match=rf"^p\.txt: .*{message}"):
        convert.from_yolo(labels)


def test_a_label_without_a_picture(tmp_path: Path) -> None:
    labels = write_yolo(tmp_path, {"p": [SOUND]}, ["a"])
    (labels / "q.txt").write_text(SOUND)
    with pytest.raises(InputError, match=r"^q\.txt: there is no picture q\.\* in .*images.*--images"):
        convert.from_yolo(labels)


def test_pictures_that_would_share_a_label(tmp_path: Path) -> None:
    labels = write_yolo(tmp_path, {"p": [SOUND]}, ["a"])
    write_picture(tmp_path / "images" / "p.png")
    with pytest.raises(InputError, match=r"p\.(jpg|png) and p\.(jpg|png) would share one label file"):
        convert.from_yolo(labels)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_picture_that_is_none(tmp_path: Path, content: bytes) -> None:
    labels = write_yolo(tmp_path, {"p": [SOUND]}, ["a"])
    (tmp_path / "images" / "p.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"^p\.jpg: the picture cannot be read"):
        convert.from_yolo(labels)


def test_no_class_list(tmp_path: Path) -> None:
    labels = write_yolo(tmp_path, {"p": [SOUND]}, ["a"])
    (tmp_path / "data.yaml").unlink()
    with pytest.raises(InputError, match=r"no data\.yaml or classes\.txt that names the classes.*--classes"):
        convert.from_yolo(labels)
    for classes in (["a", "a"], ["a", ""], [], "a,,b", [3]):
        with pytest.raises(InputError, match="classes: "):
            convert.from_yolo(labels, classes=classes)  # type: ignore[arg-type]
    for file in ("nowhere.yaml", "a/b.txt", tmp_path / "nowhere"):
        with pytest.raises(AccessError, match="there is no such file"):
            convert.from_yolo(labels, classes=file)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<xmin>1</xmin>", "<xmin>nan</xmin>", r"line 6: <xmin> is 'nan', no finite number"),
        ("<xmin>1</xmin>", "", r"line 6: <xmin> is missing"),
        ("<xmin>1</xmin>", "<xmin>99</xmin>", r"line 6: the corners \[99.0, 1.0, 9.0, 9.0\] are not left, top"),
        ("<name>cat</name>", "<name> </name>", r"line 4: the object has no <name>"),
        ("<bndbox>", "<bndbox/><bndbox>", r"line 4: the object 'cat' has 2 <bndbox>"),
        ("<truncated>1", "<truncated>2", r"line 5: <truncated> is '2'. Write 0 or 1"),
        ("<pose>Left</pose>", "<pose>Left</pose><pose>Right</pose>", r"line 5: <pose> stands there twice"),
        ("<width>64", "<width>wide", r"line 3: the size is 'wide' x '32'"),
        ("annotation>", "annotations>", r"line 1: the root is <annotations>"),
        ("</object>", "", r"line 8: no XML: mismatched tag"),
        ("Left", "&bomb;", r"line 5: no XML: undefined entity"),
        ("Left", "\x01", r"line 5: no XML: not well-formed"),
    ],
)
def test_a_bad_annotation_of_voc(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = voc_annotation("p.jpg", [voc_object("cat", (1, 1, 9, 9), pose="Left", truncated=1)])
    assert old in text
    folder = write_voc(tmp_path / "a", {"p": text.replace(old, new)})
    with pytest.raises(InputError, match=rf"^p\.xml: {message}"):
        convert.from_voc(folder)


def test_an_unknown_class_of_voc(tmp_path: Path) -> None:
    folder = write_voc(tmp_path / "a", {"p": voc_annotation("p.jpg", [voc_object("cat", (1, 1, 9, 9))])})
    with pytest.raises(InputError, match=r"^p\.xml: line 4: 'cat' is no class. Classes: car, dog"):
        convert.from_voc(folder, classes="dog,car")


def test_two_annotations_of_one_picture_and_none(tmp_path: Path) -> None:
    text = voc_annotation("p.jpg", [voc_object("cat", (1, 1, 9, 9))])
    folder = write_voc(tmp_path / "a", {"p": text, "q": text})
    with pytest.raises(InputError, match=r"^q\.xml: is about the picture 'p\.jpg', and so is p\.xml"):
        convert.from_voc(folder)
    (folder / "q.xml").unlink()
    (tmp_path / "pictures").mkdir()
    with pytest.raises(InputError, match=r"^p\.xml: line 2: there is no picture 'p\.jpg'"):
        convert.from_voc(folder, images=tmp_path / "pictures")


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>\n<annotation><filename>&b;</filename></annotation>'
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<annotation><filename>&a;</filename></annotation>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, "<!DOCTYPE annotation SYSTEM 'x.dtd'>\n<annotation/>"])
def test_document_types_are_never_read(tmp_path: Path, text: str) -> None:
    folder = write_voc(tmp_path / "a", {"p": text})
    with pytest.raises(InputError, match=r"^p\.xml: line 1: a document type, which is never read"):
        convert.from_voc(folder)


def test_xml_has_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = "<a>" * (DEEPEST + 1) + "</a>" * (DEEPEST + 1)
    with pytest.raises(InputError, match="elements more than 32 deep"):
        read_xml(deep.encode(), "p.xml")
    monkeypatch.setattr("mapgap.convert.xml_elements.MOST_ELEMENTS", 10)
    with pytest.raises(InputError, match="too many elements"):
        read_xml(b"<a>" + b"<b/>" * 10 + b"</a>", "p.xml")
    folder = write_voc(tmp_path / "a", {"p": "<annotation/>"})
    with (folder / "p.xml").open("ab") as file:
        file.truncate(label_files.MOST_BYTES + 1)
    with pytest.raises(InputError, match=r"^p\.xml: the file has more than the 67,108,864 bytes"):
        convert.from_voc(folder)
    with pytest.raises(InputError, match=r"more than the 100 bytes.*--max-input-bytes"):
        convert.from_voc(folder, max_input_bytes=100)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no XML: no element found"),
        (b"\xff\xfe\x00", "no XML"),
        (b"<annotation><filename>\xe4.jpg</filename></annotation>", "line 1: no XML: not well-formed"),
        (b'<?xml version="1.0" encoding="no-such"?><annotation/>', "no XML: unknown encoding"),
        (b'<?xml version="1.0" encoding="rot13"?><annotation/>', "no XML"),
        (b"PK\x03\x04 a zip archive", "no XML"),
    ],
)
def test_what_is_no_xml(tmp_path: Path, content: bytes, message: str) -> None:
    folder = write_voc(tmp_path / "a", {"p": ""})
    (folder / "p.xml").write_bytes(content)
    with pytest.raises(InputError, match=message):
        convert.from_voc(folder)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Car 0 0 0 1 1 9 9", r"line 2: 8 fields. Write 15 fields"),
        (kitti_line("Car", (1, 1, 9, 9), score=0.5), r"line 2: 16 fields where a label has 15.*--results-for"),
        (kitti_line("Bus", (1, 1, 9, 9)), r"line 2, field 1: 'Bus' is no class. Classes: .*--classes"),
        (kitti_line("Car", (9, 1, 1, 9)), r"line 2, fields 5 to 8: the corners \[9.0, 1.0, 1.0, 9.0\] are not left"),
        (kitti_line("Car", (1, 1, 9, 9), occluded=4), r"line 2, field 3: occluded is '4'"),
        (kitti_line("Car", (1, 1, 9, 9)).replace("-1.55", "nan"), r"line 2, field 4: 'nan' is no finite number"),
        (kitti_line("Car", (1, 1, 9, 9)).replace("30.5", "far"), r"line 2, field 14: 'far' is no finite number"),
    ],
)
def test_a_bad_line_of_kitti(tmp_path: Path, line: str, message: str) -> None:
    folder = write_lines(tmp_path / "a", {"0": [dont_care((0, 0, 1, 1)), line]})
    with pytest.raises(InputError, match=rf"^0\.txt: {message}"):
        convert.from_kitti(folder)


def test_a_kitti_label_without_a_picture(tmp_path: Path) -> None:
    folder = write_lines(tmp_path / "label_2", {"0": []})
    (tmp_path / "image_2").mkdir()
    with pytest.raises(InputError, match=r"^0\.txt: there is no picture 0\.\* in .*image_2"):
        convert.from_kitti(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "there is no frame"),
        ([bdd_frame("a", []), bdd_frame("a", [])], r"frames\[1\]: 'a' is the name of frames\[0\] too"),
        ([{"labels": []}], r"frames\[0\]: object missing required field `name`"),
        (
            [{"name": "a", "frames": [{"objects": []}]}],
            r"frames\[0\]: the picture has 'frames' of its own, whose objects",
        ),
        ([bdd_frame("a", [{"category": 3}])], r"frames\[0\].labels\[0\].category: expected `str`, got `int`"),
        ([bdd_frame("a", [bdd_label("boat", (0, 0, 1, 1))])], r"frame 'a', labels\[0\]: 'boat' is no class"),
        ([bdd_frame("a", [bdd_label("car", (2, 0, 1, 1))])], r"labels\[0\]: the corners \[2.0, 0.0, 1.0, 1.0\]"),
        ([bdd_frame("a", [bdd_label("car", (0, 0, 1, 1), score=0.5)])], r"labels\[0\]: a label has a score.*--results"),
        ([{"name": "a", "category": "car", "bbox": [0, 0, 1, 1], "score": 1}], r"a box without a frame around it"),
        ([{**bdd_frame("a", []), "size": {"width": 0, "height": 5}}], r"frame 'a': the size is 0 x 5"),
        ({"images": [], "annotations": []}, r"this is COCO's format already\. Give it to the other commands as it is"),
        ([{"image_id": 1, "bbox": []}], "this is COCO's format already"),
        ({"images": []}, "object missing required field `frames`"),
        ("text", "expected `object`, got `str`"),
    ],
)
def test_bad_labels_of_bdd100k(tmp_path: Path, content: object, message: str) -> None:
    file = write_json(tmp_path / "det.json", content)
    with pytest.raises(InputError, match=rf"^det\.json: .*{message}"):
        convert.from_bdd100k(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'[{"name": "a", "labels": [{"category": "car", "box2d": {"x1": NaN}}]}]', "NaN is not a number JSON knows"),
        (b'[{"name": "a", "labels": [{"category": "car", "box2d": {"x1": 1e999', "det.json"),
        (b'[{"name": "a"', "ends too early"),
        (b"\xff\xff", "no UTF-8"),
        (b"", "the file is empty"),
    ],
)
def test_broken_json(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "det.json").write_bytes(text)
    with pytest.raises(InputError, match=message):
        convert.from_bdd100k(tmp_path / "det.json")


FOLDERS: dict[str, Callable[[Path], object]] = {
    "yolo": lambda folder: convert.from_yolo(folder, classes="a"),
    "voc": convert.from_voc,
    "kitti": convert.from_kitti,
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_that_cannot_be_labels(tmp_path: Path, name: str) -> None:
    reader, ending = FOLDERS[name], ".xml" if name == "voc" else ".txt"
    with pytest.raises(AccessError, match="cannot be read"):
        reader(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(AccessError, match="is not a folder"):
        reader(tmp_path / "file")
    labels, elsewhere = tmp_path / "labels", tmp_path / "elsewhere"
    labels.mkdir()
    elsewhere.mkdir()
    with pytest.raises(InputError, match="the folder holds no"):
        reader(labels)
    (elsewhere / f"a{ending}").write_text("")
    (labels / f"a{ending}").symlink_to(elsewhere / f"a{ending}")
    with pytest.raises(InputError, match=rf"^a\{ending}: is a link that leads out of the folder"):
        reader(labels)
    (labels / f"a{ending}").unlink()
    (labels / "sub").symlink_to(elsewhere)
    with pytest.raises(InputError, match=r"^sub: is a link to a folder"):
        reader(labels)
    (labels / "sub").unlink()
    os.mkfifo(labels / f"a{ending}")
    with pytest.raises(InputError, match=rf"^a\{ending}: is no file"):
        reader(labels)
    (labels / f"a{ending}").unlink()
    os.close(os.open(os.fsencode(labels) + b"/\xff" + ending.encode(), os.O_CREAT))
    with pytest.raises(InputError, match="is no printable text"):
        reader(labels)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SOUND.encode() + b"\n0 \xff\xfe 0.5 0.1 0.1\n", r"^p\.txt: line 2: no UTF-8 at byte"),
        (b"PK\x03\x04\xff", r"^p\.txt: line 1: the file is a zip archive"),
    ],
)
def test_text_that_is_no_utf8(tmp_path: Path, content: bytes, message: str) -> None:
    labels = write_yolo(tmp_path, {"p": []}, ["a"])
    (labels / "p.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        convert.from_yolo(labels)


@pytest.mark.parametrize("reader", [convert.from_voc, convert.from_kitti, convert.from_bdd100k])
def test_corners_are_words(tmp_path: Path, reader: Callable[..., object]) -> None:
    with pytest.raises(InputError, match="corners cannot be 'inside'"):
        reader(tmp_path, corners="inside")
    with pytest.raises(InputError, match="difficult cannot be 'no'"):
        convert.from_voc(tmp_path, difficult="no")


def test_a_bad_line_ends_the_command_and_writes_nothing(tmp_path: Path) -> None:
    write_yolo(tmp_path / "data", {"p": [SOUND, "0 0.5 0.5 nan 1"]}, ["a"])
    done = run_mapgap("convert", "data/labels", "-o", "gt.json", cwd=tmp_path)
    assert complaint(done, 2).startswith("p.txt: line 2, field 4: 'nan' is no finite number. ")
    assert complaint(run_mapgap("convert", "nowhere", "-o", "gt.json", cwd=tmp_path), 3).startswith("nowhere: ")
    (tmp_path / "data" / "labels" / "p.txt").chmod(0)
    if os.geteuid():
        assert "p.txt" in complaint(run_mapgap("convert", "data/labels", "-o", "gt.json", cwd=tmp_path), 3)
    assert not (tmp_path / "gt.json").exists()


@pytest.mark.parametrize("line", ["0 0.5 0.5 0.1 -0.005", "0 0.5 0.5 -0.005 0.1"])
def test_sizes_are_not_negative(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError, match="the size of the box is negative"):
        convert.from_yolo(write_yolo(tmp_path, {"p": [line]}, ["a"]))


WORDS = st.sampled_from(["0", "1", "-1", "0.5", "1e400", "nan", "Car", "DontCare", "", "\0", "٣", "9" * 500, "\u2028"])
LINES = st.lists(st.lists(WORDS, max_size=17).map(" ".join), max_size=3).map("\n".join)
PIECES = (
    "<annotation> </annotation> <object> </object> <name>x</name> <bndbox> </bndbox> <xmin>1</xmin> <ymin>2 </ymin> "
    "<xmax>1e9</xmax> <ymax>9</ymax> <size/> &amp; &a; <!-- --> <![CDATA[ ]]> <filename>../x</filename> \0 <a:b/> "
    "<pose></pose> <truncated>1</truncated>"
)
MARKUP = st.lists(st.sampled_from([*PIECES.split(" "), "<?xml version='1.0'?>", "<!DOCTYPE a>"]), max_size=14).map(
    "".join
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
)
LABELS = st.fixed_dictionaries(
    {"category": st.sampled_from(["car", "person", "other person", "lane"]) | VALUES},
    optional={
        "box2d": st.fixed_dictionaries({side: st.floats() | VALUES for side in ("x1", "y1", "x2", "y2")}) | VALUES,
        "attributes": st.dictionaries(st.text(max_size=3), VALUES, max_size=3) | VALUES,
        "score": VALUES,
    },
)
FRAMES = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(max_size=2) | VALUES}, optional={"labels": st.lists(LABELS, max_size=2) | VALUES}
    ),
    max_size=2,
)


def converted_or_refused(reader: Callable[[], convert.Converted], place: Path) -> None:
    """Whatever stands in the files: refused with words, or written and accepted by an evaluation."""
    try:
        converted = reader()
    except InputError:
        return
    converted.write(place)
    mapgap.evaluate(place, [])


@given(LINES | st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_is_converted_or_refused(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    labels = write_yolo(folder, {"p": []}, ["a", "b"])
    encoded = content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
    (labels / "p.txt").write_bytes(encoded)
    converted_or_refused(lambda: convert.from_yolo(labels), folder / "gt.json")
    converted_or_refused(lambda: convert.from_kitti(labels, images=folder / "images"), folder / "gt.json")
    (folder / "data.yaml").write_bytes(b"names:" + encoded)
    converted_or_refused(lambda: convert.from_yolo(labels), folder / "gt.json")


@given(MARKUP | st.binary(max_size=40))
def test_any_markup_is_converted_or_refused(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "p.xml").write_bytes(content if isinstance(content, bytes) else content.encode())
    converted_or_refused(lambda: convert.from_voc(folder, classes=["x"]), folder / "gt.json")


@given(FRAMES | VALUES)
def test_any_frames_are_converted_or_refused(tmp_path_factory: pytest.TempPathFactory, content: object) -> None:
    folder = tmp_path_factory.mktemp("any")
    write_json(folder / "det.json", content)
    converted_or_refused(lambda: convert.from_bdd100k(folder / "det.json"), folder / "gt.json")
