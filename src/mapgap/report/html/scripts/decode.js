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
  const packed = bytesOfBase64(element.textContent);
  element.textContent = "";
  // gzip ends with the number of bytes it holds.
  const bytes = new Uint8Array(new DataView(packed.buffer).getUint32(packed.length - 4, true));
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  const written = Promise.all([writer.write(packed), writer.close()]);
  let at = 0;
  for await (const part of partsOf(stream.readable.getReader())) {
    bytes.set(part, at);
    at += part.length;
  }
  await written;
  return bytes;
}

async function* partsOf(reader) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function bytesOfBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** A typed array: bytes put back in order, differences summed up, whole numbers divided. */
function column(record, chunks) {
  if (record.places) return inOrder(column(record.values, chunks), new Uint32Array(column(record.places, chunks)));
  const { at, rows, type } = record;
  let array = unshuffled(chunks[record.chunk], at, rows, ARRAY_OF_TYPE[type]);
  if (record.sums) array = summedUp(array, ARRAY_OF_TYPE[record.sums]);
  if (record.is_float) return new Float32Array(Int32Array.from(array).buffer);
  if (!record.divisor) return array;
  const divided = new Float64Array(array);
  for (let row = 0; row < rows; row += 1) divided[row] /= record.divisor;
  return divided;
}

