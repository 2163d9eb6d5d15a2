// The curves: drawn anew when the filter changes, while in sight; moving the threshold moves their live points.

const DOT_RADIUS = 2;
const DOT_GROWTH = 4;

/** Takes over the charts of the static page. */
function mountCurves(page) {
  const section = document.getElementById("curves");
  const figures = new Map([...section.querySelectorAll("[data-chart]")].map((figure) => [figure.dataset.chart, figure]));
  if (!figures.size) return { draw() {} };
  const scope = section.querySelector(".population");
  const told = [...scope.childNodes];
  const chooser = classChooser(page);
  section.querySelector(".charts").before(
    make("p", { class: "note live-only" }, "Hover to read a point. A click moves the threshold there, and so do the arrow keys. The dot is the threshold above, the large circle the best F1."), chooser.element);
  const charts = CURVE_CHARTS.map(([name, contentOf]) => mountCurve(page, figures.get(name), contentOf));
  charts.push(mountReliability(page, figures.get("reliability")));
  let isInSight = false;
  let isStale = true;

  function drawNow() {
    isStale = false;
    for (const chart of charts) chart.draw();
    section.removeAttribute("aria-busy");
  }

  new IntersectionObserver((entries) => {
    isInSight = entries.at(-1).isIntersecting; // of several at once the last holds
    if (isInSight && isStale) drawNow();
  }, { rootMargin: "200px" }).observe(section);

  return {
    draw({ isFiltered }) {
      chooser.draw();
      scope.replaceChildren(...(isFiltered ? ["within ", ...filterWords(page)] : told));
      isStale = true;
      if (isInSight) drawNow();
      else section.setAttribute("aria-busy", "true");
    },
  };
}

function filterWords({ truth, state }) {
  return Object.entries(state.where).flatMap(([name, code], at) => {
    const attribute = truth.attributes.find((one) => one.name === name);
    return [at ? ", " : null, nameOf(name), " ", nameOf(attribute.values[code])].filter((part) => part !== null);
  });
}

/** The attribute that is the class, if there is one to choose from. */
function classAttribute(truth) {
  return truth.attributes.find(({ kind, values }) => kind === "class" && values.length > 1) ?? null;
}

/** A list of the classes that filters by class. */
function classChooser(page) {
  const attribute = classAttribute(page.truth);
  if (!attribute) return { element: "", draw() {} };
  const { name, values } = attribute;
  const options = values.map((value, code) => make("option", { value: code }, String(value).trim() ? String(value) : "(no name)"));
  const select = make("select", {
    onchange: () => {
      const where = { ...page.state.where };
      delete where[name];
      page.change({ where: select.value === "" ? where : { ...where, [name]: Number(select.value) } });
    },
  }, make("option", { value: "" }, "all classes pooled"), options);
  return {
    element: make("p", { class: "choose-class" }, make("label", {}, "Curves of ", select)),
    draw() { select.value = Object.hasOwn(page.state.where, name) ? String(page.state.where[name]) : ""; },
  };
}

/** A chart whose points are thresholds. */
function mountCurve(page, figure, contentOf) {
  const { run } = page;
  let content = null;
  let drawnFor = null;
  const chart = mountChart(figure, (at) => page.change({ threshold: content.scoreOf(content.shown[at]) }));
  return {
    draw() {
      if (drawnFor !== page.members) {
        drawnFor = page.members;
        content = contentOf(page, figure, content);
        chart.show({ ...content, drawn: drawnOf(content, page) });
      }
      const { threshold } = page.state;
      const entry = entryAt(content.end, page.position);
      const at = before(content.shown, entry + 1) - (content.shown.includes(entry) ? 1 : 0.5);
      chart.move(livePoint(content, threshold, entry, "live"), `${thresholdWords(threshold)}: ${content.wordsOf(entry)}`, at);
    },
  };

  function drawnOf({ frame, xs, ys, shown, drawn = shown, isByX, empty, below }, { ownThreshold }) {
    if (empty) return [nothingDrawn(empty)];
    const position = ownThreshold === null ? run.rows : positionOf(run, ownThreshold);
    return [
      ...(below ?? []),
      (isByX ? stepsOf : lineOf)(frame, xs, ys, drawn),
      ...livePoint(content, ownThreshold, entryAt(content.end, position), "own"),
    ];
  }
}

/** A dot on the curve at a threshold, and a line where the threshold is an axis; none where it is not on the chart. */
function livePoint({ frame, xs, ys, end, isByX, empty, valueOfNothing, at }, threshold, entry, name) {
  if (empty) return [];
  if (!isByX) {
    const point = at ? at(entry) : entry < 0 ? null : [xs[entry], ys[entry]];
    return point ? [dotOf(frame, point, name)] : [];
  }
  const x = threshold ?? xs[end.length - 1];
  if (x < frame.x.low || x > frame.x.high) return [];
  const y = entry < 0 ? valueOfNothing : ys[entry];
  const lines = threshold === null ? [] : [uprightAt(placeIn(frame, x, 0)[0], name)];
  return y === null || y > frame.y.high ? lines : [...lines, dotOf(frame, [x, y], name)];
}

