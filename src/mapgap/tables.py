"""The frozen tables that pass between the stages; each says its grain in one sentence.

Row numbers: an *object index* is a row of `GroundTruth` (crowd rows included), a *detection index* a row of
`Detections`, an *image index* and a *category index* are positions in ascending id order. -1 stands for "none"
in index columns only. Boxes are xywh in pixels, float64, as they came.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mapgap import coco_parameters

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]
IdArray = NDArray[np.int64]
CodeArray = NDArray[np.int8]
BitArray = NDArray[np.uint32]
IntegerArray = NDArray[np.signedinteger[Any]]
BoolArray = NDArray[np.bool_]
DrawnArray = NDArray[np.uint16]
"""(I, B) how often each image was drawn in each resample of the bootstrap."""

Scalar = str | int | float | bool | None
Where = Mapping[str, Scalar]
Interval = tuple[float, float]
Masks = tuple[Mapping[str, Any], ...]
"""One run-length mask a row as pycocotools' mask code takes it: {"size": [height, width], "counts": bytes}."""

IOU_THRESHOLDS: FloatArray = np.array(coco_parameters.IOU_THRESHOLDS)
RECALL_THRESHOLDS: FloatArray = np.array(coco_parameters.RECALL_THRESHOLDS)
AREA_RANGES = coco_parameters.AREA_RANGES
MAX_DETECTIONS = coco_parameters.MAX_DETECTIONS
EQUAL_BOXES_IOU = coco_parameters.EQUAL_BOXES_IOU
METRICS = coco_parameters.METRICS
BACKGROUND_IOU = 0.1

# The order of CAUSES is the order in every file; the position is the code in every table.
CAUSES = (
    "missed",
    "localization",
    "classification",
    "both",
    "crowded_out",
    "duplicate",
    "background",
    "below_threshold",
    "max_detections",
)
GAP_CAUSES = CAUSES[:7]
NO_CAUSE = -1
LABEL_ERRORS = ("wrong_class", "loose_box", "missing_label", "spurious_label")
"""What may be wrong with a label; the position is the code in `LabelDoubts`."""
COUNTED_FROM_LABELS = frozenset(["image_crowding"])
"""Attributes of images that nobody knows before their objects are labelled."""
DETECTION_POPULATION_CAUSES = ("duplicate", "background")

EXPRESSION_KEYWORDS = frozenset(["and", "or", "not", "in", "true", "false", "True", "False"])
"""Words of the expression grammar: an attribute named like one is written in quotes."""

NOT_AVAILABLE = "n/a"
NOT_AVAILABLE_BACKGROUND = "n/a (background)"


@dataclass(frozen=True)
class Notice:
    """A warning that travels with the numbers: how often it applies and up to three examples."""

    code: str
    message: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Images:
    """One row an image, in ascending id order; `file_position` is its place in the file's list."""

    ids: IdArray
    file_position: IdArray
    width: FloatArray
    height: FloatArray
    file_names: tuple[str | None, ...]
    dates_captured: tuple[str | None, ...]
    attributes: Mapping[str, tuple[Scalar, ...]]
    """Annotated scalar fields, name -> one value an image, None where missing."""


@dataclass(frozen=True)
class Categories:
    """One row a category, in ascending id order."""

    ids: IdArray
    names: tuple[str, ...]


@dataclass(frozen=True)
class GroundTruth:
    """One row an annotation, in file order; crowd annotations are rows but never objects."""

    name: str
    sha256: str | None
    images: Images
    categories: Categories
    record: IdArray
    """Place in the file's annotation list, which survives selecting a subset."""
    ids: IdArray
    image: IndexArray
    category: IndexArray
    box: FloatArray
    area: FloatArray
    crowd: BoolArray
    attributes: Mapping[str, tuple[Scalar, ...]]
    """From the annotations' `attributes` dicts, name -> one value an annotation, None where missing."""
    fields: Mapping[str, tuple[Scalar, ...]]
    """Unknown scalar fields of the annotations, likewise."""
    notices: tuple[Notice, ...] = ()
    masks: Masks | None = None
    """Read only where masks are compared."""

    @property
    def is_object(self) -> BoolArray:
        """Which rows are objects: not crowd, and with an area inside COCO's range "all"."""
        low, high = AREA_RANGES["all"]
        return ~self.crowd & (self.area >= low) & (self.area <= high)


