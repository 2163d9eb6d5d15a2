"""The joined table of attributes: read, and what the summary says of where it comes from."""

from os import PathLike

from mapgap.analysis.sources import AttributesSource
from mapgap.attributes import Joined, join_table
from mapgap.coco.file_identity import base_name, sha256_of_file
from mapgap.tables import GroundTruth, JoinedFile

DATA_FRAME = "attributes"


def read_attributes(source: AttributesSource, ground_truth: GroundTruth) -> tuple[Joined, JoinedFile]:
    """The joined columns and their file; a DataFrame has no hash. Errors as in `join_table`."""
    if not isinstance(source, str | PathLike):
        joined = join_table(source, ground_truth, DATA_FRAME)
        return joined, JoinedFile(DATA_FRAME, None, joined.key)
    name = base_name(source)
    joined = join_table(source, ground_truth, name)
    return joined, JoinedFile(name, sha256_of_file(source), joined.key)
