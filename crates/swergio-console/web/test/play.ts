// Play: messages as the broker shows them, and whole passes of a trainer, a network and a trebuchet.

import { Passes } from "../src/store/passes";
import { type Sample, type Summary, type Wire, sampleOf } from "../src/wire";

let seq = 0;

const summary = (norm: number, more: Partial<Summary> = {}): Record<string, Summary> => ({
  "": { dtype: "<f8", shape: [2], min: -norm, max: norm, mean: 0, norm, nan: 0, inf: 0, seen: 2, spark: [], ...more },
});

export function message(
  time: number,
  from: string,
  room: string,
  kind: string,
  id: string,
  norm = 1,
  more: Partial<Summary> = {},
  extra: Wire = {},
): Sample {
  const MESSAGE = { TYPE: kind, ID: id, ROOT_ID: "p", TO_ROOM: room, MODEL_STATUS: 1, ...extra };
  const told = { TIME: time / 1000, FROM: from, SIZE: 10, CODEC: "json", MESSAGE, OMITTED: [], SUMMARY: summary(norm, more) };
  return sampleOf(told, ++seq);
}

const SEATS: Record<string, string[]> = { trainer: ["input", "output"], network: ["input", "model"], trebuchet: ["model", "output"] };
export const seats = (name: string): Set<string> => new Set(SEATS[name] ?? []);

/** What one step of a pass is: who says what where, how large it is, and what else is in it. */
export interface Step {
  /** Milliseconds since the step before. */
  after?: number;
  norm?: number;
  more?: Partial<Summary>;
  extra?: Wire;
  kind?: string;
  from?: string;
}

const STEPS: [string, number, string, string, string, string][] = [
  ["began", 0, "trainer", "input", "DATA/FORWARD", "i"],
  ["network", 5, "network", "model", "DATA/FORWARD", "o"],
  ["trebuchet", 4, "trebuchet", "output", "DATA/FORWARD", "q"],
  ["loss", 1, "trainer", "output", "DATA/GRADIENT", "q"],
  ["back", 4, "trebuchet", "model", "DATA/GRADIENT", "o"],
  ["home", 6, "network", "input", "DATA/GRADIENT", "i"],
];

export type Change = Record<string, Step | null>;

/** Plays one pass that begins at `time`, with steps changed or left out. */
export function play(passes: Passes, root: string, time: number, change: Change = {}): void {
  for (const [name, after, from, room, kind, id] of STEPS) {
    const step = change[name];
    if (step === null) continue;
    time += step?.after ?? after;
    const sample = message(time, step?.from ?? from, room, step?.kind ?? kind, `${id}${root}`, step?.norm, step?.more, { ROOT_ID: root, ...step?.extra });
    passes.add(sample);
  }
}

/** Plays so many good passes, a second each, then one that is changed, and names what is found in it. */
export function found(change: Change, good = 20, now = 1e9): { verdicts: string[]; sentence: string | null } {
  const passes = new Passes(seats);
  for (let at = 0; at < good; at += 1) {
    play(passes, `good-${at}`, at * 1000);
    passes.settle(at * 1000);
  }
  passes.settle(1e6);
  play(passes, "p", 2e6, change);
  const picture = passes.picture("p", now);
  return {
    verdicts: picture?.verdicts.map((one) => `${one.code} ${one.component}`) ?? [],
    sentence: picture?.diagnosis?.sentence ?? null,
  };
}
