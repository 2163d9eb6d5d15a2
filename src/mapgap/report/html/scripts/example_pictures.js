// One error as a picture: boxes to scale on a crop of it or a blank frame, the object solid, the detection dashed, others faint.

/** The part of the image to show: the boxes, half their longer side around them, within the image where its size is known. */
function windowAround(boxes, width, height) {
  const left = Math.min(...boxes.map((box) => box[0]));
  const top = Math.min(...boxes.map((box) => box[1]));
  const right = Math.max(...boxes.map((box) => box[0] + box[2]));
  const bottom = Math.max(...boxes.map((box) => box[1] + box[3]));
  const around = Math.max(right - left, bottom - top, 1) / 2;
  const whole = [left - around, top - around, right + around, bottom + around];
  if (!(width > 0 && height > 0)) return asBox(whole);
  const clipped = [Math.max(0, whole[0]), Math.max(0, whole[1]), Math.min(width, whole[2]), Math.min(height, whole[3])];
  // Boxes may lie outside of what the file calls the image.
  return clipped[2] > clipped[0] && clipped[3] > clipped[1] ? asBox(clipped) : asBox(whole);
}

function asBox([left, top, right, bottom]) {
  return [left, top, right - left, bottom - top];
}

function areApart(one, other) {
  return one[0] > other[0] + other[2] || other[0] > one[0] + one[2] || one[1] > other[1] + other[3] || other[1] > one[1] + one[3];
}

/** What is to be seen of an error: the boxes of object and detection, null where there is none, and the frame around. */
function sightOf(truth, boxes, { object, row, image }) {
  const ofObject = object >= 0 ? boxOf(truth.box, object) : null;
  const ofRow = row >= 0 ? boxOf(boxes, row) : null;
  const [width, height] = truth.imageSize.map((sizes) => sizes[image]);
  return { ofObject, ofRow, frame: windowAround([ofObject, ofRow].filter((box) => box !== null), width, height) };
}

/** The drawing of an error, on a crop where there is one; `crops` is null in a file that was made without pictures. */
function pictureOf(truth, error, { ofObject, ofRow, frame }, crops, crop) {
  const { object, image } = error;
  const others = [];
  for (let other = truth.objectStarts[image]; other < truth.objectStarts[image + 1]; other += 1) {
    const box = boxOf(truth.box, other);
    if (other !== object && !areApart(box, frame)) others.push(outline("other", box));
  }
  const [x, y, wide, tall] = frame;
  const viewBox = frame.join(" ");
  const told = crops === null ? "" : crop ? ", on its picture" : ", no picture in this file";
  const edges = crop ? [ofObject, ofRow].filter((box) => box !== null).map((box) => outline("edge", box)) : [];
  // The inner drawing ends at the frame, the outer one is as large as the page gives it.
  return draw("svg", { class: "picture", viewBox, role: "img", "aria-label": spoken(ofObject, ofRow, others.length) + told },
    draw("svg", { viewBox, x, y, width: wide, height: tall },
      outline("frame", frame), crop && imageOfCrop(crop),
      others, edges, ofObject && outline("truth", ofObject), ofRow && outline("detection", ofRow)));
}

function outline(kind, [x, y, width, height]) {
  return draw("rect", { class: kind, x, y, width, height });
}

function spoken(ofObject, ofRow, others) {
  const parts = [];
  if (ofObject) parts.push(`object ${inPixels(ofObject)}`);
  if (ofRow) parts.push(`detection ${inPixels(ofRow)}`);
  if (others) parts.push(`${plural(others, "other object")} near`);
  return parts.join(", ");
}

function inPixels([x, y, width, height]) {
  return `${rounded(width)} × ${rounded(height)} at ${rounded(x)}, ${rounded(y)}`;
}

/** A length in pixels: one decimal at most. */
function rounded(length) {
  return String(Number(length.toFixed(1)));
}