@dataclass(frozen=True)
class Detections:
    """One row a detection, in file order."""

    name: str
    sha256: str | None
    record: IdArray
    """Place in the file's list, which survives selecting a subset."""
    image: IndexArray
    category: IndexArray
    box: FloatArray
    area: FloatArray
    score: FloatArray
    notices: tuple[Notice, ...] = ()
    masks: Masks | None = None
    """Read only where masks are compared."""


@dataclass(frozen=True)
class Pairs:
    """One row a detection and an annotation of its image that overlap; grouped by detection in matching order.

    Rows of the detection at position p of `Matches.order` are `offsets[p]:offsets[p + 1]`. Crowd annotations pair
    with detections of their own class only, with IoU = intersection / detection area.
    """

    offsets: IdArray
    object: IndexArray
    iou: FloatArray

    def positions(self, rows: IdArray) -> IdArray:
        """Where the detection of each of these rows stands in `Matches.order`."""
        return np.searchsorted(self.offsets, rows, side="right") - 1


@dataclass(frozen=True)
class Matches:
    """One row a detection (file order), at each IoU threshold: whom it matched.

    Thresholds are the bits of `true_positive` and `ignored`, bit t for `iou_thresholds[t]`; axis 0 of both and of
    `positives` is the area range, in the order of `area_ranges`.
    """

    iou_thresholds: FloatArray
    area_ranges: Mapping[str, tuple[float, float]]
    max_detections: tuple[int, ...]
    order: IndexArray
    """(D,) detections sorted by image, category, falling score, file order."""
    rank: IndexArray
    """(D,) place of each detection among those of its image and category, from 0."""
    class_order: IndexArray
    """(D,) detections sorted by category, falling score, image, file order."""
    class_offsets: IdArray
    """(K + 1,) where each category starts in `class_order`."""
    matched: IndexArray
    """(A', T, D) annotation each detection matched or -1; A' is 1 (area range 0) or all area ranges."""
    true_positive: BitArray
    """(A, D) bit t: matched a counted object."""
    ignored: BitArray
    """(A, D) bit t: matched an ignored annotation, or unmatched and outside the area range."""
    positives: IdArray
    """(A, K) number of counted objects."""

    def is_counted(self, threshold: int, max_detections: int = 100) -> BoolArray:
        """(D,) which detections count at a threshold in area range 0: not cut, not ignored."""
        is_ignored = (self.ignored[0] >> np.uint32(threshold)) & np.uint32(1)
        return np.asarray((self.rank < max_detections) & (is_ignored == 0))

    def is_true_positive(self, threshold: int, max_detections: int = 100) -> BoolArray:
        """(D,) which detections are true positives at a threshold in area range 0."""
        is_hit = (self.true_positive[0] >> np.uint32(threshold)) & np.uint32(1)
        return np.asarray((self.rank < max_detections) & (is_hit == 1))


@dataclass(frozen=True)
class Nearest:
    """One row a detection and one an annotation: their best overlaps, the later object on equal IoU.

    Only overlaps of at least the background IoU are seen; below it indices are -1 and IoUs 0.
    """

    same_class_object: IndexArray
    same_class_iou: FloatArray
    other_class_object: IndexArray
    other_class_iou: FloatArray
    kept_iou: FloatArray
    """(N,) best IoU of an object with a detection of its class that max_detections keeps."""
    cut_iou: FloatArray
    """(N,) best IoU of an object with a detection of its class that max_detections cut."""


