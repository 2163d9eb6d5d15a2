// The selected errors as files: COCO JSON and CSV, made here and saved by the reader.

const FORMULA_STARTS = /^[=+\-@\t\r\n]/;

/** An id as a number where that loses nothing, else as text. */
function exactId(text) {
  return Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

/** [x, y, width, height] of a row of four columns. */
function boxOf(columns, row) {
  return columns.map((side) => side[row]);
}

/** The overlap of an object and a detection as the matching saw it; null where the detection is about another object. */
function iouOf(run, object, row) {
  return row >= 0 && object >= 0 && run.target[row] === object && run.iou[row] > 0 ? run.iou[row] : null;
}

/** Everything that is told about an error, by name; null where there is none. `boxes` are those of the detections. */
function errorRecord(truth, run, boxes, error) {
  const { isMissed, object, row } = error;
  const ofObject = object >= 0 ? boxOf(truth.box, object) : null;
  const ofRow = row >= 0 ? boxOf(boxes, row) : null;
  return {
    error: isMissed ? "missed object" : "false positive",
    cause: CAUSES[error.cause],
    image_id: exactId(truth.imageId(error.image)),
    file_name: truth.imageNames?.[error.image] ?? null,
    object_id: object >= 0 ? exactId(truth.objectId(object)) : null,
    object_class: object >= 0 ? truth.classes[truth.category[object]] : null,
    object_box: ofObject,
    object_area: object >= 0 ? truth.area[object] : null,
    detection: row >= 0 ? run.record[row] : null,
    detection_class: row >= 0 ? truth.classes[run.category[row]] : null,
    detection_box: ofRow,
    detection_box_rounded_to: ofRow ? run.boxRoundedTo : null,
    score: row >= 0 ? run.score[row] : null,
    iou: iouOf(run, object, row),
    gap: error.cost,
  };
}

/** The values of all attributes where an error is at home; those of the detection itself where it points at nothing. */
function attributesOf(truth, run, error) {
  return truth.attributes.map((attribute, index) => {
    const code = error.object >= 0 ? attribute.ofObject[error.object] : ownCode(truth, run, index, error.row);
    return [attribute.name, attribute.values[code] ?? null];
  });
}

/** The errors as a COCO ground truth: a missed object is its own box, a false positive that of the detection. */
function errorsAsCoco(truth, run, boxes, errors) {
  const images = [...new Set(errors.map((error) => error.image))].sort((one, other) => one - other);
  const classPlaces = truth.classes.map((_, place) => place);
  const annotations = errors.map((error, at) => {
    const record = errorRecord(truth, run, boxes, error);
    const bbox = error.isMissed ? record.object_box : record.detection_box;
    const { image_id: image, file_name: _, ...told } = record;
    const category = error.isMissed ? truth.category[error.object] : run.category[error.row];
    return {
      id: at + 1,
      image_id: image,
      category_id: exactId(truth.classId(category)),
      bbox,
      area: error.isMissed ? record.object_area : bbox[2] * bbox[3],
      iscrowd: 0,
      // What is told of the error goes last: an attribute of the data may have the same name.
      attributes: Object.fromEntries([...attributesOf(truth, run, error), ...Object.entries(told)]),
    };
  });
  return {
    images: images.map((image) => ({
      id: exactId(truth.imageId(image)),
      file_name: truth.imageNames?.[image] ?? "",
      width: truth.imageSize[0][image],
      height: truth.imageSize[1][image],
    })),
    categories: classPlaces.map((place) => ({ id: exactId(truth.classId(place)), name: truth.classes[place] })),
    annotations,
  };
}

/** The same as a table: one line an error. */
function errorsAsCsv(truth, run, boxes, errors) {
  const corners = ["x", "y", "width", "height"];
  const lines = errors.map((error) => {
    const { object_box: ofObject, detection_box: ofRow, ...record } = errorRecord(truth, run, boxes, error);
    const boxOfEach = [["object", ofObject], ["detection", ofRow]]
      .flatMap(([whose, box]) => corners.map((corner, side) => [`${whose}_${corner}`, box ? box[side] : null]));
    return [...Object.entries(record), ...boxOfEach,
      ...attributesOf(truth, run, error).map(([name, value]) => [`attribute.${name}`, value])];
  });
  const header = lines.length ? lines[0].map(([name]) => name) : [];
  return [header, ...lines.map((line) => line.map(([, value]) => value))].map((line) => `${line.map(csvCell).join(",")}\n`).join("");
}

/** Text cannot start a formula in a spreadsheet. */
function csvCell(value) {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const safe = FORMULA_STARTS.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands a text to the reader as a file. */
function saveAs(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
