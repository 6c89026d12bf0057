"use strict";
(() => {
  const form = document.getElementById("filter");
  const search = document.getElementById("search");
  const columns = document.getElementById("columns");
  const differing = document.getElementById("differing");
  const status = document.getElementById("shown");
  const detail = document.getElementById("detail");
  const heads = [...document.querySelectorAll("th.subject")];
  const names = heads.map((head) => (head.textContent + " " + head.title).toLowerCase());
  const rows = [...document.querySelectorAll("tr.row")].map((element) => ({
    element,
    text: element.querySelector("th").textContent.toLowerCase(),
    cells: [...element.querySelectorAll("td")],
    values: [...element.querySelectorAll("td")].map((cell) => (cell.firstElementChild ? cell.firstElementChild.dataset.value : "")),
  }));
  const checked = (name) => [...form.querySelectorAll(`input[name=${name}]:checked`)].map((input) => input.value);
  const words = (input) => input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text, wanted) => wanted.every((word) => text.includes(word));
  let shown = heads.map(() => true);

  const filter = () => {
    const inRows = words(search);
    const inColumns = words(columns);
    const verdicts = checked("verdict");
    const levels = checked("level");
    const now = names.map((name) => has(name, inColumns));
    now.forEach((visible, place) => {
      if (visible === shown[place]) return;
      heads[place].hidden = !visible;
      for (const row of rows) row.cells[place].hidden = !visible;
    });
    shown = now;
    let count = 0;
    for (const row of rows) {
      const values = row.values.filter((value, place) => shown[place]);
      const known = new Set(values.filter(Boolean));
      const visible = has(row.text, inRows)
        && (!levels.length || levels.includes(row.element.dataset.level))
        && (!verdicts.length || verdicts.some((verdict) => known.has(verdict)))
        && (!differing.checked || known.size > 1);
      row.element.hidden = !visible;
      count += visible;
    }
    status.textContent = `${count} of ${rows.length} rows, ${shown.filter(Boolean).length} of ${heads.length} reports shown`;
    document.getElementById("nothing").hidden = count > 0;
  };
  let waiting = 0;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 100);
  });
  form.addEventListener("reset", () => setTimeout(filter, 0));
  filter();

  const line = (text, bold) => {
    const paragraph = document.createElement("p");
    const inside = document.createElement(bold ? "strong" : "span");
    inside.textContent = text;
    paragraph.append(inside);
    return paragraph;
  };
  document.addEventListener("click", (event) => {
    const cell = event.target.closest && event.target.closest("button.cell");
    if (!cell) return;
    const row = cell.closest("tr").querySelector("th .title");
    detail.replaceChildren(
      line(cell.getAttribute("aria-label"), true),
      ...[row && row.textContent, cell.dataset.tally, cell.dataset.note].filter(Boolean).map((text) => line(text)),
    );
    detail.hidden = false;
  });

  // One cell is reached by Tab, the others from it by the arrows: nobody tabs through five thousand.
  const cells = [...document.querySelectorAll("button.cell")];
  cells.forEach((cell, place) => { cell.tabIndex = place ? -1 : 0; });
  const visible = (element) => !element.hidden && !element.closest("tr").hidden;
  const move = (cell, step, down) => {
    const column = cell.closest("td").cellIndex;
    if (!down) {
      const siblings = [...cell.closest("tr").cells].filter((one) => one.querySelector("button") && visible(one));
      return siblings[siblings.indexOf(cell.closest("td")) + step];
    }
    let place = rows.findIndex((row) => row.element === cell.closest("tr")) + step;
    while (rows[place] && (rows[place].element.hidden || !rows[place].element.cells[column].querySelector("button"))) place += step;
    return rows[place] && rows[place].element.cells[column];
  };
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest && event.target.closest("button.cell");
    const steps = { ArrowLeft: [-1, false], ArrowRight: [1, false], ArrowUp: [-1, true], ArrowDown: [1, true] };
    if (event.key === "Escape") detail.hidden = true;
    if (!cell || !steps[event.key]) return;
    event.preventDefault();
    const next = move(cell, ...steps[event.key]);
    if (!next) return;
    cell.tabIndex = -1;
    next.querySelector("button").tabIndex = 0;
    next.querySelector("button").focus();
  });
})();
