// The console in a real browser before a real broker: BROKER is its address, as http://127.0.0.1:8080/.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { components, consolePage, open } from "./stage.mjs";

const url = process.env.BROKER;
let browser;
let players;

before(async () => {
  browser = await open();
  players = await components(browser, url);
  await players.evaluate(async () => {
    await window.amplifier("network", "input", "model", 2);
    await window.amplifier("trebuchet", "model", "output", 3);
    await window.trainer();
  });
});
after(() => browser.close());

test("the chain is seen as a graph with live rates in both colours", async () => {
  const { page, wrong } = await consolePage(browser, url);
  for (const name of ["trainer", "network", "trebuchet"]) {
    await page.locator(".component .name", { hasText: name }).waitFor();
  }
  for (const room of ["input", "model", "output"]) await page.locator(".room text", { hasText: room }).waitFor();
  await page.locator(".strand path.forward.live").first().waitFor({ state: "attached" });
  await page.locator(".strand path.backward.live").first().waitFor({ state: "attached" });
  await page.locator(".component", { hasText: "trebuchet" }).click();
  await page.locator(".details td", { hasText: "model" }).waitFor();
  assert.deepEqual(wrong, []);
  await page.close();
});

test("messages come as they are sent, can be filtered, held, opened, and said again", async () => {
  const { page, wrong } = await consolePage(browser, `${url}#traffic`);
  await page.locator(".row", { hasText: "DATA/GRADIENT" }).first().waitFor();
  await page.getByLabel("filter").fill("trebuchet gradient");
  await page.waitForFunction(() => [...document.querySelectorAll(".row .from")].every((cell) => cell.textContent === "trebuchet"));
  await page.getByRole("button", { name: "Pause" }).click();
  const row = page.locator(".row").first();
  assert.match(await row.textContent(), /<f8\[3\]|<i8\[3\]/);
  await row.click();
  await page.locator(".details .key", { hasText: "ROOT_ID" }).first().waitFor();
  await page.getByRole("button", { name: "Open its pass" }).click();
  await page.locator(".waterfall .span:not(.head)").first().waitFor();
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a pass is seen forward and back through every component, with times and norms", async () => {
  const { page, wrong } = await consolePage(browser, `${url}#passes`);
  await page.locator(".passes .list a:has(.whole)").first().click();
  const bars = page.locator(".waterfall .span:not(.head)");
  await bars.nth(4).waitFor();
  const told = await bars.evaluateAll((all) => all.map((bar) => bar.querySelector(".who").textContent));
  assert.deepEqual(told, ["networkforward", "trebuchetforward", "trainerloss", "trebuchetgradient", "networkgradient"]);
  assert.match(await bars.nth(3).locator(".carried").textContent(), /‖.*‖.*×3/);
  assert.match(await bars.nth(0).locator(".times").textContent(), /compute/);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a figure that is logged becomes a curve that falls, and leads to a pass", async () => {
  const { page, wrong } = await consolePage(browser, `${url}#kpis`);
  const card = page.locator('[data-kpi="loss"]');
  await card.locator("canvas").waitFor();
  const value = async () => Number(await card.locator("output").textContent());
  const first = await value();
  await page.waitForFunction((before) => Number(document.querySelector('[data-kpi="loss"] output').textContent) < 0.8 * before, first);
  const download = page.waitForEvent("download");
  await card.getByRole("button", { name: "CSV" }).click();
  assert.equal((await download).suggestedFilename(), "loss.csv");
  await card.locator(".u-over").click({ position: { x: 200, y: 80 } });
  await page.waitForURL(/#passes\//);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a question is answered with the keyboard, and the answer arrives under its ID", async () => {
  const { page, wrong } = await consolePage(browser, `${url}#inbox`);
  await page.getByLabel("your name").fill("ada");
  await page.getByLabel("your name").blur();
  await players.evaluate(async () => {
    const say = await window.play("learner", ["user"], (message) => window.heard.push(message));
    const answer = { type: "rating", min: 0, max: 5 };
    const items = [1, 2].map((id) => ({ id: `m${id}`, show: { text: `melody ${id}` } }));
    say({ TYPE: "DATA/QUERY", ID: "q1", ROOT_ID: "p1", TO_ROOM: "user", DATA: { question: "How pleasant?", answer, items } });
  });
  await page.getByText("melody 1").waitFor();
  await page.keyboard.press("4");
  await page.getByText("melody 2").waitFor();
  await page.keyboard.press("s");
  await page.getByText("Nothing to answer").waitFor();
  await players.waitForFunction(() => window.heard.filter((message) => message.TYPE === "DATA/FEEDBACK").length === 2);
  const [claim, ...heard] = await players.evaluate(() => window.heard);
  assert.deepEqual([claim.TYPE, claim.REF, claim.DATA.item], ["DATA/CLAIM", "q1", "m1"]);
  const answers = heard.filter((message) => message.TYPE === "DATA/FEEDBACK");
  assert.deepEqual(answers.map((one) => [one.ID, one.ROOT_ID, one.DATA.by, one.DATA.answers]), [
    ["q1", "p1", "ada", [{ item: "m1", value: 4 }]],
    ["q1", "p1", "ada", [{ item: "m2", skip: true }]],
  ]);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("what components say is shown as words, whatever it is", async () => {
  const evil = `<img src=x onerror="alert('name')">`;
  await players.evaluate(async (name) => {
    const say = await window.play(name, ["<b>room</b>"]);
    const DATA = { question: name, answer: { type: "choice", options: [name, "no"] }, items: [{ id: "e", show: { text: name, image: "javascript:alert(1)" } }] };
    setInterval(() => {
      say({ TYPE: `DATA/${name}`, TO_ROOM: "<b>room</b>", DATA: name });
      say({ TYPE: "LOG/KPI", TO_ROOM: "kpi", KPI: name, COMPONENT: name, VALUE: 1 });
      say({ TYPE: "DATA/QUERY", ID: "evil", TO_ROOM: "user", DATA });
    }, 200);
  }, evil);
  const { page, wrong } = await consolePage(browser, url);
  const violations = [];
  await page.exposeFunction("violated", (what) => violations.push(what));
  await page.evaluate(() => addEventListener("securitypolicyviolation", (event) => window.violated(event.violatedDirective)));
  await page.locator(".component .name", { hasText: "onerror" }).waitFor();
  for (const view of ["traffic", "passes", "kpis", "inbox"]) {
    await page.goto(`${url}#${view}`);
    await page.waitForTimeout(600);
    assert.equal(await page.locator("img[src=x], main b b, script:not([src])").count(), 0, view);
  }
  await page.getByRole("heading", { name: evil }).waitFor();
  assert.deepEqual([wrong, violations], [[], []]);
  await page.close();
});

test("a page from elsewhere may not connect", async () => {
  const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" };
  const status = (origin) =>
    new Promise((told) => {
      const request = http.get(new URL("ws", url), { headers: { ...headers, Origin: origin } });
      request.on("response", (response) => (response.resume(), told(response.statusCode)));
      request.on("upgrade", (_, socket) => (socket.destroy(), told(101)));
    });
  assert.equal(await status("http://evil.example"), 403);
  assert.equal(await status("null"), 403);
  assert.equal(await status(new URL(url).origin), 101);
});
