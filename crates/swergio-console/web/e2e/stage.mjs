// Stage: a headless browser, the console in it, and components played in a page beside it.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Opens a browser; CHROMIUM says where it is. */
export function open(more = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...QUIET, ...more] });
}

/** Opens the console and collects what goes wrong in it. */
export async function consolePage(browser, url, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "dark", ...options });
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => (wrong.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("console", (line) => line.type() === "error" && wrong.push(`console: ${line.text()}`));
  await page.goto(url);
  await page.locator('.link[data-link="open"]').waitFor();
  return { page, wrong };
}

/** A page from which components speak: the browser's own WebSocket, JSON, as any component would. */
export async function components(browser, url) {
  const page = await browser.newPage();
  await page.goto(new URL("healthz", url).href);
  await page.evaluate(() => {
    window.heard = [];
    window.play = (name, rooms, hear) =>
      new Promise((ready) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        const say = (message) => socket.send(JSON.stringify({ ID: crypto.randomUUID().replaceAll("-", ""), ...message }));
        socket.onopen = () => {
          say({ TYPE: "COMMAND/REGISTER", NAME: name });
          for (const room of rooms) say({ TYPE: "COMMAND/JOINROOM", ROOM: room });
        };
        socket.onmessage = (event) => {
          const message = JSON.parse(event.data);
          if (message.TYPE === "COMMAND/WELCOME") ready(say);
          else hear?.(message, say);
        };
      });
    /** A component that multiplies by `gain` and passes gradients on. */
    window.amplifier = (name, input, output, gain, spoil = (data) => data) => {
      const tape = new Map();
      return window.play(name, [input, output], (message, say) => {
        const { TYPE, TO_ROOM, ROOT_ID } = message;
        const times = (data) => data.map((number) => number * gain);
        if (TYPE === "DATA/FORWARD" && TO_ROOM === input) {
          const ID = crypto.randomUUID();
          tape.set(ID, message.ID);
          say({ TYPE, ID, ROOT_ID, MODEL_STATUS: 1, TO_ROOM: output, DATA: times(message.DATA), QUEUE_TIME: 0.0001, COMPUTE_TIME: 0.0002 });
        }
        if (TYPE === "DATA/GRADIENT" && TO_ROOM === output && tape.has(message.ID)) {
          say({ TYPE, ID: tape.get(message.ID), ROOT_ID, MODEL_STATUS: 1, TO_ROOM: input, DATA: spoil(times(message.DATA)) });
        }
      });
    };
    /** A trainer whose loss falls, ten passes a second. */
    window.trainer = async () => {
      const say = await window.play("trainer", ["input", "output"], (message, say) => {
        if (message.TYPE === "DATA/FORWARD" && message.TO_ROOM === "output")
          say({ TYPE: "DATA/GRADIENT", ID: message.ID, ROOT_ID: message.ROOT_ID, MODEL_STATUS: 1, TO_ROOM: "output", DATA: message.DATA });
      });
      let step = 0;
      setInterval(() => {
        const ID = crypto.randomUUID();
        say({ TYPE: "DATA/FORWARD", ID, ROOT_ID: ID, MODEL_STATUS: 1, TO_ROOM: "input", DATA: [1, 2, 3] });
        say({ TYPE: "LOG/KPI", TO_ROOM: "kpi", KPI: "loss", COMPONENT: "trainer", TIME: Date.now() / 1000, VALUE: Math.exp(-step++ / 20) });
      }, 100);
    };
  });
  return page;
}

/** Starts a program and waits until it has said what is waited for; it ends with `end`. */
export async function start(program, args, ready) {
  const process = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const said = [];
  const found = new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdout });
    lines.on("line", (line) => {
      said.push(line);
      const match = ready.exec(line);
      if (match) resolve(match);
    });
    process.on("error", reject);
    process.on("exit", (code) => reject(new Error(`${program} ${args[0]} ended with ${code}: ${said.join("\n")}`)));
  });
  found.catch(() => {});
  return { process, said, found: await found, end: () => end(process) };
}

function end(process) {
  if (process.exitCode !== null || process.signalCode !== null) return Promise.resolve();
  const ended = new Promise((resolve) => process.once("exit", resolve));
  process.kill("SIGTERM");
  const late = setTimeout(() => process.kill("SIGKILL"), 5000);
  return ended.finally(() => clearTimeout(late));
}

/** Starts the trebuchet: broker, simulator, network and trainer, each a process of its own. */
export async function trebuchet(program, { batches, out, shots = 50, url }) {
  const parts = [];
  if (url === undefined) {
    const broker = await start(program, ["broker", "--listen", "127.0.0.1:0"], /listening on ws:\/\/(\S+)/);
    parts.push(broker);
    url = `http://${broker.found[1]}/`;
  }
  const at = ["--url", url.replace("http", "ws")];
  const course = ["--batches", String(batches), "--out", out, "--seed", "0"];
  parts.push(await start(program, ["simulator", ...at], /takes from/));
  parts.push(await start(program, ["control-network", ...at, ...course], /takes from/));
  const trainer = spawn(program, ["trainer", ...at, ...course, "--shots", String(shots)], { stdio: "ignore" });
  parts.push({ process: trainer, end: () => end(trainer) });
  return { url, parts, end: () => Promise.all(parts.toReversed().map((part) => part.end())) };
}
