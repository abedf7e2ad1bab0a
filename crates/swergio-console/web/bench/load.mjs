// Load: hundreds of components and tens of thousands of messages a second before the page: how long its frames take, and its memory.
//
// node bench/load.mjs [--components 500] [--rate 20000] [--seconds 60]; SWERGIO_BROKER and CROWD are the programs (cargo build --release).

import { readFile, readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { consolePage, open, start } from "../e2e/stage.mjs";

const { values } = parseArgs({
  options: { components: { type: "string", default: "500" }, rate: { type: "string", default: "20000" }, seconds: { type: "string", default: "60" } },
});
const release = (path) => resolve(import.meta.dirname, "../../../../target/release", path);
const seconds = Number(values.seconds);
/** What is looked at, in turn; `apart` draws every one of the hundreds. */
const LOOKS = ["graph", "graph apart", "traffic", "passes", "kpis"];

const broker = await start(process.env.SWERGIO_BROKER ?? release("swergio-broker"), ["--listen", "127.0.0.1:0", "--log", "warn"], /listening on (\S+)/);
const url = `http://${broker.found[1]}/`;
const browser = await open(["--enable-precise-memory-info", "--js-flags=--expose-gc"]);
const { page, wrong } = await consolePage(browser, url);
const crowd = await start(
  process.env.CROWD ?? release("examples/crowd"),
  [url.replace("http", "ws"), values.components, values.rate, String(seconds + 60)],
  /crowd of/,
);
try {
  await page.waitForTimeout(3000);
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  const [begun, before] = [Date.now(), await received()];
  const heaps = [];
  const frames = new Map();
  for (let turn = 0; Date.now() - begun < 1000 * seconds; turn += 1) {
    const look = LOOKS[turn % LOOKS.length];
    await page.goto(`${url}#${look.split(" ")[0]}`);
    if (look === "graph apart") await page.getByLabel("every replica by itself").check();
    await page.waitForTimeout(1500);
    const told = await page.evaluate(measure, Math.min(8000, (1000 * seconds) / LOOKS.length));
    frames.set(look, [...(frames.get(look) ?? []), ...told]);
    if (look === "graph apart") await page.getByLabel("every replica by itself").uncheck();
    if (turn % LOOKS.length === LOOKS.length - 1) heaps.push(await memory(session, page));
  }
  const rates = await page.locator(".link").textContent();
  for (const [look, deltas] of frames) console.log(`${look.padEnd(12)} frames ${String(deltas.length).padStart(6)}  p50 ${at(deltas, 0.5)}  p95 ${at(deltas, 0.95)}  p99 ${at(deltas, 0.99)}  longest ${at(deltas, 1)} ms`);
  console.log(`all          p95 ${at([...frames.values()].flat(), 0.95)} ms`);
  console.log(`the broker received ${Math.round((await received() - before) / ((Date.now() - begun) / 1000))} messages/s; the page says ${rates}`);
  console.log(`memory, MiB (the page's heap, its whole process): ${heaps.map((heap) => heap.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join("+")).join(" ")}`);
  console.log(`errors: ${JSON.stringify(wrong)}`);
} finally {
  await crowd.end();
  console.log(`crowd: ${crowd.said.join("; ")}`);
  await browser.close();
  await broker.end();
}

/** Collects the times between frames, in the page. */
function measure(length) {
  return new Promise((done) => {
    const deltas = [];
    let last = performance.now();
    const end = last + length;
    const frame = (now) => {
      deltas.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(frame);
      else done(deltas.slice(1));
    };
    requestAnimationFrame(frame);
  });
}

/** Collects what nobody needs any more, and tells what the page's heap holds, and its whole process, the worker within. */
async function memory(session, page) {
  await Promise.all(page.workers().map((worker) => worker.evaluate(() => globalThis.gc?.())));
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return [usedSize, await resident()];
}

/** Finds the largest renderer that this process has started: the page's. */
async function resident() {
  let most = 0;
  for (const name of await readdir("/proc")) {
    const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (!command.includes("--type=renderer") || !(await ours(name))) continue;
    const status = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    most = Math.max(most, 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }
  return most;
}

/** Tells whether a process descends from this one. */
async function ours(pid) {
  for (let at = Number(pid); at > 1; ) {
    if (at === process.pid) return true;
    const line = await readFile(`/proc/${at}/stat`, "utf8").catch(() => null);
    at = line === null ? 0 : Number(line.slice(line.lastIndexOf(")") + 2).split(" ")[1]);
  }
  return false;
}

/** Counts what the broker has received. */
async function received() {
  const text = await (await fetch(new URL("metrics", url))).text();
  return [...text.matchAll(/^swergio_messages_received_total\{[^}]*\} (\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}

function at(deltas, share) {
  const sorted = deltas.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1).padStart(6);
}
