"""The compiled kernel: hot loops on arrays. It knows no file names, classes or wording.

Every function releases the GIL, uses `threads` worker threads where it takes the argument, and returns the same bits
for any number of them. Every function has a slow twin in tests/naive. Shapes: D detections, N annotations,
I images, K categories, T thresholds (at most 32), A area ranges, R recall points, P pairs. Index arrays are int32;
-1 means none.
"""

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Index = NDArray[np.int32]
Id = NDArray[np.int64]
Bits = NDArray[np.uint32]
Flag = NDArray[np.uint8]
Code = NDArray[np.int8]
Marks = NDArray[np.uint64]
Drawn = NDArray[np.uint16]
"""(I, B) how often each image was drawn in each of B resamples."""
FloatBuffer = Float | memoryview | array[float]
IndexBuffer = Index | memoryview | array[int]
FlagBuffer = Flag | memoryview | array[int]

IdBuffer = memoryview | Id
"""(N,) int64, as the kernel gives it or as an array."""

AttributeColumns = list[tuple[str, memoryview, bytes]]

class ScannedGroundTruth:
    """The columns of a ground-truth file as read-only memoryviews; images and categories in rising order of their ids."""

    @property
    def ids(self) -> memoryview:
        """(N,) int64 annotation ids, no two equal; annotations in file order."""
    @property
    def image(self) -> memoryview:
        """(N,) int32 place of each annotation's image in `image_ids`."""
    @property
    def category(self) -> memoryview:
        """(N,) int32 place of each annotation's category in `category_ids`."""
    @property
    def box(self) -> memoryview:
        """(N, 4) float64 xywh."""
    @property
    def area(self) -> memoryview:
        """(N,) float64."""
    @property
    def crowd(self) -> memoryview:
        """(N,) uint8, 1 for a crowd."""
    @property
    def image_ids(self) -> memoryview:
        """(I,) int64, rising."""
    @property
    def image_order(self) -> memoryview:
        """(I,) int64 place of each image in the file's list."""
    @property
    def width(self) -> memoryview:
        """(I,) float64, NaN where missing; in file order, like `height`."""
    @property
    def height(self) -> memoryview: ...
    @property
    def file_names(self) -> list[str | None]:
        """One a image, by rising id; None where missing."""
    @property
    def dates_captured(self) -> list[str | None]: ...
    @property
    def category_ids(self) -> memoryview:
        """(K,) int64, rising."""
    @property
    def category_names(self) -> list[str | None]:
        """One a category, by rising id; None where missing."""
    @property
    def image_fields(self) -> AttributeColumns:
        """Fields beyond COCO's, by first appearance, if they were wanted: name, (I,) int32 codes, JSON list of the values.

        A code is a place in the list, -1 for what is missing, null, a list or an object. Images are in file order here.
        """
    @property
    def image_attributes(self) -> AttributeColumns:
        """Entries of the images' `attributes` likewise."""
    @property
    def annotation_fields(self) -> AttributeColumns: ...
    @property
    def annotation_attributes(self) -> AttributeColumns: ...
    @property
    def has_id_zero(self) -> bool:
        """Whether an annotation has the id 0."""
    def count_objects(self, lowest_area: float, highest_area: float) -> int:
        """How many annotations are no crowds and have an area within the range, both ends inside."""

class ScannedDetections:
    """The columns of a results file as read-only memoryviews, in file order."""

    @property
    def image(self) -> memoryview:
        """(D,) int32 place of each detection's image among the given ids."""
    @property
    def category(self) -> memoryview:
        """(D,) int32 place of each detection's category among the given ids."""
    @property
    def box(self) -> memoryview:
        """(D, 4) float64 xywh."""
    @property
    def score(self) -> memoryview:
        """(D,) float64."""

def scan_ground_truth(
    source: int | bytes, size: int, with_attributes: bool, window: int = 0
) -> ScannedGroundTruth | None:
    """The columns of the JSON text in an open file of `size` bytes, or in memory; None where it is not recognised.

    Fields beyond COCO's, which may be attributes, are skipped unless they are wanted.
    Recognised is COCO's format written as usual: whole ids of at most 18 digits, boxes of four finite numbers, an area
    in every annotation, nothing missing, null, doubled, empty or unknown among ids, and no JSON that is wrong or odd anywhere.
    Only then is the result that of the careful reader in `mapgap.coco`, of which this is the fast twin. `window`, the
    bytes held in memory at first (0: as many as usual), changes nothing; tests ask for small ones.
    """

