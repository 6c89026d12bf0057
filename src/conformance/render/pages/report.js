"use strict";
(() => {
  const form = document.getElementById("filter");
  const search = document.getElementById("search");
  const status = document.getElementById("shown");
  const rules = [...document.querySelectorAll(".rule")].map((element) => ({
    element,
    details: element.querySelector("details"),
    level: element.dataset.level,
    scenarios: null,
  }));
  const nothing = document.getElementById("nothing");

  // Texts are read once, when somebody first searches: most readers of a large report never do.
  const read = (rule) => {
    if (rule.scenarios) return rule.scenarios;
    rule.scenarios = [...rule.element.querySelectorAll(".scenario")].map((element) => ({
      element,
      outcome: element.dataset.outcome,
      text: "",
    }));
    return rule.scenarios;
  };
  const textOf = (rule) => {
    if (rule.text === undefined) {
      const own = rule.element.querySelector(".own");
      rule.text = (rule.element.querySelector("summary").textContent + " " + (own ? own.textContent : "")).toLowerCase();
      for (const scenario of read(rule)) scenario.text = scenario.element.textContent.toLowerCase();
    }
    return rule.text;
  };
  const checked = (name) => [...form.querySelectorAll(`input[name=${name}]:checked`)].map((input) => input.value);
  const has = (text, words) => words.every((word) => text.includes(word));

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcomes = checked("outcome");
    const levels = checked("level");
    let shownRules = 0;
    let shownScenarios = 0;
    for (const rule of rules) {
      let visible = !levels.length || levels.includes(rule.level);
      let inside = 0;
      if (visible) {
        const whole = !words.length || has(textOf(rule), words);
        for (const scenario of read(rule)) {
          const fits = (!outcomes.length || outcomes.includes(scenario.outcome))
            && (whole || has(scenario.text, words) || has(rule.text + " " + scenario.text, words));
          if (scenario.element.hidden === fits) scenario.element.hidden = !fits;
          inside += fits;
        }
        visible = inside > 0 || (whole && !outcomes.length);
        if (visible && words.length && !whole && shownRules < 30) rule.details.open = true;
      }
      if (rule.element.hidden === visible) rule.element.hidden = !visible;
      shownRules += visible;
      shownScenarios += visible ? inside : 0;
    }
    status.textContent = `${shownRules} of ${rules.length} rules, ${shownScenarios} scenarios shown`;
    nothing.hidden = shownRules > 0;
  };

  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => (event.target === search ? later() : filter()));
  form.addEventListener("reset", () => setTimeout(filter, 0));
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.value = "";
      filter();
    }
  });
  const setAll = (open) => rules.forEach((rule) => { if (!rule.element.hidden) rule.details.open = open; });
  document.getElementById("unfold").addEventListener("click", () => setAll(true));
  document.getElementById("fold").addEventListener("click", () => setAll(false));

  // Up and down go from heading to heading while one has the focus.
  document.addEventListener("keydown", (event) => {
    const summary = event.target.closest && event.target.closest("summary");
    if (!summary || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    const all = [...document.querySelectorAll("main summary")].filter((one) => one.checkVisibility());
    const next = all[all.indexOf(summary) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });

  const copy = async (button) => {
    const text = button.closest(".script").querySelector("pre").textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // A page that was opened from a file may not have the clipboard; a selection always can be copied.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button.copy");
    if (button) copy(button);
  });
  for (const button of document.querySelectorAll("button.copy")) button.hidden = false;

  // An address that names a rule or a scenario opens it.
  const unfoldTo = () => {
    let name = "";
    try {
      name = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = name && document.getElementById(name);
    if (!target) return;
    for (let one = target.matches("details") ? target : target.querySelector("details"); one; one = one.parentElement.closest("details")) {
      one.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfoldTo);
  unfoldTo();

  // On paper nothing can be unfolded, so what was judged against the driver is.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll(
      ".is-violated > details, .is-inconclusive > details, .is-not-testable > details, .is-deviation > details, "
      + ".scenario[data-outcome=violated], .scenario[data-outcome=deviation], .on-paper",
    )].filter((one) => !one.open);
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
})();
