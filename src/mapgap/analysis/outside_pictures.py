"""Pictures whose names or links lead out of their folder: refused before anything is looked at."""

from pathlib import Path

from mapgap.coco.complaints import refuse
from mapgap.findings import MOST_EXAMPLES, Finding, Place
from mapgap.pictures.places import OutsideError, find_picture, own_base_names
from mapgap.tables import GroundTruth
from mapgap.visible_text import visible

CODE = "picture_outside_folder"
LONGEST_SHOWN = 80


def require_pictures_inside(ground_truth: GroundTruth, folder: Path) -> None:
    """Raises InputError for file names that are absolute, have "..", or are links out of the folder."""
    images = ground_truth.images
    own = own_base_names(images.file_names)
    outside = [
        row for row, name in enumerate(images.file_names) if name and _leads_out(folder, name, by_base_name=name in own)
    ]
    if not outside:
        return
    places = [
        _place(int(images.file_position[row]), int(images.ids[row]), images.file_names[row])
        for row in outside[:MOST_EXAMPLES]
    ]
    finding = Finding(
        CODE,
        f"{places[0].value} leads out of the folder of the pictures",
        file=ground_truth.name,
        fix="Write file names relative to the folder, and copy what links point to into it",
        count=len(outside),
        examples=places,
        list_name="images",
        field="file_name",
        lenient="leaves the picture out",
    )
    refuse([finding])


def _leads_out(folder: Path, name: str, *, by_base_name: bool) -> bool:
    try:
        find_picture(folder, name, by_base_name=by_base_name)
    except OutsideError:
        return True
    return False


def _place(record: int, identifier: int, name: str | None) -> Place:
    shown = visible(f'"{(name or "")[:LONGEST_SHOWN]}"')
    words = f"images[{record}] (id {identifier}), field 'file_name'"
    return Place(words, record=record, identifier=identifier, value=shown)
