"""What the doctor says of masks where only boxes are compared: what would be refused if they were."""

from mapgap.analysis.sources import DetectionsSource
from mapgap.coco.detections import examine_detections, has_masks
from mapgap.errors import InputError
from mapgap.findings import Finding
from mapgap.readings import Reading
from mapgap.tables import GroundTruth

OF_MASKS = ("mask_invalid", "mask_size_differs")


def mask_findings(ground_truth: GroundTruth, source: DetectionsSource, reading: Reading) -> tuple[Finding, ...]:
    """Broken masks, and masks of another size than their image, as warnings; none where there are no masks."""
    try:
        if not has_masks(source, reading=reading):
            return ()
        _, findings = examine_detections(source, ground_truth, with_masks=True, reading=reading)
    except InputError:  # which is told by whoever reads the boxes
        return ()
    return tuple(
        finding.as_warning("with --iou-type segm this is refused") for finding in findings if finding.code in OF_MASKS
    )
