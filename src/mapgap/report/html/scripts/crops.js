// The crops of pictures that the file holds, and links to whole pictures.

const NEAR = 0.25; // pixels: boxes of detections are rounded in this file
const PLAIN_ADDRESS = /^(?!\/)[\w.\-~%/]+$/; // what Python's escaping leaves: no scheme, no host, no query

/** The crops by image, and the address of the picture of each image; null in a file that was made without pictures. */
async function readCrops() {
  const record = manifest.crops;
  if (!record) return null;
  const chunks = { crops: await inflate("crops") };
  const read = (name) => column(record[name], chunks);
  const [images, lengths] = [read("image"), read("length")];
  const [x, y, width, height, wide, tall] = ["x", "y", "width", "height", "picture_width", "picture_height"].map(read);
  const text = document.getElementById("mapgap-chunk-crop-pictures").textContent;
  const ofImage = new Map();
  let until = 0;
  images.forEach((image, at) => {
    const from = until;
    const end = until += lengths[at];
    const crop = {
      window: [x[at], y[at], width[at], height[at]],
      picture: [0, 0, wide[at], tall[at]],
      address: () => `data:image/webp;base64,${text.slice(from, end)}`,
    };
    if (!ofImage.has(image)) ofImage.set(image, []);
    ofImage.get(image).push(crop);
  });
  const links = record.links ? JSON.parse(new TextDecoder().decode(await inflate("links"))) : null;
  return { ofImage, links };
}

const cropsOfFile = once(readCrops);

/** The smallest crop that holds what a frame shows of the picture; null where there is none. */
function cropFor(crops, image, frame) {
  let best = null;
  for (const crop of crops?.ofImage.get(image) ?? []) {
    if (!holds(crop, frame)) continue;
    if (best === null || crop.window[2] * crop.window[3] < best.window[2] * best.window[3]) best = crop;
  }
  return best;
}

/** Whether a crop shows all of the frame that lies in the picture. */
function holds({ window, picture }, frame) {
  if (areApart(picture, frame)) return false;
  return [0, 1].every((axis) => {
    const first = Math.max(frame[axis], 0);
    const last = Math.min(frame[axis] + frame[axis + 2], picture[axis + 2]);
    return window[axis] - NEAR <= first && last <= window[axis] + window[axis + 2] + NEAR;
  });
}

/** A crop as part of a drawing, where it lies in its picture. */
function imageOfCrop({ window: [x, y, width, height], address }) {
  return draw("image", { href: address(), x, y, width, height, preserveAspectRatio: "none" });
}

/** How many of the selected errors have a picture. */
function numberWithPicture(truth, boxes, errors, crops) {
  let number = 0;
  for (let place = 0; place < errors.number; place += 1) {
    if (!crops.ofImage.has(errors.imageAt(place))) continue; // most images have none
    const error = errors.at(place);
    if (cropFor(crops, error.image, sightOf(truth, boxes, error).frame)) number += 1;
  }
  return number;
}

/** A file name, as a link to the whole picture where the file has one. */
function linkedName(crops, image, text) {
  const address = crops?.links?.[image] ?? null;
  if (address === null || !PLAIN_ADDRESS.test(address)) return nameOf(text);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: "The whole picture, which is not in this file" }, nameOf(text));
}
