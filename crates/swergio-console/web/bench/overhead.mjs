// Overhead: the same training without a console, with one that looks on, and with one that was stopped, in turn.
//
// node bench/overhead.mjs [--rounds 6] [--seconds 8]; TREBUCHET is the program (cargo build --release). Training has the first core, the
// browser the second: a browser elsewhere would take neither. Steps are the broker's own counts; CPU is that of broker and components.

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { consolePage, open, trebuchet } from "../e2e/stage.mjs";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "6" }, seconds: { type: "string", default: "8" } } });
const program = process.env.TREBUCHET ?? resolve(import.meta.dirname, "../../../../target/release/trebuchet");
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const ARMS = ["without", "open", "stopped"];

const pin = (pid, core) => execFileSync("taskset", ["-a", "-cp", core, String(pid)], { stdio: "ignore" });
const out = await mkdtemp(join(tmpdir(), "swergio-overhead-"));
const chain = await trebuchet(program, { batches: 10_000_000, out, shots: 100 });
const pids = chain.parts.map((part) => part.process.pid);
for (const pid of pids) pin(pid, "0");
const told = Object.fromEntries(ARMS.map((arm) => [arm, []]));
try {
  await pause(5);
  for (let round = 0; round < rounds; round += 1) {
    // Each arm comes first, in the middle and last equally often.
    for (let place = 0; place < ARMS.length; place += 1) await play(ARMS[(round + place) % ARMS.length]);
  }
} finally {
  await chain.end();
  await rm(out, { recursive: true, force: true });
}
const mean = (all) => all.reduce((sum, one) => sum + one, 0) / all.length;
// Training becomes dearer as it goes on: only means over threes of rounds compare like with like.
for (const arm of ARMS) {
  const of = (what, which) => mean(told[which].map((one) => one[what]));
  const change = (what) => `${(100 * (of(what, arm) / of(what, "without") - 1)).toFixed(1)} %`;
  console.log(`${arm.padEnd(8)} ${of("rate", arm).toFixed(1)} steps/s (${change("rate")}), ${(1000 * of("cpu", arm)).toFixed(2)} ms CPU a step (${change("cpu")})`);
}

async function play(arm) {
  let browser = null;
  let stopped = [];
  if (arm !== "without") {
    browser = await open();
    const { page } = await consolePage(browser, chain.url);
    const tree = await children(process.pid, pids);
    for (const pid of tree) pin(pid, "1");
    if (arm === "stopped") {
      await pause(1);
      stopped = tree;
      for (const pid of stopped) process.kill(pid, "SIGSTOP");
    } else {
      // Somebody looks around.
      void (async () => {
        for (const view of ["graph", "traffic", "kpis", "passes"].flatMap((view) => [view, view])) {
          await page.goto(`${chain.url}#${view}`).catch(() => {});
          await pause(seconds / 8);
        }
      })();
    }
  }
  await pause(1.5);
  const [before, cpu, begun] = [await steps(), await burnt(), performance.now()];
  await pause(seconds);
  const [after, spent, took] = [await steps(), await burnt(), (performance.now() - begun) / 1000];
  const done = after - before;
  told[arm].push({ rate: done / took, cpu: (spent - cpu) / done });
  console.log(`  ${arm.padEnd(8)} ${(done / took).toFixed(1)} steps/s, ${((1000 * (spent - cpu)) / done).toFixed(2)} ms CPU a step`);
  for (const pid of stopped) process.kill(pid, "SIGCONT");
  await browser?.close();
}

/** Counts batches that were learned from: the lines that the trainer writes. */
async function steps() {
  const text = await readFile(join(out, "seed-0", "losses.csv"), "utf8");
  return text.split("\n").length;
}

/** Sums up the CPU seconds of broker and components. */
async function burnt() {
  const all = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8")));
  return all.reduce((sum, line) => sum + line.slice(line.lastIndexOf(")") + 2).split(" ").slice(11, 13).reduce((ticks, one) => ticks + Number(one), 0) / 100, 0);
}

/** Lists all that descends from a process, but for the chain. */
async function children(root, besides) {
  const parents = new Map();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/stat`, "utf8").catch(() => null);
    if (line) parents.set(Number(name), Number(line.slice(line.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const descends = (pid) => parents.has(pid) && (parents.get(pid) === root || descends(parents.get(pid)));
  return [...parents.keys()].filter((pid) => descends(pid) && !besides.includes(pid));
}

function pause(length) {
  return new Promise((done) => setTimeout(done, 1000 * length));
}
