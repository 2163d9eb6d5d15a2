"""What is wrong with, or noteworthy about, an input: one finding for all records that share it.

No NumPy here: `mapgap evaluate` prints warnings without it.
"""

from collections.abc import Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` itself would be imported for nothing
    from typing import Literal

    Severity = Literal["error", "warning", "note"]
    """An error is refused by every analysis; a warning travels with its numbers; a note is good to know."""

MOST_EXAMPLES = 3

CODES: "Mapping[str, Severity]" = {
    # The file
    "empty_file": "error",
    "input_too_large": "error",
    "invalid_gzip": "error",
    "invalid_json": "error",
    "nested_too_deeply": "error",
    "not_json": "error",
    "not_utf8": "error",
    "number_not_in_json": "error",
    "truncated_json": "error",
    # Its lists
    "input_refused": "error",
    "inputs_swapped": "error",
    "list_missing": "error",
    "not_a_list": "error",
    "not_detections": "error",
    "not_ground_truth": "error",
    # Its records
    "area_invalid": "error",
    "box_invalid": "error",
    "box_missing": "error",
    "category_id_invalid": "error",
    "attribute_invalid": "error",
    "field_missing": "error",
    "id_invalid": "error",
    "image_id_invalid": "error",
    "image_size_missing": "error",
    "image_size_invalid": "error",
    "iscrowd_invalid": "error",
    "mask_invalid": "error",
    "mask_missing": "error",
    "mask_size_differs": "error",
    "number_not_finite": "error",
    "record_not_an_object": "error",
    "score_invalid": "error",
    "text_invalid": "error",
    "too_many_fields": "error",
    # Its pictures
    "picture_outside_folder": "error",
    "unknown_category": "error",
    "unknown_image": "error",
    # Other readings that explain the data
    "few_matches": "warning",
    "ground_truth_boxes": "warning",
    "other_box_format": "warning",
    "other_box_scale": "warning",
    "other_category_ids": "warning",
    "other_image_ids": "warning",
    "scores_reversed": "warning",
    # The data
    "annotation_id_zero": "warning",
    "annotation_attributes_not_read": "warning",
    "area_inconsistent": "warning",
    "area_missing": "warning",
    "area_out_of_range": "warning",
    "box_outside_image": "warning",
    "box_without_size": "warning",
    "detections_cut": "warning",
    "detections_without_ground_truth": "warning",
    "duplicate_key": "warning",
    "duplicate_annotation_id": "warning",
    "duplicate_category_id": "warning",
    "duplicate_image_id": "warning",
    "image_attributes_not_read": "warning",
    "no_detections": "warning",
    "no_objects": "warning",
    "pictures_16_bit": "note",
    "pictures_alpha": "note",
    "pictures_animated": "note",
    "pictures_cmyk": "note",
    "pictures_missing": "warning",
    "pictures_oversized": "warning",
    "pictures_palette": "note",
    "pictures_refused": "warning",
    "pictures_turned_stored": "warning",
    "pictures_turned_upright": "warning",
    "pictures_unreadable": "warning",
    "pictures_wrong_size": "warning",
    "repeated_detections": "warning",
    "scores_are_logits": "warning",
    "scores_beyond_one": "warning",
    "scores_equal": "warning",
    "scores_in_percent": "warning",
}
"""Every code there is, with its severity; each has a page in docs/findings."""


class Place:
    """Where one record stands, and its value: an example of a finding."""

    __slots__ = ("identifier", "record", "value", "words")

    def __init__(self, words: str, *, record: int | None = None, identifier: object = None, value: str | None = None):
        self.words = words
        """The place as messages have it: `annotations[17] (id 42), field 'bbox'`."""
        self.record = record
        """Place in the list, from 0."""
        self.identifier = identifier
        """The record's own id, or None."""
        self.value = value
        """As it is shown, shortened."""


class Finding:
    """One finding in one file; `count` records share it, and the first three are its examples."""

    __slots__ = (
        "code",
        "command",
        "count",
        "examples",
        "field",
        "file",
        "fix",
        "is_about_all",
        "is_only_warning",
        "lenient",
        "list_name",
        "message",
    )

    def __init__(
        self,
        code: str,
        message: str,
        *,
        file: str,
        fix: str,
        count: int = 1,
        examples: "Sequence[Place]" = (),
        list_name: str | None = None,
        field: str | None = None,
        command: str | None = None,
        lenient: str | None = None,
        is_about_all: bool = False,
        is_only_warning: bool = False,
    ):
        self.code = code
        self.message = message
        """What is wrong, without the place: a clause that reads well behind "gt.json: "."""
        self.file = file
        self.fix = fix
        """How to mend it, a sentence without its full stop."""
        self.count = count
        self.examples = tuple(examples[:MOST_EXAMPLES])
        self.list_name = list_name
        self.field = field
        self.command = command
        """A command, or options, to paste; None where no command mends it."""
        self.lenient = lenient
        """What `--lenient` does about it, as a verb's third person; None where it does nothing."""
        self.is_about_all = is_about_all
        """Whether the message speaks of all records, rather than of the first."""
        self.is_only_warning = is_only_warning
        """Whether what is an error elsewhere refuses nothing here."""

    @property
    def severity(self) -> "Severity":
        """`error`, `warning` or `note`."""
        return "warning" if self.is_only_warning else CODES[self.code]

    def as_warning(self, why: str) -> "Finding":
        """The same as a warning, with the reason in place of what `--lenient` would do."""
        return Finding(
            self.code,
            f"{self.message} ({why})",
            file=self.file,
            fix=self.fix,
            count=self.count,
            examples=self.examples,
            list_name=self.list_name,
            field=self.field,
            command=self.command,
            is_about_all=self.is_about_all,
            is_only_warning=True,
        )

    @property
    def first_place(self) -> str | None:
        """Where the first record stands, in words."""
        return self.examples[0].words if self.examples else None

    @property
    def message_with_count(self) -> str:
        """The message about the first record, and how many others there are."""
        if self.is_about_all:
            return self.message
        others = self.count - 1
        records = "record" if others == 1 else "records"
        return f"{self.message}, and {others:,} more {records} like it" if others else self.message


class Told:
    """A finding as a warning beside numbers, with the attributes of a `Notice` of `tables`, which needs NumPy."""

    __slots__ = ("code", "count", "examples", "message")

    def __init__(self, finding: Finding):
        self.code = finding.code
        hint = f". Try {finding.command}" if finding.command else ""
        self.message = f"{finding.file}: {finding.message_with_count}{hint}"
        self.count = finding.count
        self.examples = tuple(place.words for place in finding.examples)
