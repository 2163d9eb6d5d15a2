// Charts as drawings, number by number as in the static page: axes, lines, dots, and a reading of the nearest point.

const CHART = { width: 340, height: 236, left: 44, right: 330, top: 24, bottom: 192 };
const MOST_TICKS = 5;

/** Where a point of two axes { low, high } is drawn. */
function placeIn({ x, y }, valueX, valueY) {
  const across = (valueX - x.low) / (x.high - x.low);
  const up = (valueY - y.low) / (y.high - y.low);
  return [CHART.left + across * (CHART.right - CHART.left), CHART.bottom - up * (CHART.bottom - CHART.top)];
}

/** Lines across the chart at round numbers, and the numbers. */
function axesOf(frame) {
  const [xs, ys] = [ticksOf(frame.x), ticksOf(frame.y)];
  const across = (value) => placeIn(frame, value, frame.y.low)[0];
  const up = (value) => placeIn(frame, frame.x.low, value)[1];
  return [
    ...xs.map(([value]) => uprightAt(across(value))),
    ...ys.map(([value]) => draw("line", { x1: CHART.left, x2: CHART.right, y1: short(up(value)), y2: short(up(value)) })),
    ...xs.map(([value, text]) => label(text, across(value), CHART.bottom + 15, "middle")),
    ...ys.map(([value, text]) => label(text, CHART.left - 6, up(value) + 4, "end")),
  ];
}

/** Round numbers on an axis with their texts, a few. */
function ticksOf({ low, high }) {
  const span = high - low;
  for (let power = -300; power < 300; power += 1) {
    for (const factor of [1, 2, 5]) {
      const step = Number(`${factor}e${power}`);
      if (span > MOST_TICKS * step) continue;
      const digits = Math.max(0, -power);
      const first = Math.ceil(low / step);
      return Array.from({ length: MOST_TICKS + 1 }, (_, at) => (first + at) * step)
        .filter((value) => value <= high)
        .map((value) => [value, tickText(value, digits)]);
    }
  }
  return [];
}

function tickText(value, digits) {
  if (digits === 0) return count(Math.round(value));
  const size = fixed(Math.abs(value), Math.min(100, digits));
  const sign = value < 0 ? "−" : "";
  if (Number(size) === 0) return "0";
  if (Number(size) === 1) return `${sign}1`;
  return sign + (size.startsWith("0.") ? size.slice(1) : size);
}

/** The points `shown` joined by straight lines. */
function lineOf(frame, xs, ys, shown, name = "curve") {
  const places = shown.map((at) => placeIn(frame, xs[at], ys[at]));
  return draw("path", { d: `M${places.map(([x, y]) => `${short(x)} ${short(y)}`).join(" ")}`, class: name });
}

/** Each value stays until the next point. */
function stepsOf(frame, xs, ys, shown) {
  const [[x, y], ...others] = shown.map((at) => placeIn(frame, xs[at], ys[at]));
  const moves = others.map(([across, up]) => `H${short(across)}V${short(up)}`).join("");
  return draw("path", { d: `M${short(x)} ${short(y)}${moves}`, class: "curve" });
}

function dotOf(frame, point, name, radius = 5) {
  const [x, y] = placeIn(frame, ...point);
  return draw("circle", { cx: short(x), cy: short(y), r: short(radius), class: name });
}

/** A line from bottom to top. */
function uprightAt(x, name = null) {
  return draw("line", { x1: short(x), x2: short(x), y1: CHART.top, y2: CHART.bottom, class: name });
}

/** A bar from the bottom up. */
function blockOf(frame, low, high, value) {
  const [left, top] = placeIn(frame, low, value);
  return draw("rect", { x: short(left), y: short(top), width: short(placeIn(frame, high, value)[0] - left), height: short(CHART.bottom - top), class: "block" });
}

/** In place of a curve that there is not. */
function nothingDrawn(text) {
  return label(text, (CHART.left + CHART.right) / 2, (CHART.top + CHART.bottom) / 2, "middle");
}

function label(text, x, y, anchor) {
  return draw("text", { x: short(x), y: short(y), "text-anchor": anchor }, text);
}

function short(value) {
  return fixed(value, 1).replace(/\.0$/, "");
}

/**
 * Takes over a chart of the static page. `read` gives its content when it has changed:
 * { frame, drawn, points: [[x, y], ...] or none, textOf(at), isFalling }; `choose(at)` is called for a click or a key.
 */
function mountChart(figure, choose) {
  const svg = figure.querySelector("svg");
  const [axes, drawn] = [svg.querySelector(".axes"), svg.querySelector(".drawn")];
  const live = draw("g", {});
  const reading = draw("g", {});
  const readout = figure.querySelector(".readout");
  drawn.after(live, reading);
  let content = null;
  let told = "";
  let here = -1;
  svg.removeAttribute("aria-label");
  for (const [name, value] of Object.entries({
    role: "slider", tabindex: 0, "aria-labelledby": figure.querySelector("b").id, "aria-valuemin": 0, "aria-valuenow": 0,
  })) svg.setAttribute(name, value);

  function read(at) {
    reading.replaceChildren(...(at < 0 ? [] : [dotOf(content.frame, content.points[at], "read", 6)]));
    say(readout, at < 0 ? told : content.textOf(at));
  }

  svg.addEventListener("pointermove", (event) => read(nearest(event)));
  svg.addEventListener("pointerleave", () => read(-1));
  svg.addEventListener("click", (event) => {
    const at = nearest(event);
    if (at >= 0) choose(at);
  });
  svg.addEventListener("keydown", (event) => {
    const last = content.points.length - 1;
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -last - 1, End: last + 1 }[event.key];
    if (step === undefined || last < 0) return;
    event.preventDefault();
    const turned = content.isFalling ? -step : step;
    // From between two points to the next one that way.
    here = Math.max(0, Math.min(last, turned > 0 ? Math.floor(here + turned) : Math.ceil(here + turned)));
    choose(here);
  });

  function nearest(event) {
    const { left, top, width, height } = svg.getBoundingClientRect();
    const [x, y] = [((event.clientX - left) / width) * CHART.width, ((event.clientY - top) / height) * CHART.height];
    let [best, least] = [-1, Infinity];
    content.points.forEach((point, at) => {
      const [across, up] = placeIn(content.frame, ...point);
      const distance = (across - x) ** 2 + (content.isByX ? 0 : (up - y) ** 2);
      if (distance < least) [best, least] = [at, distance];
    });
    return best;
  }

  return {
    /** Draws the content anew. */
    show(next) {
      content = next;
      axes.replaceChildren(...axesOf(content.frame));
      drawn.replaceChildren(...content.drawn.filter((part) => part !== null));
      svg.setAttribute("aria-valuemax", Math.max(0, content.points.length - 1));
      reading.replaceChildren();
    },
    /** Moves the live point; `at` is the nearest of the points that are drawn, a half between two, below 0 before all. */
    move(parts, text, at) {
      live.replaceChildren(...parts.filter((part) => part !== null));
      told = text;
      here = at;
      reading.replaceChildren();
      say(readout, text);
      svg.setAttribute("aria-valuenow", Math.max(0, Math.min(content.points.length - 1, Math.round(at))));
      svg.setAttribute("aria-valuetext", text);
    },
    read,
  };
}