def scan_detections(
    source: int | bytes,
    size: int,
    image_ids: IdBuffer,
    category_ids: IdBuffer,
    threads: int = 0,
    window: int = 0,
    least_stretch: int = 0,
) -> ScannedDetections | None:
    """The same for a list of detections with a box each, of the images and categories with these ids, both rising.

    `least_stretch`, the bytes that are worth a thread (0: as many as usual), changes nothing either.
    """

def order_detections(
    image: Index, category: Index, score: Float, images: int, categories: int, threads: int = 0
) -> tuple[Index, Index, Index, Id]:
    """Stable orders of detections: (order, rank, class_order, class_offsets).

    `order` (D,) sorts by image, category, falling score, index; `rank` (D,) is each detection's place among those of
    its image and category; `class_order` (D,) sorts by category, falling score, image, index; `class_offsets` (K + 1,).
    """

def box_pairs(
    order: Index,
    image: Index,
    category: Index,
    box: Float,
    object_image: Index,
    object_category: Index,
    object_box: Float,
    crowd: Flag,
    images: int,
    minimum_iou: float,
    across_classes: bool,
    threads: int = 0,
) -> tuple[Id, Index, Float]:
    """(offsets (D + 1,), object (P,), iou (P,)): for each detection in `order`, the annotations with not (IoU < minimum_iou).

    Within a detection by category, then index. Crowd annotations pair with detections of their class only, IoU =
    intersection / detection area; other annotations pair across classes only if `across_classes`.
    """

def match(
    order: Index,
    rank: Index,
    image: Index,
    category: Index,
    pair_offsets: Id,
    pair_object: Index,
    pair_iou: Float,
    object_category: Index,
    crowd: Flag,
    object_ignored: Flag,
    detection_outside: Flag,
    thresholds: Float,
    max_detections: int,
    matched_areas: int,
    threads: int = 0,
) -> tuple[Index, Bits, Bits]:
    """COCO's greedy matching: (matched (matched_areas, T, D), true_positive (A, D), ignored (A, D)); bit t is threshold t.

    `object_ignored` (A, N): crowd or area outside the range; `detection_outside` (A, D). Cut detections stay unmatched
    with no bit set.
    """

def precision_recall(
    class_order: Index,
    class_offsets: Id,
    score: Float,
    rank: Index,
    true_positive: Bits,
    ignored: Bits,
    positives: Id,
    thresholds: int,
    recall_thresholds: Float,
    max_detections: int,
    with_precision: bool = True,
    with_scores: bool = True,
    threads: int = 0,
) -> tuple[Float, Float, Float]:
    """COCO's accumulation for one area range: (precision (T, R, K), recall (T, K), scores (T, R, K)), -1 where positives is 0.

    `true_positive` and `ignored` are the (D,) rows of one area range. `class_order` may leave detections and whole
    classes out; K is the number of classes in `class_offsets`. An array that is not wanted comes back as (0, R, K).
    """

def pairwise_mean(values: Float) -> float:
    """NumPy's mean of a contiguous array, to the last bit."""

def coco_numbers(
    image: IndexBuffer,
    category: IndexBuffer,
    box: FloatBuffer,
    score: FloatBuffer,
    object_image: IndexBuffer,
    object_category: IndexBuffer,
    object_box: FloatBuffer,
    object_area: FloatBuffer,
    crowd: FlagBuffer,
    images: int,
    categories: int,
    iou_thresholds: Sequence[float],
    recall_thresholds: Sequence[float],
    area_ranges: Sequence[tuple[float, float]],
    max_detections: Sequence[int],
    threads: int = 0,
) -> list[float]:
    """The 12 numbers of COCO in the order of `tables.METRICS`, from columns alone; NaN where not defined.

    The arrays may be any buffers of their types (a memoryview, an array.array): NumPy is not imported. `box` (D, 4) and
    `object_box` (N, 4) are xywh, or the same flat; a detection's area is width * height. `area_ranges` (low, high),
    closed, for all, small, medium and large; `max_detections` three limits, rising: the first two are for AR1 and
    AR10, all other numbers are taken at the third. To the last bit what `order_detections`, `box_pairs`, `match`,
    `precision_recall` and `pairwise_mean` give. Memory on top of the columns is at most some 60 bytes a detection.
    """

