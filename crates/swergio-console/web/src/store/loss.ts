// Loss: what of a pass was never said, said to nobody, or said more than once, and by whom.

import type { Sample } from "../wire";
import type { Case } from "./judge";
import { type Span, spanOf, valueOf } from "./trace";
import { type Verdict, verdict } from "./verdict";

/** Names those who were told something and passed nothing on, and adds what they did not do to the picture. */
export function missing(pass: Case): Verdict[] {
  const { spans, ordered, habits } = pass;
  const [first] = ordered;
  const begin = first?.time ?? 0;
  const found: Verdict[] = [];
  if (ordered.some((sample) => sample.kind === "DATA/FAULT")) return [];
  const answered = new Set(spans.map((span) => `${span.component}\n${keyOf(span.input)}`));
  const drop = (component: string, input: Sample, way: Span["way"], words: string): void => {
    if (answered.has(`${component}\n${keyOf(input)}`)) return;
    answered.add(`${component}\n${keyOf(input)}`);
    spans.push({ ...spanOf(way, input, null, begin), component });
    found.push(verdict(component, "DROPPED", words, input.time - begin));
  };
  for (const input of ordered) {
    if (input.kind === "DATA/GRADIENT") {
      const owner = valueOf(input, ordered);
      if (owner && owner.from !== input.from && owner !== first) drop(owner.from, input, "backward", "it was told a gradient and passed none on");
    }
    if (input.kind === "DATA/FORWARD") {
      const done = ordered.some((s) => s.kind === "DATA/GRADIENT" && s.id === input.id && s.room === input.room);
      if (done) continue;
      for (const name of habits.listeners(input)) {
        if (name !== input.from) drop(name, input, "forward", "it heard of it and passed nothing on");
      }
    }
  }
  const [mute, input] = neverHeard(pass);
  if (mute && input) drop(mute, input, "forward", "it heard of it and has never passed anything on");
  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  return found;
}

/** Finds whom a way forward ends at that has not been heard yet: the only one in the last room who sits elsewhere too, where the pass has not been. */
function neverHeard({ spans, ordered, habits, seats, audience }: Case): [string | null, Sample | null] {
  const [first] = ordered;
  const last = ordered.findLast((sample) => sample.kind === "DATA/FORWARD");
  if (!first || !last || last.room === null || habits.listeners(last).length > 0) return [null, null];
  if (ordered.some((sample) => sample.kind === "DATA/GRADIENT") || spans.some((span) => span.input === last)) return [null, null];
  const been = new Set(ordered.map((sample) => sample.room));
  const beyond = (name: string): boolean => {
    const others = [...seats(name)].filter((room) => room !== last.room && !room.startsWith("_"));
    return others.length > 0 && others.every((room) => !been.has(room));
  };
  const candidates = audience(last.room).filter((name) => name !== last.from && name !== first.from && beyond(name));
  return candidates.length === 1 ? [candidates[0] ?? null, last] : [null, null];
}

/** Finds gradients that name no message, and what one component said more than once. */
export function astray(ordered: Sample[]): Verdict[] {
  const found: Verdict[] = [];
  const begin = ordered[0]?.time ?? 0;
  const seen = new Map<string, Sample>();
  for (const sample of ordered) {
    if (sample.kind !== "DATA/FORWARD" && sample.kind !== "DATA/GRADIENT") continue;
    const key = `${sample.from}\n${sample.kind}\n${keyOf(sample)}`;
    const what = sample.kind === "DATA/GRADIENT" ? "gradient" : "message";
    const before = seen.get(key);
    if (before && sample.room !== null && before.status === sample.status)
      found.push(verdict(sample.from, "TWICE", `a ${what} of the same ID in the same room again, ${(sample.time - before.time).toFixed(0)} ms later`, sample.time - begin));
    seen.set(key, sample);
    const named = (other: Sample): boolean => other.kind === "DATA/FORWARD" && other.room === sample.room;
    if (sample.kind === "DATA/GRADIENT" && sample.room !== null && !valueOf(sample, ordered) && ordered.some(named))
      found.push(verdict(sample.from, "DROPPED", "its gradient names no message of its room, so nobody takes it", sample.time - begin));
  }
  return found;
}

/** What is said twice is answered once. */
function keyOf(sample: Sample): string {
  return `${sample.room ?? ""}\n${sample.id}`;
}
