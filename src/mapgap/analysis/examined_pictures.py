"""What the doctor says of the pictures: those that are not there, cannot be read, or are read in an unusual way."""

from os import PathLike

from mapgap.analysis.outside_pictures import require_pictures_inside
from mapgap.coco.complaints import findings_of
from mapgap.errors import InputError
from mapgap.findings import Finding, Place
from mapgap.pictures.places import picture_folder
from mapgap.pixels.measuring import Count, measure_pictures
from mapgap.tables import GroundTruth

FIXES = {
    "pictures_missing": "Give the folder that the ground truth's file names start from",
    "pictures_refused": "Write file names relative to the folder, and copy what links point to into it",
    "pictures_unreadable": "Copy the pictures again, or write them anew",
    "pictures_oversized": "Look whether the files are what they say; make them smaller",
    "pictures_wrong_size": "Write their width and height into the ground truth, or give the pictures it was made on",
    "pictures_turned_stored": "Look whether the detector saw them upright: boxes are taken in the pixels as stored",
    "pictures_turned_upright": "Look whether the detector saw them upright, as the ground truth has them",
}
"""Others need no mending: they say how a picture was read."""


def picture_findings(
    ground_truth: GroundTruth, images: str | PathLike[str], *, jobs: int = 0, count: Count | None = None
) -> tuple[Finding, ...]:
    """One finding a way to fail or to be read; `count` is told how many are done.

    Raises AccessError where there is no such folder.
    """
    folder = picture_folder(images)
    outside: tuple[Finding, ...] = ()
    try:
        require_pictures_inside(ground_truth, folder)
    except InputError as refusal:
        outside = findings_of(refusal)
    notices = measure_pictures(ground_truth, folder, jobs=jobs, count=count).notices
    told = (
        Finding(
            notice.code,
            notice.message,
            file=ground_truth.name,
            fix=FIXES.get(notice.code, ""),
            count=notice.count,
            examples=[Place(words) for words in notice.examples],
            list_name="images",
            field="file_name",
            is_about_all=True,
        )
        for notice in notices
    )
    return (*outside, *told)
