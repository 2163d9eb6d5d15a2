"""What a user asks for about the reading of the two inputs."""

from dataclasses import asdict, dataclass

from mapgap.readings.boxes import parse_box_format
from mapgap.readings.categories import require_category_map
from mapgap.readings.images import require_image_map
from mapgap.readings.scores import require_score_format


@dataclass(frozen=True)
class Reading:
    """How both inputs are read; the defaults are COCO's format, strictly.

    Raises InputError for words without a meaning.
    """

    box_format: str = "xywh"
    """Of the detections' boxes: LAYOUT, LAYOUT-normalized, LAYOUT-resized:SIZE or LAYOUT-letterboxed:SIZE."""
    ground_truth_box_format: str = "xywh"
    """Of the ground truth's boxes."""
    category_map: str | None = None
    """How the detections' category ids become the ground truth's, as `coco80to91`."""
    image_map: str | None = None
    """How the detections' image ids become the ground truth's, as `stem`."""
    score_format: str | None = None
    """What the scores are, as `percent`; None for any number, the higher the surer."""
    lenient: bool = False
    """Leave out or repair what has no meaning, and count it, in place of refusing the file."""
    max_input_bytes: int | None = None
    """Most bytes of an input, unpacked; None for what the memory holds."""

    def __post_init__(self) -> None:
        parse_box_format(self.box_format)
        parse_box_format(self.ground_truth_box_format)
        if self.category_map is not None:
            require_category_map(self.category_map)
        if self.image_map is not None:
            require_image_map(self.image_map)
        if self.score_format is not None:
            require_score_format(self.score_format)

    @property
    def record(self) -> dict[str, str | bool]:
        """What differs from COCO's format, by name, as a report's settings have it."""
        given = asdict(self)
        usual = asdict(USUAL)
        return {name: given[name] for name in given if name != "max_input_bytes" and given[name] != usual[name]}


USUAL = Reading()
"""COCO's format, strictly."""
