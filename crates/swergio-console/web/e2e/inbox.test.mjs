// The inbox: every kind of answer and of item, by the keyboard, and two people who do not do the same twice. BROKER is its address.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { components, consolePage, open } from "./stage.mjs";

const url = process.env.BROKER;
let browser;
let asker;

before(async () => {
  browser = await open();
  asker = await components(browser, url);
  await asker.evaluate(async () => {
    window.say = await window.play("asker", ["people"], (message) => window.heard.push(message));
  });
});
after(() => browser.close());

const ask = (id, answer, items, more = {}) =>
  asker.evaluate((message) => window.say(message), { TYPE: "DATA/QUERY", ID: id, TO_ROOM: "people", DATA: { question: `${id}?`, answer, items, ...more } });

async function answers(id, count) {
  await asker.waitForFunction(([id, count]) => window.heard.filter((one) => one.TYPE === "DATA/FEEDBACK" && one.ID === id).length >= count, [id, count]);
  return asker.evaluate((id) => window.heard.filter((one) => one.TYPE === "DATA/FEEDBACK" && one.ID === id).map((one) => [one.DATA.by, one.DATA.answers[0]]), id);
}

async function person(name) {
  const { page, wrong } = await consolePage(browser, `${url}#inbox`);
  await page.getByLabel("your name").fill(name);
  await page.getByLabel("your name").blur();
  return { page, wrong };
}

const DOT = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='40' height='40'%3E%3Ccircle cx='20' cy='20' r='18'/%3E%3C/svg%3E";
/** A tenth of a second of silence: 8 bits at 8 kHz. */
const SILENCE = `data:audio/wav;base64,${Buffer.concat([
  Buffer.from("RIFF"), Buffer.from([0x44, 3, 0, 0]), Buffer.from("WAVEfmt "), Buffer.from([16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x40, 0x1f, 0, 0, 1, 0, 8, 0]),
  Buffer.from("data"), Buffer.from([0x20, 3, 0, 0]), Buffer.alloc(800, 128),
]).toString("base64")}`;

test("a choice, a rating, a number, words and a preference are given by the keyboard, about text, picture, sound and line", async () => {
  const { page, wrong } = await person("ada");
  const shown = (id) => page.getByRole("heading", { name: `${id}?` }).waitFor();
  const hears = async (id, value) => assert.deepEqual(await answers(id, 1), [["ada", { item: "i", ...value }]]);

  await ask("choice", { type: "choice", options: ["cat", "dog"] }, [{ id: "i", show: { image: DOT } }]);
  await shown("choice");
  assert.equal(await page.locator(".show img").evaluate((image) => image.decode().then(() => image.naturalWidth)), 40);
  await page.keyboard.press("2");
  await hears("choice", { value: "dog" });

  await ask("rating", { type: "rating", min: 0, max: 5 }, [{ id: "i", show: { audio: SILENCE } }]);
  await shown("rating");
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelector("audio").currentTime > 0);
  await page.keyboard.press("3");
  await hears("rating", { value: 3 });

  await ask("number", { type: "number", min: 0, max: 10 }, [{ id: "i", show: { plot: [1, 2, 4, 8] } }]);
  await shown("number");
  await page.locator(".show .spark").waitFor();
  await page.keyboard.type("11");
  await page.keyboard.press("Enter");
  assert.ok(await page.getByRole("button", { name: /Answer/ }).isDisabled(), "11 is beyond 10");
  await page.keyboard.press("Backspace");
  await page.keyboard.type(".5");
  await page.keyboard.press("Enter");
  await hears("number", { value: 1.5 });

  await ask("words", { type: "text" }, [{ id: "i", show: { text: "say something" } }]);
  await shown("words");
  await page.keyboard.type("so be it");
  await page.keyboard.press("Enter");
  await hears("words", { value: "so be it" });

  await ask("skipped", { type: "text" }, [{ id: "i", show: { text: "or nothing" } }]);
  await shown("skipped");
  await page.keyboard.press("Escape");
  await page.keyboard.press("s");
  await hears("skipped", { skip: true });

  await ask("pair", { type: "pair" }, [{ id: "i", show: { text: "this" }, against: { text: "that" } }]);
  await shown("pair");
  await page.keyboard.press("ArrowRight");
  await hears("pair", { value: "second" });
  assert.deepEqual(wrong, []);
  await page.close();
});

test("two people are offered different items, and what was answered is offered to nobody", async () => {
  const [ada, bob] = [await person("ada"), await person("bob")];
  // Both pages keep one name for all that this browser has; here they are two people.
  await ask("shared", { type: "rating", min: 0, max: 5 }, [1, 2, 3].map((id) => ({ id: `m${id}`, show: { text: `melody ${id}` } })));
  const at = (page) => page.locator(".asked").getAttribute("data-item");
  await ada.page.locator(".asked").waitFor();
  await bob.page.locator(".asked").waitFor();
  await bob.page.waitForFunction(() => document.querySelector(".hint").textContent.includes("1 with others"));
  await ada.page.waitForFunction(() => document.querySelector(".hint").textContent.includes("1 with others"));
  assert.notEqual(await at(ada.page), await at(bob.page));
  await ada.page.keyboard.press("1");
  await ada.page.waitForFunction(() => document.querySelector(".asked")?.dataset.item === "m3");
  await bob.page.keyboard.press("2");
  await ada.page.keyboard.press("3");
  const given = await answers("shared", 3);
  assert.deepEqual(given.map(([, { item }]) => item).toSorted(), ["m1", "m2", "m3"]);
  assert.deepEqual(given.map(([by]) => by).toSorted(), ["ada", "ada", "bob"]);
  assert.deepEqual([ada.wrong, bob.wrong], [[], []]);
  await ada.page.close();
  await bob.page.close();
});

test("what nobody answers in time is no longer offered", async () => {
  const { page, wrong } = await person("cyd");
  await ask("late", { type: "rating", min: 0, max: 5 }, [{ id: "i", show: { text: "quick" } }], { deadline: Date.now() / 1000 + 2 });
  await page.getByText(/s left/).waitFor();
  await page.getByText("Nothing to answer").waitFor({ timeout: 10_000 });
  assert.deepEqual(wrong, []);
  await page.close();
});