def examine_objects(
    image: IndexBuffer,
    box: FloatBuffer,
    area: FloatBuffer,
    crowd: FlagBuffer,
    width: FloatBuffer,
    height: FloatBuffer,
    image_order: IdBuffer,
    tolerance: float,
) -> dict[str, tuple[int, list[int]]]:
    """Oddities of annotations by name: (how many rows, the first three); what does not occur is left out.

    `width` and `height` in pixels (NaN or 0 for unknown) stand in any order, `image_order` (I,) tells the place of each
    image in them. "box_without_size": a width or height of 0 or less. "box_outside_image": more than `tolerance` pixels
    beyond a side. "area_inconsistent", of no crowd: 0 or less, or more than 1.05 times the box and what a box larger by
    two pixels would have. Buffers of any kind, as in `coco_numbers`.
    """

def examine_detections(
    image: IndexBuffer,
    category: IndexBuffer,
    box: FloatBuffer,
    score: FloatBuffer,
    object_category: IndexBuffer,
    crowd: FlagBuffer,
    categories: int,
    width: FloatBuffer,
    height: FloatBuffer,
    image_order: IdBuffer,
    overhang: float,
    max_detections: int,
) -> dict[str, tuple[int, list[int]]]:
    """Oddities of detections, as in `examine_objects`.

    "box_without_size"; "box_outside_image": beyond a side by more than `overhang` times the box's longer side;
    "repeated_detections": image, class, box and score are those of an earlier row; "detections_without_ground_truth":
    of a class that has crowds at most; "detections_cut": rows of an image and class with more than `max_detections` of
    them; "scores_above_one", "scores_below_zero"; "scores_equal": all rows, if there are two and all have one score.
    """

def nearest_objects(
    order: Index,
    rank: Index,
    category: Index,
    pair_offsets: Id,
    pair_object: Index,
    pair_iou: Float,
    object_category: Index,
    is_object: Flag,
    max_detections: int,
) -> tuple[Index, Float, Index, Float, Float, Float]:
    """Best overlaps: (same_object (D,), same_iou, other_object, other_iou, kept_iou (N,), cut_iou (N,)). On equal IoU the later object."""

def error_causes(
    rank: Index,
    true_positive: Bits,
    ignored: Bits,
    matched: Index,
    same_object: Index,
    same_iou: Float,
    other_object: Index,
    other_iou: Float,
    kept_iou: Float,
    is_object: Flag,
    thresholds: Float,
    background_iou: float,
    max_detections: int,
) -> tuple[Code, Code]:
    """Codes of the causes, in the order of `tables.CAUSES`: (of detections (T, D), of objects (T, N)), -1 for none.

    `true_positive` and `ignored` (D,) and `matched` (T, D) are those of one area range, bit t for threshold t; the
    overlaps are those of `nearest_objects`. Detections from rank `max_detections` on have no cause.
    """

def thresholds_by_cause(cause: Code, causes: int) -> tuple[Id, Id, Bits]:
    """Who has which cause where, cause after cause: (offsets (causes + 1,), row, thresholds), from `cause` (T, rows).

    Rows rise within a cause; bit t of `thresholds` for threshold t.
    """

DebtTable = tuple[Code, Index, Float, Float]

def divide_gap(
    class_order: Index,
    class_offsets: Id,
    counted_at: Bits,
    true_positive_at: Bits,
    detection_cause: Code,
    object_category: Index,
    object_cause: Code,
    positives: Id,
    recall_thresholds: Float,
    weight: float,
    causes: int,
    threads: int = 0,
) -> tuple[DebtTable, DebtTable]:
    """Who owes 1 - AP, detections and objects: (cause, index, debt, debt at the first threshold) by cause, then index.

    Bit t of `counted_at` and `true_positive_at` (D,): whether a detection counts, and is right, at threshold t. Debts
    of a false positive with a cause of `detection_cause` (T, D), and the equal parts of the recall points not reached
    owed by the objects with a cause in `object_cause` (T, N), times `weight`, are added up over the thresholds in
    their order; those at the first threshold come without the weight. Classes with `positives` 0 owe nothing.
    """

