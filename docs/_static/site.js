// What the theme leaves out for people who read by keyboard or by ear.
addEventListener("DOMContentLoaded", () => {
  "use strict";
  // Sphinx writes captions of the navigation as headings without a level.
  document.querySelectorAll('[role="heading"]:not([aria-level])').forEach((one) => one.setAttribute("aria-level", "2"));
  // Two regions of a kind need names.
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Site");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "Page");
  // The theme's page for searching begins with a heading of the second level, or none.
  if (!document.querySelector("h1")) {
    const heading = document.createElement("h1");
    heading.textContent = document.title.split(" - ")[0];
    document.querySelector("article")?.prepend(heading);
  }
  // What scrolls has to be reached by the keyboard; whether it scrolls depends on the width, and on what is unfolded.
  const scrolling = ".table-wrapper, .highlight pre, pre.literal-block, .imports-scroll";
  const reach = () => document.querySelectorAll(scrolling).forEach((one) => {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  });
  reach();
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
});