@dataclass(frozen=True)
class Causes:
    """One row a detection and one an object, at each IoU threshold: the code of its cause in CAUSES, or NO_CAUSE."""

    iou_thresholds: FloatArray
    detection: CodeArray
    """(T, D): NO_CAUSE for true positives, ignored and cut detections."""
    object: CodeArray
    """(T, N): NO_CAUSE for found objects and crowds."""
    nearest: Nearest

    def points_at(self, threshold: int) -> IndexArray:
        """(D,) the object each false positive points at, -1 for background and for what is no false positive."""
        cause = self.detection[threshold]
        points_at_same = (cause == CAUSES.index("localization")) | (cause == CAUSES.index("duplicate"))
        points_at_other = (cause == CAUSES.index("classification")) | (cause == CAUSES.index("both"))
        target = np.where(points_at_same, self.nearest.same_class_object, np.int32(-1))
        return np.where(points_at_other, self.nearest.other_class_object, target).astype(np.int32)


@dataclass(frozen=True)
class OperatingPoint:
    """One row a detection, an object and a category: outcomes at one score threshold and one IoU threshold.

    `score_threshold` is None when no threshold has a true positive; then every counted detection is kept. It is None
    too where each class has a threshold of its own.
    """

    score_threshold: float | None
    iou_threshold: float
    kept: BoolArray
    """(D,) counted (not cut, not ignored) and score >= threshold."""
    true_positive: BoolArray
    """(D,) kept and matched to an object."""
    found: BoolArray
    """(N,) objects matched by a kept detection."""
    class_tp: IdArray
    class_fp: IdArray
    class_fn: IdArray
    """(K,) counts by category: fp by the predicted one, tp and fn by the object's."""
    class_score_thresholds: FloatArray | None = None
    """(K,) the threshold of each category; None where one threshold serves all."""


@dataclass(frozen=True)
class Errors:
    """One row an error at the operating point: a kept false positive or a false negative, with its one cause.

    `object` is where the error is at home (its address): the missed object itself, the object a false positive
    points at, or -1 for background, whose home is the detection. `detection` is the false positive itself, or for
    a false negative the detection to look at (the best-scoring one behind its cause), -1 if there is none.
    """

    cause: CodeArray
    object: IndexArray
    detection: IndexArray
    is_false_negative: BoolArray
    image: IndexArray
    category: IndexArray
    """Category index of the address: the object's, or the detection's for background."""
    recovering_score: FloatArray
    """For `below_threshold` the score of the detection that matches the object, else NaN."""


@dataclass(frozen=True)
class MissedEvidence:
    """One row a missed object, in the order of `Errors`: what speaks for its cause, from detections of any score."""

    iou: FloatArray
    """With the detection to look at, NaN if there is none."""
    same_class_iou: FloatArray
    """The best with a detection of its class that max_detections keeps; NaN below the background IoU."""
    other_class_detection: IndexArray
    """The detection of another class that overlaps it most and that max_detections keeps, -1 if none does."""
    other_class_iou: FloatArray
    """With that one, NaN below the background IoU."""
    taken_by: IndexArray
    """The object that the detection to look at matched instead, -1 if it matched none or this one."""


@dataclass(frozen=True)
class ShownMissed:
    """The missed objects that a report shows, with what is behind them."""

    object: IdArray
    """Annotation rows, costliest first."""
    evidence: MissedEvidence
    """One row each, in the order of `Errors`."""


@dataclass(frozen=True)
class Debts:
    """One row a debtor (detection or object) and cause: what it owes of the gap 1 - AP, as a fraction of 1.

    `object` is the address as in `Errors`; `detection` is the owing false positive, or -1 when the object owes.
    """

    cause: CodeArray
    object: IndexArray
    detection: IndexArray
    image: IndexArray
    category: IndexArray
    gap: FloatArray
    """Mean over the ten thresholds and the classes with ground truth; all rows add up to 1 - AP."""
    gap_at_50: FloatArray
    """The same at IoU .5 alone; all rows add up to 1 - AP50."""


