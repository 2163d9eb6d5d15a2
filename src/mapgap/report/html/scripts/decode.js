// The columns of the page as typed arrays, bit for bit as Python stored them.

const ARRAY_OF_TYPE = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** The bytes of a chunk: base64 of gzip in an element of the page. */
async function inflate(name) {
  const element = document.getElementById(`mapgap-chunk-${name}`);
  const binary = atob(element.textContent);
  const packed = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) packed[at] = binary.charCodeAt(at);
  element.textContent = "";
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A typed array: bytes put back in order, differences summed up, whole numbers divided into decimals. */
function column(record, chunks) {
  const { at, rows, type } = record;
  const array = unshuffled(chunks[record.chunk], at, rows, ARRAY_OF_TYPE[type]);
  if (record.delta) {
    for (let row = 1; row < rows; row += 1) array[row] += array[row - 1]; // wraps as it was written
  }
  if (!record.decimals) return array;
  const power = Number(`1e${record.decimals}`);
  const decimals = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) decimals[row] = array[row] / power;
  return decimals;
}

function unshuffled(bytes, at, rows, ArrayType) {
  const width = ArrayType.BYTES_PER_ELEMENT;
  if (width === 1) return new ArrayType(bytes.slice(at, at + rows).buffer);
  const mixed = new Uint8Array(rows * width);
  for (let byte = 0; byte < width; byte += 1) {
    const from = at + byte * rows;
    for (let row = 0; row < rows; row += 1) mixed[row * width + byte] = bytes[from + row];
  }
  return new ArrayType(mixed.buffer);
}

/** Where the rows of each group begin, from their numbers; one longer than the groups. */
function startsOf(counts) {
  const starts = new Uint32Array(counts.length + 1);
  for (let group = 0; group < counts.length; group += 1) starts[group + 1] = starts[group] + counts[group];
  return starts;
}

/** The group of each row. */
function groupsOf(starts) {
  const groups = new Uint32Array(starts[starts.length - 1]);
  for (let group = 0; group + 1 < starts.length; group += 1) groups.fill(group, starts[group], starts[group + 1]);
  return groups;
}

/** The id of a row as text, which no large number loses a digit of. */
function idText(ids, row) {
  return ids.values ? String(ids.values[row]) : String(BigInt(ids.first) + BigInt(row));
}

/** Images, classes, attributes and objects; an object is a row here, by image. */
function readTruth(record, chunks) {
  const read = (part) => column(part, chunks);
  const objectStarts = startsOf(read(record.objects_of_image));
  const images = objectStarts.length - 1;
  const category = read(record.category);
  const image = groupsOf(objectStarts);
  return {
    classes: record.classes,
    images,
    objects: category.length,
    objectStarts,
    image,
    category,
    area: read(record.area),
    box: record.box.map(read),
    imageSize: [read(record.image_width), read(record.image_height)],
    imageNames: record.image_names,
    classId: (row) => idText(record.class_ids, row),
    imageId: (row) => idText(record.image_ids, row),
    objectId: (row) => idText(record.ids, row),
    leftOut: { category: read(record.left_out.category), image: read(record.left_out.image) },
    attributes: record.attributes.map((attribute) => readAttribute(attribute, read, category, image)),
  };
}

function readAttribute(attribute, read, category, image) {
  const { name, kind, values } = attribute;
  if (kind === "class") return { name, kind, values, ofObject: category, ofImage: null };
  const codes = read(attribute.codes);
  if (kind !== "image") return { name, kind, values, ofObject: codes, ofImage: null };
  const ofObject = new codes.constructor(image.length);
  for (let object = 0; object < image.length; object += 1) ofObject[object] = codes[image[object]];
  return { name, kind, values, ofObject, ofImage: codes };
}

/** The detections of a run by falling score, and what its objects owe. */
function readRun(record, chunks, truth) {
  const read = (part) => column(part, chunks);
  const image = read(record.image);
  const place = read(record.target);
  const target = new Int32Array(place.length);
  for (let row = 0; row < place.length; row += 1) {
    target[row] = place[row] ? truth.objectStarts[image[row]] + place[row] - 1 : -1;
  }
  const cause = read(record.cause);
  const rows = cause.length;
  const category = read(record.category);
  const ownGap = ownDebts(read(record.own_debts.length), read(record.own_debts.gap), category, truth.classes.length);
  return {
    rows,
    score: read(record.score),
    image,
    category,
    cause,
    target,
    iou: read(record.iou),
    record: fromGroups(read(record.record), image, truth.images),
    foundRow: foundRows(cause, target, truth.objects),
    candidates: readCandidates(record.candidates, read, image, truth),
    ownCodes: record.attributes.map((own) => own && (own.codes ? read(own.codes) : own.code)),
    objectCause: read(record.object_cause),
    objectDetection: read(record.object_detection),
    debts: {
      starts: startsOf(read(record.debts.per_object)),
      cause: read(record.debts.cause),
      gap: read(record.debts.gap),
      gapAt50: read(record.debts.gap_at_50),
    },
    ownGap,
    owing: rowsThatOwe(ownGap),
    ownGapAt50: ownDebts(read(record.own_debts.length), read(record.own_debts.gap_at_50), category, truth.classes.length),
    leftOut: record.left_out,
    boxRecords: record.box,
  };
}

function rowsThatOwe(gap) {
  const rows = new Uint32Array(gap.length);
  let number = 0;
  for (let row = 0; row < gap.length; row += 1) if (gap[row] > 0) rows[number++] = row;
  return rows.subarray(0, number);
}

/** The row that matches each object; beyond all rows where none does. */
function foundRows(cause, target, objects) {
  const found = new Uint32Array(objects).fill(cause.length);
  for (let row = 0; row < cause.length; row += 1) if (cause[row] === NO_ERROR) found[target[row]] = row;
  return found;
}

/** The rows with candidates, and their objects one row after another. */
function readCandidates(record, read, image, truth) {
  const starts = startsOf(read(record.per_row));
  const object = Uint32Array.from(read(record.place));
  const rows = [];
  for (let row = 0; row + 1 < starts.length; row += 1) {
    if (starts[row] === starts[row + 1]) continue;
    rows.push(row);
    const first = truth.objectStarts[image[row]];
    for (let at = starts[row]; at < starts[row + 1]; at += 1) object[at] += first;
  }
  return { rows: Uint32Array.from(rows), starts, object };
}

/** What each row owes at no object, from runs of equal debts over the rows by class. */
function ownDebts(lengths, values, category, classes) {
  const byClass = new Float64Array(category.length);
  let at = 0;
  for (let run = 0; run < lengths.length; run += 1) {
    byClass.fill(values[run], at, at + lengths[run]);
    at += lengths[run];
  }
  return fromGroups(byClass, category, classes);
}

/** Values by row from values group by group, the rows of a group in their order. */
function fromGroups(values, group, groups) {
  const next = new Uint32Array(groups + 1);
  for (let row = 0; row < group.length; row += 1) next[group[row] + 1] += 1;
  for (let at = 0; at < groups; at += 1) next[at + 1] += next[at];
  const byRow = new values.constructor(group.length);
  for (let row = 0; row < group.length; row += 1) byRow[row] = values[next[group[row]]++];
  return byRow;
}
