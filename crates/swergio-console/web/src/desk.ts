// Desk: the page's end of the worker, as hooks.

import { useEffect, useState } from "preact/hooks";
import type { FromWorker, Look, Standing, ToWorker, View } from "./port";
import type { Series } from "./store/kpis";
import type { PassHead } from "./store/passes";
import { EVERYTHING } from "./store/tail";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const listeners = new Set<(message: FromWorker) => void>();
const latest: { kpis: Series[]; passes: PassHead[] } = { kpis: [], passes: [] };
worker.onmessage = (event: MessageEvent<FromWorker>) => {
  if (event.data.is === "kpis") latest.kpis = event.data.series;
  if (event.data.is === "passes") latest.passes = event.data.list;
  for (const listener of listeners) listener(event.data);
};

/** For scripts and for the browser's own console: what the page was told last. */
declare global {
  interface Window {
    swergio: { kpis: () => Series[]; passes: () => PassHead[] };
  }
}
window.swergio = { kpis: () => latest.kpis, passes: () => latest.passes };

let look: Look = { view: "graph", filter: EVERYTHING, paused: false, pass: null, apart: false, tall: false };

export function tell(message: ToWorker): void {
  worker.postMessage(message);
}

/** Says what the page looks at now. */
export function lookAt(change: Partial<Look>): void {
  look = { ...look, ...change };
  tell({ say: "look", look });
}

/** Gives the last message of one sort. */
export function useTold<K extends FromWorker["is"]>(is: K): Extract<FromWorker, { is: K }> | null {
  const [told, setTold] = useState<Extract<FromWorker, { is: K }> | null>(null);
  useEffect(() => {
    const listener = (message: FromWorker): void => {
      if (message.is === is) setTold(message as Extract<FromWorker, { is: K }>);
    };
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [is]);
  return told;
}

export function useStanding(): Standing | null {
  return useTold("standing")?.standing ?? null;
}

/** Asks which pass is nearest in time. */
export function passNear(time: number): Promise<string | null> {
  return new Promise((resolve) => {
    const listener = (message: FromWorker): void => {
      if (message.is !== "near") return;
      listeners.delete(listener);
      resolve(message.pass);
    };
    listeners.add(listener);
    tell({ say: "near", time });
  });
}

/** The page's name on the broker: the same one for as long as its tab lives. */
function nameOfTab(): string {
  const kept = sessionStorage.getItem("swergio.name");
  const name = kept ?? `console-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? "0"}`;
  sessionStorage.setItem("swergio.name", name);
  return name;
}

export function connect(token: string | null): void {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  tell({ say: "open", url: url.href, name: nameOfTab(), token });
}

/** Undoes what `openPass` did; what nobody escaped stays as it is. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where the page is: `#traffic`, `#passes/ID`. */
export function useHash(): [View, string | null] {
  const read = (): [View, string | null] => {
    const [view = "graph", rest] = location.hash.slice(1).split("/", 2);
    const known: View[] = ["graph", "traffic", "passes", "kpis", "inbox"];
    return [known.find((one) => one === view) ?? "graph", rest ? unescaped(rest) : null];
  };
  const [at, setAt] = useState(read);
  useEffect(() => {
    const listener = (): void => setAt(read());
    addEventListener("hashchange", listener);
    return () => removeEventListener("hashchange", listener);
  }, []);
  return at;
}

export function openPass(id: string): void {
  location.hash = `passes/${encodeURIComponent(id)}`;
}
