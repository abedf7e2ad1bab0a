// Shots: the pictures in docs/console, of the trebuchet while it learns. `npm run shots`; TREBUCHET is the program.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { components, consolePage, open, trebuchet } from "./e2e/stage.mjs";

const WIDTHS = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const folder = resolve(process.argv[2] ?? "../../../docs/console");
const program = process.env.TREBUCHET ?? resolve("../../../target/release/trebuchet");

await mkdir(folder, { recursive: true });
const out = await mkdtemp(join(tmpdir(), "swergio-shots-"));
const chain = await trebuchet(program, { batches: 100_000, out, shots: 100 });
const browser = await open();
try {
  const pages = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries(WIDTHS)) {
      const { page } = await consolePage(browser, chain.url, { viewport, colorScheme, deviceScaleFactor: name === "phone" ? 2 : 1 });
      pages.push([page, `${name}-${colorScheme}`]);
    }
  }
  const asker = await components(browser, chain.url);
  await asker.evaluate(ask);
  // Long enough for a curve.
  await pages[0][0].goto(`${chain.url}#kpis`);
  await pages[0][0].waitForFunction(() => (window.swergio.kpis().find((one) => one.kpi === "loss")?.values.length ?? 0) > 400, null, { timeout: 120_000 });
  for (const [page, name] of pages) await shoot(page, name);
} finally {
  await browser.close();
  await chain.end();
  await rm(out, { recursive: true, force: true });
}

async function shoot(page, name) {
  for (const view of ["graph", "traffic", "passes", "kpis", "inbox"]) {
    await page.bringToFront();
    await page.goto(`${chain.url}#${view}`);
    await page.waitForTimeout(900);
    if (view === "traffic") {
      await page.getByRole("button", { name: "Pause" }).click();
      if (name.startsWith("wide")) await page.locator(".row", { hasText: "DATA/GRADIENT" }).nth(1).click();
    }
    if (view === "passes") {
      await page.locator(".passes .list a:has(.whole)").nth(1).click();
      await page.locator(".waterfall .span").nth(5).waitFor();
    }
    await page.screenshot({ path: join(folder, `${view}-${name}.png`) });
    console.log(`${view}-${name}.png`);
  }
  // Whoever looks at a question keeps it from the others.
  await page.goto(`${chain.url}#graph`);
}

/** Asks about a melody, in the page that plays components. */
async function ask() {
  const say = await window.play("learner", ["user"]);
  const pitches = [60, 64, 67, 72, 71, 67, 69, 65, 62, 65, 69, 67, 64, 62, 60];
  const lengths = [1, 1, 1, 2, 0.5, 0.5, 1, 1, 1, 0.5, 0.5, 1, 1, 1, 3];
  let start = 0;
  const notes = pitches.map((pitch, at) => ({ pitch, start: (start += lengths[at]) - lengths[at], length: lengths[at] }));
  const answer = { type: "rating", min: 0, max: 5, labels: { 0: "awful", 5: "lovely" } };
  const DATA = { question: "How pleasant is this melody?", answer, items: [{ id: "m1", show: { notes, tempo: 120 } }] };
  say({ TYPE: "DATA/QUERY", ID: "q1", TO_ROOM: "user", DATA });
}