def exact_sums(values: Float, group: Code, groups: int) -> Float | None:
    """(groups + 1,) sums by group, rounded once as by math.fsum, the last one of all values.

    None if a value is neither 0 nor in [2^-60, 1], or their sum exceeds 16384.
    """

def falling_order(values: Float) -> Index:
    """(D,) stable order by falling value; NaN comes last."""

def reorder_classes(class_order: Index, class_offsets: Id, category: Index, score: Float, turn: Id) -> tuple[Index, Id]:
    """(class_order, class_offsets) by `category`, then falling score, then rising `turn`.

    The given order is by any categories, then falling score; rows keep their place but for equal scores and for those
    whose category is another one now.
    """

def image_presence(
    class_order: Index,
    class_offsets: Id,
    image: Index,
    score: Float,
    counted: Flag,
    kept: Flag,
    object_image: Index,
    object_category: Index,
    is_object: Flag,
    images: int,
) -> Id:
    """(7, K) numbers of images by class: present, left out, true and false positives, ranked present, ranked absent, won.

    A class is present in the images with an object of it; those with other annotations of it only are left out of all
    that follows. Positive are the images with a kept detection, ranked those with a counted one, by its best score;
    won is twice the number of pairs of a present and an absent ranked image in that order, equal ones counted half.
    `class_order` is by category, then falling score.
    """

def average_precision(
    class_order: Index, class_offsets: Id, status: Flag, positives: Id, recall_thresholds: Float
) -> Float:
    """(K,) average precision of each class over the recall points, 0 where positives is 0.

    `status` (D,): 0 not counted, 1 true positive, 2 false positive.
    """

def average_precision_by_threshold(
    class_offsets: Id,
    counted_at: Bits,
    true_positive_at: Bits,
    positives: Id,
    recall_thresholds: Float,
    threads: int = 0,
) -> tuple[Float, Id]:
    """(average precision (T, K), number of counted rows (T, K)); average precision is 0 where `positives` (T, K) is 0.

    Rows stand in class order, `class_offsets` (K + 1,). Bit t of `counted_at` and of `true_positive_at` says whether a
    row counts, and is right, at threshold t; what does not count is not right either.
    """

class SliceAveragePrecision:
    """AP of the slices of any number of partitions of the same matches."""

    def __init__(
        self,
        class_order: Index,
        class_offsets: Id,
        counted_at: Bits,
        true_positive_at: Bits,
        matched: Index,
        cause: Code,
        same_object: Index,
        other_object: Index,
        target_of_cause: Flag,
        object_category: Index,
        is_object: Flag,
        recall_thresholds: Float,
    ) -> None:
        """The address of a true positive is its `matched` (T, D) object, of its class and no other one's at a threshold.

        That of a false positive follows from its `cause` (T, D): for `target_of_cause` 1 it is `same_object` (D,), for
        2 `other_object`, for 0 the detection itself. Bits as in `divide_gap`.
        """

    def places(self) -> Index:
        """(P,) the places whose codes `average_precision` asks for: an object, or N + a detection that is its own address."""

    def average_precision(self, columns: list[Index], sizes: Id, crosses: Index, threads: int = 0) -> Float:
        """(cells of all partitions,) AP of every slice: mean over its classes with objects and over the thresholds, NaN without objects.

        Each of `columns` (P,) holds the codes of the places under one attribute, from 0 to its entry of `sizes`. A row
        of `crosses` (partitions, 2) names the one or two columns of a partition, the second -1 for none; the code of a
        cell is the first code x size of the second column + the second code.
        """

    def grouped(self, column: Index, size: int) -> tuple[Index, Id, Index, Bits, Bits, Id, Index]:
        """The partition by one column in groups: one a class and cell that has an object of it, by class.

        (cell (G,), row_offsets (G + 1,), row (R,), counted_at (R,), true_positive_at (R,), object_offsets (G + 1,),
        object (O,)): rows and objects are positions in `places`; rows stand in class order, up to the last that is
        right in its class; one whose cell depends on the threshold is there once for each of its groups, with the bits
        that it has there.
        """