@dataclass(frozen=True)
class GapSummary:
    """One value a cause: the gap 1 - AP, divided; `residual` is the sum of all debts minus (1 - AP)."""

    total: float | None
    by_cause: Mapping[str, float]
    total_at_50: float | None
    by_cause_at_50: Mapping[str, float]
    residual: float | None


@dataclass(frozen=True)
class Tide:
    """TIDE's numbers by tidecv's rules, fractions of 1; None where no class has ground truth."""

    ap50: float | None
    dap: Mapping[str, float | None]
    """Cls, Loc, Both, Dupe, Bkg, Miss, FP, FN."""
    counts: Mapping[str, int]


@dataclass(frozen=True)
class ConfusionMatrix:
    """One row a cell that is not 0, by truth, then prediction.

    Both are positions in `labels`: all categories in id order, then "background".
    """

    labels: tuple[str, ...]
    truth: IndexArray
    prediction: IndexArray
    cell_counts: IdArray

    @classmethod
    def of_cells(cls, labels: tuple[str, ...], truth: IntegerArray, prediction: IntegerArray) -> "ConfusionMatrix":
        """The matrix of these pairs of truth and prediction, each counted once."""
        cells, counts = np.unique(truth.astype(np.int64) * len(labels) + prediction, return_counts=True)
        rows, columns = np.divmod(cells, len(labels))
        return cls(labels, rows.astype(np.int32), columns.astype(np.int32), counts.astype(np.int64))

    @property
    def counts(self) -> IdArray:
        """(K + 1, K + 1) whole matrix, rows truth, columns prediction; grows with the square of the classes."""
        dense = np.zeros((len(self.labels), len(self.labels)), dtype=np.int64)
        dense[self.truth, self.prediction] = self.cell_counts
        return dense


@dataclass(frozen=True)
class Candidates:
    """One row a false positive of any score and an object it may be taken for: IoU >= the analysis IoU, any class.

    By detection, then in the order in which it would take them: falling IoU, the later object first on equal IoU.
    """

    detection: IndexArray
    object: IndexArray


@dataclass(frozen=True)
class ImageLevel:
    """One row a category: is the class in the image at all; NaN where a rate is not defined."""

    tp: IdArray
    fp: IdArray
    fn: IdArray
    tn: IdArray
    accuracy: FloatArray
    specificity: FloatArray
    auc: FloatArray


AttributeKind = Literal["object", "geometry", "image", "class"]


@dataclass(frozen=True)
class Attribute:
    """One row an annotation and one a detection: the code of its value in `values`, natural order, n/a values last.

    kind "object": known for objects only, a background detection has the value "n/a (background)";
    "geometry": computed from a box, so a detection has its own; "image": that of the image; "class": the category.
    """

    name: str
    kind: AttributeKind
    values: tuple[Scalar, ...]
    object_codes: IndexArray
    """(N,) code of each annotation row (crowd rows have one too, nobody counts them)."""
    detection_codes: IndexArray
    """(D,) code of each detection's own value, used where it points at no object."""
    numbers: FloatArray | None = None
    """(N,) the number behind a binned attribute, NaN where missing."""
    edges: tuple[float, ...] | None = None
    """Bin edges, for the method section of the report."""
    detection_numbers: FloatArray | None = None
    """(D,) the number behind each detection's own value, NaN where missing; None for objects only."""

    def codes_at(self, object_index: IndexArray, detection_index: IndexArray) -> IndexArray:
        """Codes at addresses: the object's where there is one, else the detection's own; index -1 means "none"."""
        if len(self.object_codes) == 0:
            return self.detection_codes[detection_index]
        codes = self.object_codes[object_index]
        if len(self.detection_codes) == 0:
            return codes
        return np.where(object_index >= 0, codes, self.detection_codes[detection_index]).astype(np.int32)


