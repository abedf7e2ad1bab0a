// The real thing: the trebuchet's processes learn, and the console shows it. TREBUCHET is the program.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { components, consolePage, open, trebuchet } from "./stage.mjs";

let browser;
let chain;
let out;
/** Looks on from the first batch, as the curve is wanted whole. */
let curve;

before(async () => {
  browser = await open();
  out = await mkdtemp(join(tmpdir(), "swergio-console-"));
  chain = await trebuchet(process.env.TREBUCHET, { batches: 3000, out });
  curve = await consolePage(browser, `${chain.url}#kpis`);
});
after(async () => {
  await chain?.end();
  await browser?.close();
  await rm(out, { recursive: true, force: true });
});

test("the graph shows the three processes and their rooms, with forward and backward under way", async () => {
  const { page, wrong } = await consolePage(browser, chain.url);
  for (const name of ["trainer", "control-network", "simulator"]) await page.locator(".component .name", { hasText: name }).waitFor();
  for (const room of ["input", "model", "output"]) await page.locator(".room text", { hasText: room }).waitFor();
  await page.locator(".strand path.forward.live").first().waitFor({ state: "attached" });
  await page.locator(".strand path.backward.live").first().waitFor({ state: "attached" });
  assert.deepEqual(wrong, []);
  await page.close();
});

test("the tail shows its tensors, and leads to a pass with its backward half, with queue and compute times", async () => {
  const { page, wrong } = await consolePage(browser, `${chain.url}#traffic`);
  await page.getByLabel("filter").fill("simulator gradient");
  const row = page.locator(".row", { hasText: "DATA/GRADIENT" }).first();
  await row.waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  assert.match(await row.textContent(), /<f8\[50, 3\]/);
  await row.click();
  await page.getByRole("button", { name: "Open its pass" }).click();
  await page.locator(".waterfall .span.backward", { hasText: "control-network" }).waitFor();
  const told = await page.locator(".waterfall .who").evaluateAll((all) => all.map((who) => `${who.querySelector("b").textContent} ${who.querySelector("span").textContent}`));
  assert.deepEqual(told, ["control-network forward", "simulator forward", "trainer loss", "simulator gradient", "control-network gradient"]);
  assert.match(await page.locator(".waterfall .span.backward .times").nth(1).textContent(), /compute · .* queue · .* transit/);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("the loss falls", async () => {
  const { page, wrong } = curve;
  const card = page.locator('[data-kpi="loss"]');
  await card.locator("canvas").waitFor();
  // Single batches are noisy: the mean of the last is compared with that of the first.
  const half = () =>
    page.evaluate(() => {
      const [values] = window.swergio.kpis().filter((one) => one.kpi === "loss").map((one) => one.values);
      const mean = (some) => some.reduce((sum, value) => sum + value, 0) / some.length;
      return values.length < 120 ? null : [mean(values.slice(0, 20)), mean(values.slice(-20))];
    });
  await page.waitForFunction(() => (window.swergio?.kpis().find((one) => one.kpi === "loss")?.values.length ?? 0) >= 120, null, { timeout: 60_000 });
  const [first, last] = await half();
  assert.ok(last < 0.7 * first, `from ${first} to ${last}`);
  // That something took long may be said on a busy machine; nothing else is wrong with a process that learns.
  const wrongs = await page.evaluate(() => window.swergio.passes().filter((pass) => pass.code !== null && pass.code !== "QUEUED" && pass.code !== "SLOW"));
  assert.deepEqual(wrongs, []);
  await card.locator(".u-over").click({ position: { x: 200, y: 80 } });
  await page.waitForURL(/#passes\//);
  await page.locator(".waterfall .span:not(.head)").first().waitFor();
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a question is answered with one key, and the answer arrives at who asked", async () => {
  const { page, wrong } = await consolePage(browser, `${chain.url}#inbox`);
  const asker = await components(browser, chain.url);
  await asker.evaluate(async () => {
    const say = await window.play("asker", ["user"], (message) => window.heard.push(message));
    const answer = { type: "choice", options: ["hit", "miss"] };
    const items = [{ id: "shot", show: { plot: [0, 4, 7, 9, 10, 9, 7, 4, 0] } }];
    say({ TYPE: "DATA/QUERY", ID: "q", ROOT_ID: "p", TO_ROOM: "user", DATA: { question: "Did it hit?", answer, items } });
  });
  await page.getByRole("heading", { name: "Did it hit?" }).waitFor();
  await page.keyboard.press("1");
  await asker.waitForFunction(() => window.heard.some((message) => message.TYPE === "DATA/FEEDBACK"));
  const heard = await asker.evaluate(() => window.heard.find((message) => message.TYPE === "DATA/FEEDBACK"));
  assert.deepEqual([heard.ID, heard.ROOT_ID, heard.DATA.answers], ["q", "p", [{ item: "shot", value: "hit" }]]);
  assert.deepEqual(wrong, []);
  await asker.close();
  await page.close();
});
