// What Python tells beside the numbers, and the causes by their codes, in the order of every file.

const manifest = JSON.parse(document.getElementById("mapgap-manifest").textContent);
const CAUSES = manifest.causes;
const NO_ERROR = CAUSES.length; // a true positive, or an object that some detection matches
const NOT_COUNTED = CAUSES.length + 1; // owes at other IoU thresholds and has no outcome at this one
const BACKGROUND = CAUSES.indexOf("background");
const BELOW_THRESHOLD = CAUSES.indexOf("below_threshold");

/** "crowded out" for the code of crowded_out. */
function causeWords(code) {
  return CAUSES[code].replace("_", " ");
}
