// What Python tells: labels and attributes at once, every sample when it has been unpacked.

const manifest = JSON.parse(document.getElementById("mapgap-manifest").textContent);

/** The columns of the samples: JSON in gzip in base64 in an element of the page. */
async function readSamples() {
  const element = document.getElementById("mapgap-samples");
  const packed = Uint8Array.from(atob(element.textContent), (character) => character.charCodeAt(0));
  element.textContent = "";
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const { truth, prediction, scores, ids, codes } = JSON.parse(await new Response(stream).text());
  return {
    rows: truth.length,
    truth: Int32Array.from(truth),
    reported: Int32Array.from(prediction),
    scores: scores.map((column) => Float64Array.from(column)),
    ids,
    codes: codes.map((column) => Int32Array.from(column)),
  };
}

/** The scores of a class, null where there are none in this page. */
function scoresOf(samples, place) {
  const column = manifest.scored.indexOf(place);
  return column < 0 ? null : samples.scores[column];
}