function thresholdWords(threshold) {
  return threshold === null ? "every score" : `score ≥ ${threshold}`;
}

/** What the charts of one curve have in common. */
function contentOfCurve(page, curve, { frame, valueX, valueY, words, isByX, ...more }) {
  const { run } = page;
  const [xs, ys] = [new Float64Array(curve.entries), new Float64Array(curve.entries)];
  for (let entry = 0; entry < curve.entries; entry += 1) {
    xs[entry] = valueX(entry);
    ys[entry] = valueY(entry);
  }
  const empty = more.empty ?? (curve.entries ? null : "no detection counts");
  const shown = empty ? [] : decimated(xs, ys, frame.x.low, frame.x.high);
  const scoreOf = (entry) => run.score[curve.end[entry] - 1];
  const countsOf = (entry) => {
    const [tp, fp] = entry < 0 ? [0, 0] : [curve.tp[entry], curve.fp[entry]];
    return [tp, fp, curve.objects - tp];
  };
  const wordsOf = (entry) => words(...countsOf(entry), entry);
  return {
    frame, xs, ys, shown, isByX, empty, scoreOf, wordsOf,
    end: curve.end,
    isFalling: isByX,
    points: shown.map((entry) => [xs[entry], ys[entry]]),
    textOf: (at) => `${thresholdWords(scoreOf(shown[at]))}: ${wordsOf(shown[at])}`,
    valueOfNothing: more.valueOfNothing ?? null,
  };
}

function precisionRecallContent(page) {
  const curve = curveOf(page.truth, page.run, page.members);
  const { tp, fp, objects } = curve;
  return contentOfCurve(page, curve, {
    frame: { x: { low: 0, high: 1 }, y: { low: 0, high: 1 } },
    empty: objects ? null : "no objects, so there is no recall",
    valueX: (entry) => tp[entry] / objects,
    valueY: (entry) => tp[entry] / (tp[entry] + fp[entry]),
    words: ratesWords,
  });
}

function f1Content(page) {
  const curve = curveOf(page.truth, page.run, page.members);
  const { tp, fp, objects, best } = curve;
  const valueY = (entry) => (2 * tp[entry]) / (tp[entry] + fp[entry] + objects);
  const frame = { x: scoreAxis(page.run, curve), y: { low: 0, high: 1 } };
  const content = contentOfCurve(page, curve, {
    frame, valueY, isByX: true, valueOfNothing: 0,
    valueX: (entry) => page.run.score[curve.end[entry] - 1],
    words: (right, wrong, missed) => `F1 ${fraction(f1Of(right, wrong, missed))}, ${ratesWords(right, wrong, missed)}`,
  });
  const mark = best < 0 ? [] : [dotOf(frame, [content.xs[best], content.ys[best]], "best", 8)];
  return { ...content, below: mark };
}

function costContent(page) {
  const curve = curveOf(page.truth, page.run, page.members);
  const high = curve.cost.reduce((most, cost) => Math.max(most, cost), 1);
  return contentOfCurve(page, curve, {
    frame: { x: scoreAxis(page.run, curve), y: { low: 0, high } },
    isByX: true,
    valueOfNothing: curve.costOfNothing,
    valueX: (entry) => page.run.score[curve.end[entry] - 1],
    valueY: (entry) => curve.cost[entry],
    words: (tp, fp, fn, entry) => costWords(fp, fn, entry < 0 ? curve.costOfNothing : curve.cost[entry]),
  });
}

/** Where the class is, and where it is not; whole images, so that only a class narrows it. */
function rocContent(page, figure, drawn) {
  const { truth, run, state } = page;
  const attribute = classAttribute(truth);
  const category = attribute && Object.hasOwn(state.where, attribute.name) ? state.where[attribute.name] : null;
  const others = Object.keys(state.where).filter((name) => name !== attribute?.name);
  figure.querySelector(".scope").replaceChildren(
    ...(category === null ? ["all pairs pooled"] : ["images of ", nameOf(truth.classes[category])]),
    ...(others.length ? ["; whole images, not narrowed by ", ...others.flatMap((name, at) => [at ? ", " : "", nameOf(name)])] : []));
  if (drawn?.category === category) return drawn;
  const roc = rocCurve(truth, run, page.presence(), category);
  const auc = figure.querySelector(".auc");
  auc.dataset.told ??= auc.textContent;
  say(auc, run.leftOut && category === null ? auc.dataset.told : fraction(roc.auc));
  const frame = { x: { low: 0, high: 1 }, y: { low: 0, high: 1 } };
  const [xs, ys] = [[0, ...roc.fp.map((fp) => fp / roc.negatives)], [0, ...roc.tp.map((tp) => tp / roc.positives)]];
  if (!run.leftOut) [xs, ys].forEach((values) => values.push(1));
  const empty = roc.positives && roc.negatives ? null : "no pair on one of the two sides";
  const kept = empty ? [] : decimated(xs, ys, 0, 1);
  const shown = kept.map((at) => at - 1).filter((entry) => entry >= 0 && entry < roc.end.length);
  const scoreOf = (entry) => run.score[roc.end[entry] - 1];
  const noun = category === null ? "pair" : "image";
  const wordsOf = (entry) => rocWords(entry < 0 ? 0 : roc.tp[entry], roc.positives, entry < 0 ? 0 : roc.fp[entry], roc.negatives, noun);
  const pointOf = (entry) => [xs[entry + 1], ys[entry + 1]];
  return {
    frame, shown, empty, scoreOf, wordsOf, xs, ys,
    category,
    drawn: kept,
    end: roc.end,
    below: [draw("path", { d: diagonalOf(frame), class: "diagonal" })],
    at: pointOf,
    points: shown.map(pointOf),
    textOf: (place) => `${thresholdWords(scoreOf(shown[place]))}: ${wordsOf(shown[place])}`,
  };
}

