// Causes by their codes, in the order of every file.

const CAUSES = [
  "missed",
  "localization",
  "classification",
  "both",
  "crowded_out",
  "duplicate",
  "background",
  "below_threshold",
  "max_detections",
];
const NO_ERROR = CAUSES.length; // a true positive, or an object that some detection matches
const NOT_COUNTED = CAUSES.length + 1; // owes at other IoU thresholds and has no outcome at this one
const BELOW_THRESHOLD = CAUSES.indexOf("below_threshold");

/** "crowded out" for the code of crowded_out. */
function causeWords(code) {
  return CAUSES[code].replace("_", " ");
}
