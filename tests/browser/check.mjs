// Looks at the built documentation as a reader does: npm install && npm run check, with Chromium on the machine.
//
//   node check.mjs [--site DIR] [--chromium FILE] [--shots DIR] [--looks wide,dark,narrow] [PAGE ...]
//
// Every page is opened wide and light, wide and dark, and narrow. A page fails when axe finds a violation, when it
// asks for anything that is not a file of the site, when its script fails, or when it is wider than a narrow screen.
// Then the search and the support matrix are used with the keyboard. Exit code 0, or 1 with what was found.

import { createReadStream, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    site: { type: "string", default: join(here, "../../docs/_build/html") },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    shots: { type: "string" },
    looks: { type: "string", default: "wide,dark,narrow" },
  },
});
const site = resolve(options.site);
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const looks = [
  { name: "wide", viewport: { width: 1400, height: 900 }, colorScheme: "light" },
  { name: "dark", viewport: { width: 1400, height: 900 }, colorScheme: "dark" },
  { name: "narrow", viewport: { width: 390, height: 844 }, colorScheme: "light" },
].filter((one) => options.looks.split(",").includes(one.name));
if (!looks.length) throw new Error(`--looks ${options.looks} names none of wide, dark, narrow`);
const problems = [];

// Searching shows a passage of each page that it finds, which browsers allow on pages from a server only.
const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
  ".svg": "image/svg+xml" };
const server = createServer((request, response) => {
  const file = join(site, decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  const is = file.startsWith(site + sep) && statSync(file, { throwIfNoEntry: false })?.isFile();
  response.writeHead(is ? 200 : 404, { "content-type": types[extname(file)] ?? "application/octet-stream" });
  if (is) createReadStream(file).pipe(response);
  else response.end();
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const origin = `http://127.0.0.1:${server.address().port}/`;
const address = (page) => origin + page;

function pagesOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith("_") ? [] : pagesOf(path);
    return entry.name.endsWith(".html") ? [relative(site, path)] : [];
  });
}

async function look(page, name, at) {
  await page.goto(address(name));
  // What is folded is part of the page, and is looked at too.
  await page.evaluate(() => document.querySelectorAll("article details").forEach((one) => (one.open = true)));
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of violations)
    problems.push(`${name} (${at}): ${violation.id}: ${violation.help}: ${violation.nodes.length} times, as in ` +
      violation.nodes[0].html.slice(0, 200));
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wider > 0) problems.push(`${name} (${at}): ${wider} pixels wider than the screen`);
}

async function useSearch(page, words, expected) {
  await page.goto(address("docs/index.html"));
  await page.locator("input[name=q]").first().fill(words);
  await page.keyboard.press("Enter");
  const found = page.locator("#search-results a", { hasText: expected }).first();
  await found.waitFor({ timeout: 20_000 }).catch(() => problems.push(`search for ${words}: ${expected} is not found`));
}

async function useMatrix(page) {
  const wrong = (what) => problems.push(`support matrix: ${what}`);
  await page.goto(address("docs/support.html"));
  const shown = () => page.locator(".support tbody tr:visible").count();
  const all = await shown();
  if (!all) return wrong("there is no row");
  await page.locator("select[name=kind]").selectOption("flag");
  const flags = await shown();
  if (!(flags > 0 && flags < all)) wrong(`${flags} of ${all} rows are shown as flags`);
  if (!page.url().endsWith("#kind=flag")) wrong(`the address does not keep the choice: ${page.url()}`);
  await page.goto("about:blank");
  await page.goto(`${address("docs/support.html")}#kind=rule&text=nvram&sort=-name`);
  const rows = await page.locator(".support tbody tr:visible th").allTextContents();
  if (!rows.length || rows.some((row) => !/nvram/i.test(row))) wrong(`an address with a text shows ${rows.length} rows`);
  const names = rows.map((row) => row.slice(0, 9));
  if (names.join() !== [...names].sort().reverse().join()) wrong(`an address with an order shows ${names}`);
  await page.locator("button[type=reset]").focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction((count) => document.querySelectorAll(".support tbody tr:not([hidden])").length === count, all)
    .catch(() => wrong("the reset does not show all"));
  await page.locator(".support-sort").nth(1).focus();
  await page.keyboard.press("Enter");
  if (await page.locator("th[aria-sort=ascending]").count() !== 1) wrong("the keyboard does not sort");
  await page.locator(".support td a").first().click();
  const target = decodeURIComponent(new URL(page.url()).hash.slice(1));
  await page.locator(`[id="${target}"]`).waitFor({ state: "attached", timeout: 20_000 })
    .catch(() => wrong(`the evidence of a cell is not at ${page.url()}`));
}

const profile = mkdtempSync(join(tmpdir(), "site-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: options.chromium,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
// A page of the browser's for each page of the site: one that is kept through all of them grows without end.
async function withPage({ viewport, colorScheme }, act) {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000); // a machine that has other things to do is no fault of the page
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !/^(data|about|blob):/.test(request.url()))
      problems.push(`${page.url()} asks for ${request.url()}`);
  });
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error}`));
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme });
  await act(page).catch((error) => problems.push(`${page.url()}: ${String(error).split("\n")[0]}`));
  await page.close();
}

const pages = positionals.length ? positionals : pagesOf(site);
if (options.shots) mkdirSync(options.shots, { recursive: true });
for (const one of looks)
  for (const name of pages)
    await withPage(one, async (page) => {
      await look(page, name, one.name);
      if (!options.shots) return;
      await page.goto(address(name));
      await page.screenshot({ path: join(options.shots, `${name.replaceAll("/", "-")}-${one.name}.png`) });
    });
await withPage(looks[0], async (page) => {
  await useSearch(page, "virDomainUndefineFlags", "virDomainUndefineFlags");
  await useSearch(page, "nvram", /undefine/i);
  await useMatrix(page);
});
await browser.close();
server.close();
rmSync(profile, { recursive: true, force: true });

for (const problem of problems) console.error(problem);
console.log(`${pages.length} pages in ${looks.length} looks: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
