// Numbers as people read them: the same words as in the static page.

const DASH = "–";

const ONE_A_CLASS = "one score threshold a class";

/** 36781 as "36,781". */
function count(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** Rounded to some decimals; what lies exactly between two goes to the even one, as in Python. */
function fixed(value, digits) {
  const text = value.toFixed(digits);
  // A double can be such a tie only if it is a whole number of halves of powers of two.
  if (!Number.isInteger(value * 2 ** (digits + 1))) return text;
  const scaled = value * 10 ** digits;
  const below = Math.floor(scaled);
  if (scaled - below !== 0.5) return text;
  return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
}

/** A fraction of 1 as ".504"; never rounds to 0 or 1 unless it is; a dash where undefined. */
function fraction(value, digits = 3) {
  if (value === null || Number.isNaN(value)) return DASH;
  if (Math.abs(value) < 1e-12) return "0";
  if (value < 0) {
    const text = fraction(-value, digits);
    if (text.startsWith("< ")) return `> −${text.slice(2)}`;
    return text.startsWith("> ") ? `< −${text.slice(2)}` : `−${text}`;
  }
  const smallest = 10 ** -digits;
  if (value < smallest / 2) return `< ${smallest.toFixed(digits).slice(1)}`;
  if (1 - smallest / 2 <= value && value < 1) return `> ${(1 - smallest).toFixed(digits).slice(1)}`;
  const text = fixed(value, digits);
  if (Number(text) === 0) return "0";
  if (Number(text) === 1) return "1";
  return text.startsWith("0.") ? text.slice(1) : text;
}

/** A fraction of 1 in per cent, never 0 % or 100 % unless it is exactly that. */
function percent(value) {
  if (value === null || Number.isNaN(value)) return DASH;
  if (value === 0 || value === 1) return `${value * 100} %`;
  if (value < 0.0005) return "< 0.1 %";
  if (value >= 0.9995 && value < 1) return "> 99.9 %";
  const inPercent = value * 100;
  const hasDecimal = inPercent < 9.95 || (inPercent >= 99 && inPercent < 100);
  return `${fixed(inPercent, hasDecimal ? 1 : 0)} %`;
}

/** part / whole, null where it is not defined. */
function ratio(part, whole) {
  return whole ? part / whole : null;
}

/** F1 from counts; null where there is nothing. */
function f1Of(tp, fp, fn) {
  return ratio(2 * tp, 2 * tp + fp + fn);
}