@dataclass(frozen=True)
class Members:
    """One row a member of a population, with its address: every object, or every kept detection."""

    object: IndexArray
    detection: IndexArray
    image: IndexArray


@dataclass(frozen=True)
class Slices:
    """One row a slice, ordered by number of keys, then keys alphabetically, then values in natural order.

    Counts are at the operating point; `gap` sums the debts addressed to the slice; `ap` follows definitions.md 6.
    """

    where: tuple[Where, ...]
    objects: IdArray
    images: IdArray
    tp: IdArray
    fp: IdArray
    fn: IdArray
    gap: FloatArray
    ap: FloatArray
    """NaN where the slice has no object."""
    without_background: BoolArray


@dataclass(frozen=True)
class SliceStatistics:
    """One row a slice, in the order of `Slices`: how sure its numbers are."""

    recall_interval: FloatArray
    """(S, 2) ends of the interval, NaN where there is none."""
    ap_interval: FloatArray
    """(S, 2), NaN where there is none."""
    q_value: FloatArray
    """Of the test whether its objects are missed at another rate than the rest; NaN where not tested."""
    adjusted_odds_ratio: FloatArray
    """Mantel-Haenszel odds ratio of being missed over class x size, > 1 is worse; NaN where not defined."""
    is_reversed: BoolArray
    """Crude and adjusted comparison point in different directions (Simpson's paradox)."""
    images_to_halve: FloatArray
    """How many more images like those would halve the interval of a slice that is too thin; NaN for the others."""


@dataclass(frozen=True)
class Hotter:
    """A narrower slice inside a failure mode where the cause strikes more often still."""

    where: Where
    errors: int
    population: int
    excess: float


@dataclass(frozen=True)
class Example:
    """One error to look at: image id, annotation id, detection record; None where there is none."""

    image_id: int
    object_id: int | None
    detection: int | None


@dataclass(frozen=True)
class FailureMode:
    """One ranked hot spot: a cause in a slice."""

    cause: str
    where: Where
    errors: int
    images: int
    population: int
    gap: float
    excess: float
    hotter_within: tuple[Hotter, ...]
    gain: float | None
    flags: tuple[str, ...]
    examples: tuple[Example, ...]
    gain_interval: Interval | None = None
    q_value: float | None = None
    adjusted_odds_ratio: float | None = None
    cost: float | None = None
    """Errors times what the user said one of them costs; None where no costs were given."""
    recommendation: "Recommendation | None" = None


@dataclass(frozen=True)
class Recommendation:
    """What to do about a failure mode, why, and how to see whether it helped."""

    action: str
    """One of the keys of docs/recommendations.md."""
    text: str
    evidence: Mapping[str, Any]
    """The numbers that triggered it, by name; JSON values."""
    verify: str
    """The command to run after the change and the slice to look at."""


@dataclass(frozen=True)
class CauseTotal:
    """One cause over all data; the gaps of all causes add up to the whole gap."""

    cause: str
    errors: int
    images: int
    gap: float
    gain: float | None
    gain_interval: Interval | None = None


@dataclass(frozen=True)
class JoinedFile:
    """Which table of attributes was joined, and by which of its columns."""

    name: str
    sha256: str | None
    """Of the file's bytes; None for a DataFrame."""
    key: str


@dataclass(frozen=True)
class ClassThreshold:
    """One category and the score from which its detections count."""

    id: int
    name: str
    score_threshold: float


@dataclass(frozen=True)
class ClassThresholds:
    """One row a category, in ascending id order: score thresholds one a class, and which file they came from."""

    name: str | None
    """Of the file; None for a mapping."""
    sha256: str | None
    classes: tuple[ClassThreshold, ...]