def resample_images(images: int, resamples: int, seed: int) -> Drawn:
    """(I, B) how often each image is drawn when I images are drawn from I with replacement, B times over.

    The draws of resample b depend on `images`, `seed` (0 to 2**64 - 1) and b alone. xoshiro256++ seeded by SplitMix64,
    Lemire's unbiased bounded numbers.
    """

def percentile_intervals(samples: Float, low: float, high: float, threads: int = 0) -> Float:
    """(S, 2) the `low` and `high` percentiles (shares of 1) of each row of samples (S, B), as `numpy.percentile` takes them.

    NaN samples are left out; a row with fewer than two defined ones has NaN.
    """

def resampled_average_precision(
    group_offsets: Id,
    image: Index,
    counted_at: Bits,
    true_positive_at: Bits,
    object_offsets: Id,
    object_image: Index,
    object_at: Bits,
    cell_of_group: Index,
    cells: int,
    drawn: Drawn,
    thresholds: int,
    recall_thresholds: Float,
    threads: int = 0,
    wide: bool = True,
) -> Float:
    """(cells, B) AP in each resample: mean over the groups of the cell that have an object drawn, and over the thresholds.

    NaN where no group of the cell has one. A group is a class, or a part of it: rows `group_offsets[g]` on in rank
    order, each of an `image`, with bits as in `average_precision_by_threshold`, and objects `object_offsets[g]` on;
    `object_at` has the thresholds at which an object is there. A row or object whose image was drawn w times counts as
    w equal ones in its place. Where the objects drawn are there at no threshold AP is 0 if a counted row is drawn, else
    1. `recall_thresholds` are evenly spaced from 0 to 1. `wide`, whether AVX2 may be used, changes nothing; tests turn
    it off.
    """

def resampled_gap(
    class_order: Index,
    class_offsets: Id,
    image: Index,
    counted_at: Bits,
    true_positive_at: Bits,
    detection_cause: Code,
    object_offsets: Id,
    object_image: Index,
    object_cause: Code,
    drawn: Drawn,
    recall_thresholds: Float,
    causes: int,
    threads: int = 0,
    wide: bool = True,
) -> Float:
    """(causes, B) how 1 - AP divides among the causes in each resample; the debts of `divide_gap`, added up by cause.

    Mean over the thresholds and over the classes that have an object drawn; NaN where none has. Rows of detections are
    those of `divide_gap`, with an `image` (D,). Objects, M of them, stand by class (`object_offsets` (K + 1,)) with
    `object_image` and `object_cause` (T, M), -1 where found. A row or object whose image was drawn w times counts as w
    equal ones in its place; precisions are compared as whole numbers. Every false positive of a class with objects
    must have a cause, and in each class and resample as many objects must be found as there are true positives.
    `recall_thresholds` and `wide` as in `resampled_average_precision`.
    """

def resampled_counts(
    columns: list[Index],
    sizes: Id,
    image: Index,
    kind: Flag,
    kinds: int,
    drawn: Drawn,
    threads: int = 0,
    wide: bool = True,
) -> Bits:
    """(cells of all columns, kinds, B) how many of the rows lie in each cell in each resample, by kind.

    Rows have an `image` and a `kind` below `kinds`; each of `columns` holds their cells, from 0 to its entry of `sizes`.
    """

def count_slices(
    columns: list[Index],
    sizes: Id,
    crosses: Index,
    gap: Float,
    objects: Id,
    image: Index,
    found: Id,
    false_positives: Id,
    threads: int = 0,
) -> tuple[Id, Id, Id, Id, Float]:
    """Every slice of many partitions: (objects, images, found, false positives, gap), each (cells of all partitions,).

    `gap` has one row a place; `objects` (ascending by `image`, their image), `found` and `false_positives` hold rows
    of it. `columns`, `sizes` and `crosses` as in `SliceAveragePrecision.average_precision`.
    """

def sum_cells(columns: list[Index], sizes: Id, crosses: Index, weights: Float, threads: int = 0) -> Float:
    """(W, cells of all partitions) sums of `weights` (W, places) over the places of each cell, added in their order.

    `columns`, `sizes` and `crosses` as in `SliceAveragePrecision.average_precision`.
    """

