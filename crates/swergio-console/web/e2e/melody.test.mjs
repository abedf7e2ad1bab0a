// A person's answer in the browser, end to end: melodies are bred, one is rated with a key, and the rater thinks otherwise of it.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { components, consolePage, open, start } from "./stage.mjs";

/** Reads a genome from an item's name: its hexadecimal digits' bits. */
const genome = (id) => [...id].flatMap((digit) => [8, 4, 2, 1].map((bit) => (Number.parseInt(digit, 16) & bit ? 1 : 0)));

test("what a person answers in the browser changes the model's next prediction", { timeout: 180_000 }, async () => {
  const out = await mkdtemp(join(tmpdir(), "swergio-melody-"));
  const browser = await open();
  const args = ["--person", "browser", "--listen", "127.0.0.1:0", "--rounds", "2", "--collect", "50", "--ask", "2", "--out", out];
  const melody = await start(process.env.MELODY, args, /rate the melodies at (http:\S+?)#inbox/);
  try {
    const url = melody.found[1];
    const { page, wrong } = await consolePage(browser, `${url}#inbox`);
    const asker = await components(browser, url);
    await asker.evaluate(async () => {
      window.say = await window.play("scout", ["evolution", "user"], (message) => window.heard.push(message));
    });
    await page.getByLabel("your name").fill("ada");
    await page.getByLabel("your name").blur();
    await page.getByRole("heading", { name: "How pleasant is this melody?" }).waitFor({ timeout: 90_000 });
    const [first] = await queries(asker, 0);
    const rated = [];
    for (const _ of first.DATA.items) {
      const id = await page.locator(".asked").getAttribute("data-item");
      rated.push({ id, before: await predicted(asker, id) });
      // Whatever the rater thinks least likely.
      const key = rated.at(-1).before.indexOf(Math.min(...rated.at(-1).before));
      rated.at(-1).key = key;
      await page.keyboard.press(String(key));
      await page.waitForFunction((gone) => document.querySelector(".asked")?.dataset.item !== gone, id);
    }
    await asker.waitForFunction((all) => window.heard.filter((message) => message.TYPE === "DATA/FEEDBACK").flatMap((message) => message.DATA.answers).length >= all, rated.length);
    const answers = await asker.evaluate(() => window.heard.filter((message) => message.TYPE === "DATA/FEEDBACK").map((message) => [message.DATA.by, message.DATA.answers[0]]));
    assert.deepEqual(answers, rated.map(({ id, key }) => ["ada", { item: id, value: key }]));
    await queries(asker, 1, first.ID);
    for (const { id, key, before } of rated) {
      const after = await predicted(asker, id);
      console.log(`  rated ${key}: its probability went from ${before[key].toFixed(3)} to ${after[key].toFixed(3)}`);
      assert.ok(after[key] > before[key], `${id}: ${before} then ${after}`);
    }
    assert.deepEqual(wrong, []);
  } finally {
    await melody.end();
    await browser.close();
    await rm(out, { recursive: true, force: true });
  }
});

/** Waits for a question, another than the one that is known. */
async function queries(asker, _, known = "") {
  const found = (not) => window.heard.filter((message) => message.TYPE === "DATA/QUERY" && message.ID !== not);
  await asker.waitForFunction(`(${found})(${JSON.stringify(known)}).length > 0`, null, { timeout: 90_000 });
  return asker.evaluate(`(${found})(${JSON.stringify(known)})`);
}

/** Asks the rater what it thinks of a melody: the probability of each rating. */
async function predicted(asker, id) {
  const reference = `scout-${Math.random()}`;
  await asker.evaluate(([reference, bits]) => window.say({ TYPE: "DATA/CUSTOM", TO_ROOM: "evolution", ID: reference, GENOMES: [bits] }), [reference, genome(id)]);
  const answered = await asker.waitForFunction((reference) => window.heard.find((message) => message.REF === reference)?.PROBS, reference, { timeout: 60_000 });
  const probs = await answered.jsonValue();
  return Array.isArray(probs[0]) ? probs[0] : Object.values(probs)[0];
}
