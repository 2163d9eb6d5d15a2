// The confusion matrix: counts or shares, and a list of the samples behind a cell.

const MODES = [["count", "count"], ["row", "row %"], ["column", "column %"]];
const SHADES = 9;

function mountMatrix(page) {
  const table = document.querySelector("#confusion table.matrix");
  const body = [...table.tBodies[0].rows];
  const words = body.map((row) => row.cells[0].textContent);
  let mode = "count";
  const buttons = MODES.map(([key, text]) => make("button", {
    type: "button", "aria-pressed": key === mode, onclick: () => { mode = key; page.redraw(); },
  }, text));
  document.getElementById("matrix-modes").append(make("span", { class: "label" }, "show "), ...buttons);
  const cells = body.map((row, line) => [...row.cells].slice(1, -1).map((cell, column) => {
    const button = make("button", { type: "button", onclick: () => page.list({ line, column, words: [words[line], words[column]] }) });
    return { cell, button };
  }));

  return {
    draw({ matrix }) {
      const rowSums = matrix.map((row) => row.reduce((sum, number) => sum + number, 0));
      const columnSums = matrix.map((_, column) => matrix.reduce((sum, row) => sum + row[column], 0));
      buttons.forEach((button, at) => button.setAttribute("aria-pressed", MODES[at][0] === mode));
      cells.forEach((row, line) => row.forEach(({ cell, button }, column) => {
        drawCell(cell, button, {
          number: matrix[line][column], rowSum: rowSums[line], columnSum: columnSums[column], mode,
          isRight: line === column, isMixed: line === column && line === page.summedLine, words: [words[line], words[column]],
          isPressed: page.listed?.line === line && page.listed?.column === column,
        });
      }));
      body.forEach((row, line) => say(row.cells[row.cells.length - 1], count(rowSums[line])));
      const foot = [...table.tFoot.rows[0].cells].slice(1);
      [...columnSums, page.samples.rows].forEach((sum, at) => say(foot[at], count(sum)));
    },
  };
}

function drawCell(cell, button, { number, rowSum, columnSum, mode, isRight, isMixed, words, isPressed }) {
  const whole = mode === "column" ? columnSum : rowSum;
  const share = ratio(number, whole);
  cell.className = shadeOf(number, whole, isRight, isMixed);
  if (number) cell.title = `${percent(ratio(number, rowSum))} of ${count(rowSum)} in the row, ${percent(ratio(number, columnSum))} of ${count(columnSum)} in the column`;
  else cell.removeAttribute("title");
  const text = mode === "count" ? count(number) : percent(share);
  if (!number) {
    cell.replaceChildren(text);
    return;
  }
  say(button, text);
  button.setAttribute("aria-label", `${text}: ${plural(number, "sample")} of ${words[0]} taken for ${words[1]}`);
  button.setAttribute("aria-pressed", isPressed);
  if (button.parentNode !== cell) cell.replaceChildren(button);
}

function shadeOf(number, whole, isRight, isMixed) {
  if (!number) return "zero";
  if (isMixed) return "";
  return `${isRight ? "right" : "wrong"}-${Math.max(1, Number(fixed((SHADES * number) / whole, 0)))}`;
}