def cluster_sums(
    columns: list[Index],
    sizes: Id,
    crosses: Index,
    image: Index,
    members: Id,
    error_row: Id,
    error_kind: Index,
    kinds: int,
    least_members: int,
    least_images: int,
    threads: int = 0,
) -> tuple[Id, Marks, Id, Id]:
    """Sums over images of what lies in each cell of many partitions, of the cells that are large enough.

    One row a place, by `image`: how many `members` it holds. Errors are pairs of a place (`error_row`, rising) and a
    kind below `kinds`. With n members and m errors of a kind in a cell and an image, N and M in the whole image:
    (place (F, 2): partition and cell; mark (F,): equal for equal sets of members; members (F, 5): members, images,
    images with no member elsewhere, sum of n n, of n N; errors (F, kinds, 5): errors, sum of m m, of m n, of m M, of
    m N + n M). A cell is left out if it, or what is outside of it, has fewer members or images with members than asked.
    """

def grow_cluster_sums(
    columns: list[Index],
    sizes: Id,
    parents: Index,
    image: Index,
    members: Id,
    error_row: Id,
    error_kind: Index,
    kinds: int,
    least_members: int,
    least_images: int,
    threads: int = 0,
) -> tuple[Id, Marks, Id, Id]:
    """As `cluster_sums`, of every code of every other column inside each of `parents`, for its kind of error alone.

    `parents` (P, 5): two columns, their codes, the kind. Gives (place (F, 3): parent, column and code; mark (F,); members
    (F, 5); errors (F, 1, 5)).
    """

def stratified_sums(
    columns: list[Index], sizes: Id, crosses: Index, stratum: Index, members: Id, errors: Id, threads: int = 0
) -> Float:
    """(2, cells of all partitions) sums over strata of ad/T and bc/T, T = a + b + c + d.

    a and b are errors and others inside a cell, c and d outside. Places are sorted by `stratum`; each holds `members` of which `errors` are errors.
    """

def match_leftovers(
    order: Index,
    image: Index,
    score: Float,
    left_detection: Flag,
    left_object: Flag,
    pair_offsets: Id,
    pair_object: Index,
    pair_iou: Float,
    minimum_iou: float,
    images: int,
) -> Index:
    """(D,) object each left-over detection takes across classes, or -1: one to one, by falling score then index, the best IoU left (later object on ties)."""

def tide_types(
    order: Index,
    image: Index,
    category: Index,
    score: Float,
    pair_offsets: Id,
    pair_object: Index,
    pair_iou: Float,
    object_category: Index,
    crowd: Flag,
    images: int,
    positive_iou: float,
    background_iou: float,
    max_detections: int,
) -> tuple[Flag, Flag, Index, Flag, Index]:
    """tidecv's matching and typing: (type (D,), ignored (D,), target (D,), found (N,), image_rank (D,)).

    type: 0 true positive, 1 Cls, 2 Loc, 3 Both, 4 Dupe, 5 Bkg, 6 cut by the limit of detections an image;
    `target` is the object a Cls, Loc or Dupe error points at, `image_rank` the place among all detections of the image.
    """

def covered_share(image: Index, box: Float, is_object: Flag, images: int, threads: int = 0) -> Float:
    """(N,) share of each box under the union of the other objects' boxes of its image, exact up to rounding; 0 for an empty box."""

def measure_windows(luma: Flag, window: Index, inside: Index, around: Index) -> Float:
    """(n, 5) brightness, contrast, sharpness, noise and local contrast of n windows of a picture; NaN where undefined.

    `luma` is (height, width) of at most 2^23 pixels and 2^16 a side; windows are (n, 4) left, top, right, bottom in
    pixels, right and bottom not included. The first four measure `window`, the last compares `inside` with what
    `around` holds besides it. Sharpness and noise need 8 pixels each way, local contrast pixels on both sides.
    """

def count_overlaps(
    image: Index, box: Float, is_object: Flag, images: int, minimum_iou: float, threads: int = 0
) -> Index:
    """(N,) number of other objects of the image, of any class, with IoU > minimum_iou."""
