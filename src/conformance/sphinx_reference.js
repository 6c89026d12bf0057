// The support matrix: sorting, filtering, an address for every view, and a link behind every cell.
(() => {
  "use strict";
  for (const support of document.querySelectorAll(".support")) {
    const form = support.querySelector("form");
    const table = support.querySelector("table");
    const body = table.tBodies[0];
    const status = support.querySelector(".support-count");
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...body.rows];
    const texts = rows.map((row) => row.cells[0].textContent.trim().toLowerCase());
    const hiding = document.head.appendChild(document.createElement("style"));
    const names = ["kind", "driver", "release", "finding", "text", "differ"];
    // What somebody has to look at is sorted first.
    const ranks = ["violated", "inconclusive", "not-testable", "deviation", "refused", "no", "not-run", "upheld", "yes",
      "taken", "not-applicable", "unknown"];
    let sorted = "";

    // What a finding is called in the table's cells, by its class.
    const findingOf = (cell) => cell.className.replace("v-", "");
    const findings = rows.map((row) => [...row.cells].slice(1).map(findingOf));

    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "support-sort";
      const name = column ? `${head.dataset.driver} ${head.dataset.release}` : "name";
      button.setAttribute("aria-label", `Sort by ${name}`);
      button.addEventListener("click", () => {
        const key = column ? head.dataset.name : "name";
        sorted = sorted === key ? `-${key}` : key;
        show(true);
      });
      head.append(" ", button);
    });

    rows.forEach((row) => {
      const kind = row.dataset.kind;
      const id = row.cells[0].firstElementChild.textContent.toLowerCase().replaceAll("_", "-");
      [...row.cells].slice(1).forEach((cell, number) => {
        const name = heads[number + 1].dataset.name;
        if (findingOf(cell) === "unknown") return;
        const link = document.createElement("a");
        link.href = `${support.dataset.subjects}/${name}.html#${name}-${kind === "rule" ? "" : `${kind}-`}${id}`;
        link.textContent = cell.textContent;
        cell.replaceChildren(link);
      });
    });

    function wanted() {
      return Object.fromEntries(names.map((name) => {
        const field = form.elements[name];
        return [name, field.type === "checkbox" ? (field.checked ? "1" : "") : field.value];
      }));
    }

    function order() {
      const down = sorted.startsWith("-");
      const key = down ? sorted.slice(1) : sorted;
      const column = key === "name" ? 0 : heads.findIndex((head) => head.dataset.name === key);
      const numbers = rows.map((_, number) => number);
      if (sorted && column >= 0) {
        const rank = (number) => ranks.indexOf(findings[number][column - 1]);
        const by = column
          ? (one, other) => rank(one) - rank(other)
          : (one, other) => texts[one].localeCompare(texts[other]);
        numbers.sort((one, other) => by(one, other) || one - other);
        if (down) numbers.reverse();
      }
      heads.forEach((head, number) => {
        if (sorted && number === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      const now = [...body.rows];
      if (numbers.some((number, place) => rows[number] !== now[place]))
        body.append(...numbers.map((number) => rows[number]));
    }

    function show(remember) {
      const want = wanted();
      const columns = heads.slice(1).map((head) =>
        (!want.driver || head.dataset.driver === want.driver) &&
        (!want.release || head.dataset.release === want.release));
      const style = columns.map((is, number) =>
        is ? "" : `.support tr > :nth-child(${number + 2}) { display: none; }`).join("");
      if (hiding.textContent !== style) hiding.textContent = style;
      const text = want.text.trim().toLowerCase();
      let count = 0;
      rows.forEach((row, number) => {
        const seen = findings[number].filter((_, column) => columns[column]);
        const is = (!want.kind || row.dataset.kind === want.kind) &&
          (!text || texts[number].includes(text)) &&
          (!want.finding || seen.includes(want.finding)) &&
          (!want.differ || new Set(seen).size > 1);
        if (row.hidden === is) row.hidden = !is;
        count += is;
      });
      order();
      const shown = columns.filter(Boolean).length;
      status.textContent = `${count} of ${rows.length} rows, ${shown} of ${columns.length} drivers`;
      if (remember) {
        const parts = new URLSearchParams(Object.entries({ ...want, sort: sorted }).filter(([, value]) => value));
        history.replaceState(null, "", `${location.pathname}${location.search}#${parts}`);
      }
    }

    function recall() {
      const parts = new URLSearchParams(location.hash.slice(1));
      for (const name of names) {
        const field = form.elements[name];
        if (field.type === "checkbox") field.checked = parts.get(name) === "1";
        else field.value = parts.get(name) ?? "";
        if (field.value === "" && field.tagName === "SELECT") field.selectedIndex = 0;
      }
      sorted = parts.get("sort") ?? "";
      show(false);
    }

    form.hidden = false;
    form.addEventListener("input", () => show(true));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => { sorted = ""; show(true); }));
    window.addEventListener("hashchange", recall);
    recall();
  }
})();