function summedUp(differences, ArrayType) {
  const sums = new Float64Array(differences); // whole numbers, and exact
  for (let row = 1; row < sums.length; row += 1) sums[row] += sums[row - 1];
  return new ArrayType(sums);
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
function idTexts(ids, read) {
  if (ids.first !== undefined) return (row) => String(BigInt(ids.first) + BigInt(row));
  const values = ids.values ?? read(ids.column);
  return (row) => String(values[row]);
}

/** Images, classes, attributes and objects; an object is a row here, by image. */
function readTruth(record, chunks) {
  const read = (part) => column(part, chunks);
  const objectStarts = startsOf(read(record.objects_of_image));
  const images = objectStarts.length - 1;
  const category = read(record.category);
  const image = groupsOf(objectStarts);
  const box = once(() => record.box.map(read));
  const area = once(() => (record.area ? read(record.area) : products(box()[2], box()[3])));
  return {
    classes: record.classes,
    images,
    objects: category.length,
    objectStarts,
    image,
    category,
    get area() { return area(); },
    // Only the examples draw these.
    get box() { return box(); },
    imageSize: [read(record.image_width), read(record.image_height)],
    imageNames: record.image_names,
    classId: idTexts(record.class_ids, read),
    imageId: idTexts(record.image_ids, read),
    objectId: idTexts(record.ids, read),
    leftOut: { category: read(record.left_out.category), image: read(record.left_out.image) },
    attributes: record.attributes.map((attribute) => readAttribute(attribute, read, category, image)),
  };
}

function products(widths, heights) {
  const areas = new Float64Array(widths.length);
  for (let object = 0; object < areas.length; object += 1) areas[object] = widths[object] * heights[object];
  return areas;
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
  const storedImage = groupsOf(startsOf(read(record.rows_of_image)));
  const storedScore = read(record.score);
  const falling = fallingOrder(storedScore, record.is_file_order ? null : () => read(record.record));
  const own = record.class_thresholds;
  const { order, keptRows } = own ? keptFirst(falling, storedScore, read(record.category), own) : { order: falling, keptRows: null };
  const row = placesOf(order);
  const sorted = (values) => inOrder(values, order);
  const image = sorted(storedImage);
  const storedPlace = read(record.target);
  const target = targetsOf(sorted(storedPlace), image, truth);
  const cause = sorted(read(record.cause));
  const category = sorted(read(record.category));
  const owed = readOwnDebts(record.own_debts, read, category, target, truth.classes.length);
  const iou = once(() => sorted(spread(read(record.iou), storedPlace, true)));
  const place = once(() => sorted(read(record.record)));
  return {
    rows: order.length,
    keptRows,
    score: sorted(storedScore),
    image,
    category,
    cause,
    target,
    // Only the examples tell these.
    get iou() { return iou(); },
    get record() { return place(); },
    foundRow: foundRows(cause, target, truth.objects),
    candidates: readCandidates(record.candidates, read, order, image, truth),
    own: readOwn(record.own_codes, read, { category, image }, (keys) => sorted(spread(keys, storedPlace, false)), truth),
    objectCause: read(record.object_cause),
    objectDetection: rowsBehind(read(record.object_detection), row),
    debts: {
      starts: startsOf(read(record.debts.per_object)),
      cause: read(record.debts.cause),
      gap: read(record.debts.gap),
      gapAt50: read(record.debts.gap_at_50),
    },
    ownGap: owed.gap,
    ownGapAt50: owed.gapAt50,
    owing: owed.rows,
    leftOut: record.left_out,
    boxRecords: record.box,
    boxRoundedTo: record.box_rounded_to,
    sorted,
  };
}
/** The objects that rows point at, from their places in the image counted from 1; -1 for none. */
function targetsOf(places, image, truth) {
  const target = new Int32Array(places.length);
  for (let row = 0; row < places.length; row += 1) {
    target[row] = places[row] ? truth.objectStarts[image[row]] + places[row] - 1 : -1;
  }
  return target;
}

/** The row + 1 of a stored place + 1; none, 0, stays none. */
function rowsBehind(stored, row) {
  const rows = new Uint32Array(stored.length);
  for (let object = 0; object < stored.length; object += 1) if (stored[object]) rows[object] = row[stored[object] - 1] + 1;
  return rows;
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
function readCandidates(record, read, order, image, truth) {
  const perRow = read(record.per_row);
  const stored = startsOf(perRow);
  const places = read(record.place);
  const starts = startsOf(inOrder(perRow, order));
  const object = new Uint32Array(places.length);
  const rows = new Uint32Array(places.length);
  let number = 0;
  for (let row = 0; row < order.length; row += 1) {
    if (starts[row] === starts[row + 1]) continue;
    rows[number++] = row;
    const first = truth.objectStarts[image[row]];
    let from = stored[order[row]];
    for (let at = starts[row]; at < starts[row + 1]; at += 1) object[at] = first + places[from++];
  }
  return { rows: rows.subarray(0, number), starts, object };
}

/**
 * What rows that point at nothing are by themselves: a few keys of each row, and how attributes follow from them.
 *
 * `keys` are the class, the image and each group of attributes of boxes, `sizes` how many values each key has;
 * `ofAttribute` is a code that all rows share, or which key it follows from and its code by that key.
 */
function readOwn(record, read, { category, image }, ofRow, truth) {
  const keys = [category, image];
  const sizes = [truth.classes.length, truth.images];
  const ofAttribute = truth.attributes.map(({ kind, ofImage }) => {
    if (kind === "class") return { key: 0, codes: counted(truth.classes.length) };
    return kind === "image" ? { key: 1, codes: ofImage } : 0; // 0 stays where no detection has a code
  });
  for (const [attribute, code] of record.same) ofAttribute[attribute] = code;
  for (const { attributes, codes, combination } of record.groups) {
    attributes.forEach((attribute, at) => { ofAttribute[attribute] = { key: keys.length, codes: read(codes[at]) }; });
    keys.push(ofRow(read(combination)));
    sizes.push(codes[0].rows);
  }
  return { keys, sizes, ofAttribute };
}

/** What each row owes at no object, over all IoU thresholds and at .5, and the rows that do. */
function readOwnDebts(record, read, category, target, classes) {
  const lengths = read(record.length);
  const [gap, gapAt50] = [read(record.gap), read(record.gap_at_50)];
  const byClass = aloneByClass(category, target, classes);
  const own = { gap: new Float64Array(category.length), gapAt50: new Float64Array(category.length) };
  let at = 0;
  for (let run = 0; run < lengths.length; run += 1) {
    const end = at + lengths[run];
    for (; gap[run] > 0 && at < end; at += 1) {
      own.gap[byClass[at]] = gap[run];
      own.gapAt50[byClass[at]] = gapAt50[run];
    }
    at = end;
  }
  return { ...own, rows: rowsThatOwe(own.gap) };
}

/** The rows that point at nothing, class by class. */
function aloneByClass(category, target, classes) {
  const next = new Uint32Array(classes + 1);
  for (let row = 0; row < target.length; row += 1) if (target[row] < 0) next[category[row] + 1] += 1;
  for (let at = 0; at < classes; at += 1) next[at + 1] += next[at];
  const rows = new Uint32Array(next[classes]);
  for (let row = 0; row < target.length; row += 1) if (target[row] < 0) rows[next[category[row]]++] = row;
  return rows;
}
