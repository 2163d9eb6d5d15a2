// Tables that sort by the column whose heading is pressed: numbers by value, names as people order them, ties as they were.

const NO_NUMBER = -Infinity; // a dash sorts last both ways

/** Makes the tables of slices, classes and images sortable; a sorted table stays sorted while its numbers move. */
function mountSorting() {
  const tables = [...document.querySelectorAll(".slice-table table, #classes table, #image-level table")].map(sortable);
  return {
    draw() {
      for (const table of tables) table.sort();
    },
  };
}

function sortable(table) {
  const own = [...table.tBodies[0].rows]; // as reported: the order of ties, and the one to go back to
  let column = -1;
  let direction = "none";
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => {
    head.replaceChildren(make("button", {
      type: "button", class: "sort", title: "Sort by this column; again: the other way; a third time: as reported",
      onclick: () => press(place),
    }, ...head.childNodes));
  });

  function press(place) {
    const turns = place === 0 ? ["none", "ascending", "descending"] : ["none", "descending", "ascending"];
    direction = place === column ? turns[(turns.indexOf(direction) + 1) % 3] : turns[1];
    column = place;
    heads.forEach((head, at) => {
      if (at === column && direction !== "none") head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    });
    sort(true);
  }

  function sort(isPressed = false) {
    if (direction === "none" && !isPressed) return;
    const rows = direction === "none" ? own : sortedRows(own, column, direction);
    const body = table.tBodies[0];
    if (rows.some((row, place) => body.rows[place] !== row)) body.append(...rows);
  }

  return { sort };
}

function sortedRows(rows, column, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  const keys = new Map(rows.map((row) => [row, column === 0 ? row.cells[0].textContent : numberOf(row.cells[column])]));
  return [...rows].sort((one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    if (column === 0) return sign * a.localeCompare(b, "en", { numeric: true });
    if (a === b) return 0;
    if (a === NO_NUMBER || b === NO_NUMBER) return a === NO_NUMBER ? 1 : -1;
    return sign * (a - b);
  });
}

/** The first number a cell says: "1,234", ".504", "38 % of 120"; what is below or above a number sorts beside it. */
function numberOf(cell) {
  const said = cell.textContent.match(/^\s*([<>])?\s*(−?)(\d[\d,]*(?:\.\d+)?|\.\d+)/);
  if (!said) return NO_NUMBER;
  const [text, beside, minus, digits] = said;
  const rest = cell.textContent.slice(text.length);
  const aside = beside === "<" ? -1e-9 : beside === ">" ? 1e-9 : 0;
  return ((minus ? -1 : 1) * Number(digits.replaceAll(",", "")) + aside) * (/^\s*%/.test(rest) ? 0.01 : 1);
}