function diagonalOf(frame) {
  const [[x, y], [right, top]] = [placeIn(frame, 0, 0), placeIn(frame, 1, 1)];
  return `M${short(x)} ${short(y)} ${short(right)} ${short(top)}`;
}

const CURVE_CHARTS = [
  ["precision-recall", precisionRecallContent],
  ["f1", f1Content],
  ["cost", costContent],
  ["roc", rocContent],
];

/** From 0 to 1, or from the lowest to the highest score where these are no probabilities. */
function scoreAxis(run, { end, entries }) {
  if (!entries) return { low: 0, high: 1 };
  const [low, high] = [run.score[end[entries - 1] - 1], run.score[end[0] - 1]];
  if (low >= 0 && high <= 1) return { low: 0, high: 1 };
  return low < high ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

/** How far scores can be believed. Its points are bins of scores, which arrow keys read and nothing moves. */
function mountReliability(page, figure) {
  const { run } = page;
  const error = figure.querySelector(".d-ece");
  error.dataset.told ??= error.textContent;
  let drawnFor = null;
  let reliability = null;
  let frame = null;
  const chart = mountChart(figure, (at) => { chart.move(threshold(), allWords(), at); chart.read(at); });
  const allWords = () => `every score: ${shareOf(reliability.right, reliability.number, "detection")} right`;
  const threshold = () => {
    const here = page.state.threshold;
    return here === null || here < frame.x.low || here > frame.x.high ? [] : [uprightAt(placeIn(frame, here, 0)[0], "live")];
  };
  return {
    draw() {
      if (drawnFor !== page.members) {
        drawnFor = page.members;
        reliability = reliabilityOf(run, page.members);
        const { bins, isProbability } = reliability;
        const isFiltered = Object.keys(page.state.where).length > 0;
        say(error, run.leftOut && !isFiltered ? error.dataset.told : fraction(reliability.error));
        const x = isProbability || !bins.length ? { low: 0, high: 1 } : { low: bins[0].low, high: bins[bins.length - 1].high };
        frame = { x: x.low < x.high ? x : { low: x.low - 0.5, high: x.high + 0.5 }, y: { low: 0, high: 1 } };
        const most = Math.log1p(Math.max(...bins.map(({ number }) => number)));
        chart.show({
          frame,
          isByX: true,
          drawn: bins.length ? [
            ...bins.map(({ low, high, number, right }) => blockOf(frame, low, high, right / number)),
            isProbability ? draw("path", { d: diagonalOf(frame), class: "diagonal" }) : null,
            ...bins.map((bin) => dotOf(frame, pointOfBin(bin), "bin", DOT_RADIUS + (DOT_GROWTH * Math.log1p(bin.number)) / most)),
          ] : [nothingDrawn("no detection counts")],
          points: bins.map(pointOfBin),
          textOf: (at) => binWords(bins[at]),
        });
      }
      chart.move(threshold(), allWords(), -0.5);
    },
  };
}

function pointOfBin({ number, right, total }) {
  return [total / number, right / number];
}

function ratesWords(tp, fp, fn) {
  return `precision ${shareOf(tp, tp + fp, "detection")}, recall ${shareOf(tp, tp + fn, "object")}`;
}

function costWords(fp, fn, cost) {
  const parts = `${plural(fp, "false positive")} and ${plural(fn, "missed object")}`;
  return manifest.costs ? `cost ${amountWords(cost)}, ${parts}` : `${plural(fp + fn, "error")}, ${parts}`;
}

/** A sum of costs, at most one decimal. */
function amountWords(cost) {
  const [whole, decimal] = fixed(cost, 1).split(".");
  return count(whole) + (decimal === "0" ? "" : `.${decimal}`);
}

function rocWords(tp, positives, fp, negatives, noun) {
  return `found in ${shareOf(tp, positives, noun)} with the class, in ${shareOf(fp, negatives, noun)} without`;
}

function binWords({ low, high, number, right, total }) {
  return `score ${fixed(low, 2)} to ${fixed(high, 2)}: ${shareOf(right, number, "detection")} right, mean score ${fraction(total / number)}`;
}

function shareOf(part, whole, noun) {
  return whole ? `${percent(part / whole)} of ${plural(whole, noun)}` : `${DASH} of 0 ${noun}s`;
}