@dataclass(frozen=True)
class LabelDoubts:
    """One row a label that may be wrong, most doubtful first: an object, or what may be one without a label."""

    kind: CodeArray
    """Position in LABEL_ERRORS."""
    object: IndexArray
    """The doubtful object, -1 for a missing label; no object has two rows."""
    detection: IndexArray
    """The detection that says otherwise, -1 for a spurious label."""
    score: FloatArray
    """Chance that the label is wrong, as far as the detector can tell; a number to rank by."""
    confidence: FloatArray
    """Share of right ones among detections that score like the detection, NaN without one."""
    iou: FloatArray
    """Overlap of the detection with the object, NaN without either."""
    usual_rate: FloatArray
    """How often the detector would say the same where the label is right, by its score and the habits it has."""
    similar: IdArray
    """How often it says the same of comparable objects or detections."""
    comparable: IdArray
    """How many those are, this one left out."""
    slice: tuple[Where, ...]
    """The slice in which it says so most often, for its size; empty where it does so nowhere more than elsewhere."""


@dataclass(frozen=True)
class Reliability:
    """One row a group of detections and a bin of scores that holds any of it, by group, then rising score."""

    group: IndexArray
    low: FloatArray
    high: FloatArray
    """Ends of the bin."""
    detections: IdArray
    true_positives: IdArray
    confidence: FloatArray
    """Mean score."""
    d_ece: FloatArray
    """(groups,) detection expected calibration error; NaN for scores outside 0 to 1 and without detections."""


@dataclass(frozen=True)
class Settings:
    """What the analysis was asked to do, as it goes into summary.json."""

    iou_type: str = "bbox"
    score_threshold: float | str | None = "best-f1"
    """A number or a rule; None where each class has a threshold of its own."""
    thresholds: ClassThresholds | None = None
    """One a class."""
    iou_threshold: float = 0.5
    background_iou: float = BACKGROUND_IOU
    max_detections: int = 100
    rank_by: str = "excess"
    by: tuple[tuple[str, ...], ...] = field(default=())
    bins: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Edges asked for, by attribute."""
    slices: Mapping[str, str] = field(default_factory=dict)
    """Named slices: name -> expression."""
    attributes: JoinedFile | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    """What one error costs, by cause, or by "cause:class"."""
    resamples: int = 200
    """How often the images are drawn again for intervals; 0 for no intervals."""
    seed: int = 0
    """Of these draws."""
    reading: Mapping[str, str | bool] = field(default_factory=dict)
    """How the inputs were read, where not as COCO's format says."""


@dataclass(frozen=True)
class Intervals:
    """Bootstrap intervals of what is said of the whole run; None where not defined."""

    metrics: Mapping[str, Interval | None]
    """AP and AP50."""
    recall: Interval | None
    precision: Interval | None
    f1: Interval | None
    gap: Interval | None


@dataclass(frozen=True)
class Results:
    """Everything one analysis found, as tables; reports and commands read nothing else."""

    settings: Settings
    ground_truth: GroundTruth
    detections: Detections
    matches: Matches
    analysis_threshold: int
    """Position of the analysis IoU in `matches.iou_thresholds` (the ten COCO thresholds come first)."""
    metrics: Mapping[str, float | None]
    """The 12 COCO numbers by their names in METRICS."""
    class_ap: FloatArray
    """(K,) AP, NaN for a class without ground truth."""
    class_ap50: FloatArray
    causes: Causes
    operating_point: OperatingPoint
    errors: Errors
    debts: Debts
    gap: GapSummary
    tide: Tide
    confusion_matrix: ConfusionMatrix
    candidates: Candidates
    image_level: ImageLevel
    attributes: tuple[Attribute, ...]
    slices: Slices
    cause_totals: tuple[CauseTotal, ...]
    failure_modes: tuple[FailureMode, ...]
    notices: tuple[Notice, ...]
    intervals: Intervals | None = None
    """None without resamples."""
    slice_statistics: SliceStatistics | None = None
    """None where only counts were asked for."""
    slices_tried: int = 0
    """How many slices were looked at in all, of which the tests know."""
    label_doubts: LabelDoubts | None = None
    """None where nobody asked for them."""
    shown_missed: ShownMissed | None = None
    """None where nobody asked for them."""
