// A table whose cells are walked with the arrow keys and chosen with Enter or a click.

/** `choose` is told each cell of the body that is chosen. */
function makeWalkable(table, choose) {
  const chosen = (event) => {
    const cell = event.target.closest("tbody td");
    if (cell) choose(cell);
  };
  table.setAttribute("tabindex", "0");
  table.addEventListener("keydown", (event) => {
    if (event.key === "Enter") chosen(event);
    else moveFocus(table, event);
  });
  table.addEventListener("click", chosen);
}

/** Arrow keys move from cell to cell. */
function moveFocus(table, event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step) return;
  event.preventDefault();
  const rows = table.tBodies[0].rows;
  const current = document.activeElement.closest("tbody td");
  const [row, column] = current ? [current.parentElement.sectionRowIndex + step[0], current.cellIndex + step[1]] : [0, 1];
  const next = rows[Math.max(0, Math.min(rows.length - 1, row))].cells;
  const cell = next[Math.max(1, Math.min(next.length - 1, column))];
  if (current) current.removeAttribute("tabindex");
  cell.setAttribute("tabindex", "-1");
  cell.focus();
}
