// Ten mistakes and more, made by real components now and then: the pass view names who makes them. AILING is the program.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { consolePage, open, start } from "./stage.mjs";

/** What is wrong in one of three, and the words for it. */
const AILMENTS = {
  nan: "NAN",
  infinity: "NAN",
  sign: "SIGN",
  exploded: "EXPLODED",
  vanished: "VANISHED",
  slow: "SLOW",
  queue: "QUEUED",
  dropped: "DROPPED",
  stale: "STALE",
  shape: "SHAPE",
  failed: "FAULT",
};

/** Each is played in the middle one; some, of every sort, also where a chain begins and ends. */
const PLACES = {
  first: ["nan", "sign", "vanished", "slow", "dropped", "stale"],
  middle: Object.keys(AILMENTS),
  last: ["infinity", "sign", "exploded", "slow", "dropped", "shape", "failed"],
};

let browser;
before(async () => void (browser = await open()));
after(() => browser.close());

/** Plays one, and lists what the passes say. */
async function diagnoses(ailment, place = "middle") {
  const broker = await start(process.env.SWERGIO_BROKER, ["--listen", "127.0.0.1:0", "--log", "warn"], /listening on (\S+)/);
  const url = `http://${broker.found[1]}/`;
  const { page, wrong } = await consolePage(browser, `${url}#passes`);
  const chain = await start(process.env.AILING, [url.replace("http", "ws"), ailment, place], /has/);
  try {
    return { ...(await told(page, ailment)), wrong };
  } finally {
    await chain.end();
    await page.close();
    await broker.end();
  }
}

async function told(page, ailment) {
  const passes = () => page.evaluate(() => window.swergio.passes());
  if (ailment === "nothing") {
    await page.waitForFunction(() => window.swergio.passes().filter((pass) => pass.complete).length >= 60, null, { timeout: 60_000 });
    // A busy machine lets one wait now and then; nothing else may be said.
    return { passes: (await passes()).filter((pass) => pass.code !== null && pass.code !== "QUEUED" && pass.code !== "SLOW") };
  }
  const bad = page.locator(`.passes .list a:has(em:text-is("${AILMENTS[ailment]}"))`);
  await bad.nth(1).waitFor({ timeout: 60_000 });
  // Whatever else is said of breaking, on a busy machine too, is said of nobody else.
  const all = (await passes()).filter((pass) => pass.code !== null && pass.code !== "QUEUED" && pass.code !== "SLOW");
  // A busy machine lets others wait a little, too: the longest of those that took long is looked at.
  const longest = all.length > 0 ? null : (await passes()).filter((pass) => pass.code === AILMENTS[ailment]).sort((a, b) => b.took - a.took)[0];
  if (longest) await page.goto(`${page.url().split("#")[0]}#passes/${encodeURIComponent(longest.id)}`);
  else await bad.first().click();
  const line = page.locator(".diagnosis:not(.good)");
  await line.waitFor();
  return { passes: all, component: await line.getAttribute("data-component"), code: await line.getAttribute("data-code"), sentence: await line.locator("b").first().textContent() };
}

for (const [place, ailment] of Object.entries(PLACES).flatMap(([place, all]) => all.map((ailment) => [place, ailment]))) {
  const code = AILMENTS[ailment];
  test(`${ailment}: ${code} in the ${place}`, async () => {
    const heard = await diagnoses(ailment, place);
    console.log(`  ${ailment.padEnd(9)} ${heard.code} ${heard.component}: ${heard.sentence}`);
    assert.deepEqual([heard.component, heard.code], [place, code]);
    assert.ok(heard.passes.every((pass) => pass.code === code), JSON.stringify(heard.passes));
    assert.deepEqual(heard.wrong, []);
  });
}

test("nothing is wrong where nothing is", async () => {
  const { passes, wrong } = await diagnoses("nothing");
  assert.deepEqual(passes, []);
  assert.deepEqual(wrong, []);
});
