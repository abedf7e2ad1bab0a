// Habits: what is usual for each component, learned from the passes that went by.

import { type Sample, number } from "../wire";
import { Slopes } from "./slopes";
import type { Span } from "./trace";

/** Components, ways and rooms that habits are kept of. */
const MOST = 2000;
/** Times of a component's answers that are remembered, to tell who had to wait. */
const ANSWERS = 256;
/** Messages of a room after which it is known whether all of them are taken up; observations after which a figure is known well. */
const STEADY = 10;
/** Messages of older weights in a row after which these count. */
const RESTORED = 20;
/** Times in a row that something wrong is not taken for usual. */
const STUBBORN = 100;
/** Decades beyond what is usual that are wrong: while little is known of it, and where it is always the same. */
const [UNUSUAL, PLAIN] = [2.5, 1.2];
/** The share of a new observation in what is usual. */
const SHARE = 0.06;

/** A running mean with its spread. */
interface Usual {
  mean: number;
  spread: number;
  count: number;
}

/** What a component has said of its weights. */
export interface Version {
  newest: number;
  /** Gradients that were passed on since it was heard of first. */
  since: number;
  /** The most gradients that a version has lasted. */
  longest: number;
  /** Older versions that were heard of in a row, and the first and the last of them. */
  older: number;
  from: number;
  to: number;
}

export class Habits {
  private figures = new Map<string, Usual>();
  private shapes = new Map<string, { shape: string; count: number }>();
  private heard = new Map<string, number>();
  private answered = new Map<string, Map<string, number>>();
  private times = new Map<string, number[]>();
  private wrong = new Map<string, number>();
  private turns = new Set<string>();
  private versions = new Map<string, Version>();
  private known = new WeakMap<Sample, Version>();
  readonly slopes = new Slopes();

  /** Takes note of a message as it comes. */
  see(sample: Sample): void {
    if (sample.kind !== "DATA/FORWARD" && sample.kind !== "DATA/GRADIENT") return;
    this.version(sample);
    const times = this.times.get(sample.from) ?? [];
    times.push(sample.time);
    if (times.length > 2 * ANSWERS) times.splice(0, ANSWERS);
    this.keep(this.times, sample.from, times);
  }

  /** Tells for how long a message waited, for the component was at others: until its last answer before this one. */
  waited(component: string, from: number, to: number): number {
    const times = this.times.get(component) ?? [];
    let last = from;
    for (let at = times.length - 1; at >= 0; at -= 1) {
      const time = times[at] ?? 0;
      if (time < from) break;
      if (time < to && time > last) last = time;
    }
    return last - from;
  }

  /** Learns from a pass that is over, once. */
  learn(spans: Span[], ordered: Sample[]): void {
    for (const span of spans) {
      if (!span.output) continue;
      if (!this.strange(span)) this.figure(span, span.output);
      const room = roomOf(span.input);
      if (span.way === "turn" && this.turns.size < MOST) this.turns.add(room);
      const answered = this.answered.get(room) ?? new Map<string, number>();
      answered.set(span.component, (answered.get(span.component) ?? 0) + 1);
      this.keep(this.answered, room, answered);
    }
    for (const sample of ordered) {
      if (sample.kind !== "DATA/FORWARD") continue;
      const room = roomOf(sample);
      // Where every message is taken up, one that is not was lost, however often that happens: it becomes no habit.
      const lost = !spans.some((span) => span.output && span.input === sample) && this.takesAll(room);
      if (!lost) this.keep(this.heard, room, (this.heard.get(room) ?? 0) + 1);
    }
    this.slopes.learn(spans);
  }

  /** What is wrong becomes usual only when it has been so for long. */
  private strange(span: Span): boolean {
    const key = keyOf(span);
    const times = span.verdicts.length > 0 ? (this.wrong.get(key) ?? 0) + 1 : 0;
    this.keep(this.wrong, key, times);
    return times > 0 && times <= STUBBORN;
  }

  private figure(span: Span, output: Sample): void {
    const key = keyOf(span);
    this.observe(`time ${key}`, Math.log10(Math.max(busy(span), 0.01)));
    this.observe(`wait ${key}`, Math.log10(Math.max(span.queue ?? 0, 0.01)));
    this.observe(`zero ${key}`, silent(span) ? 1 : 0);
    const grown = growth(span);
    if (grown !== null) this.observe(`norm ${key}`, grown);
    this.keepShape(key, output);
  }

  /** Tells whether somebody makes another message of each that is said in a room, as the end of a way need not. */
  private takesAll(room: string): boolean {
    const heard = this.heard.get(room) ?? 0;
    return heard >= STEADY && !this.turns.has(room) && [...(this.answered.get(room) ?? [])].some(([, count]) => count >= 0.95 * heard);
  }

  private observe(key: string, value: number): void {
    const usual = this.figures.get(key);
    if (!usual) return this.keep(this.figures, key, { mean: value, spread: 0, count: 1 });
    const share = Math.max(SHARE, 1 / (usual.count + 1));
    const off = value - usual.mean;
    usual.mean += share * Math.max(-1, Math.min(1, off));
    usual.spread += share * (Math.min(1, Math.abs(off)) - usual.spread);
    usual.count += 1;
  }

  /** Tells by how many decades a figure is above what is usual; null before that is known. */
  private above(key: string, value: number): number | null {
    const usual = this.figures.get(key);
    if (!usual || usual.count < 5) return null;
    return value - usual.mean - Math.sign(value - usual.mean) * 2 * usual.spread;
  }

  /** Tells by what factor a span took longer than usual, and how long is usual (ms). */
  slower(span: Span): { by: number; usual: number } | null {
    const key = `time ${keyOf(span)}`;
    const above = this.above(key, Math.log10(Math.max(busy(span), 0.01)));
    return above === null ? null : { by: 10 ** above, usual: 10 ** (this.figures.get(key)?.mean ?? 0) };
  }

  queuedLonger(span: Span): number | null {
    const above = this.above(`wait ${keyOf(span)}`, Math.log10(Math.max(span.queue ?? 0, 0.01)));
    return above === null ? null : 10 ** above;
  }

  /** Tells by how many decades more than usual the norm grew, once more than chance explains; the better it is known, the sooner. */
  grew(span: Span): number | null {
    const [key, grown] = [`norm ${keyOf(span)}`, growth(span)];
    const above = grown === null ? null : this.above(key, grown);
    const usual = this.figures.get(key);
    if (above === null || !usual) return null;
    const unusual = usual.count < 2 * STEADY ? UNUSUAL : Math.min(UNUSUAL, PLAIN + 6 * usual.spread);
    return Math.abs(above) > unusual ? above : null;
  }

  /** Tells whether a component gives nothing but zeros of what is more than that, as it never does. */
  fellSilent(span: Span): boolean {
    const usual = this.figures.get(`zero ${keyOf(span)}`);
    return usual !== undefined && usual.count >= STEADY && usual.mean < 0.01 && silent(span);
  }

  private keepShape(key: string, output: Sample): void {
    const shape = rank(output);
    const known = this.shapes.get(key);
    if (!known || known.count <= 0) this.keep(this.shapes, key, { shape, count: 1 });
    else known.count += known.shape === shape ? (known.count < 50 ? 1 : 0) : -1;
  }

  /** Returns the shape that a component usually gives, without the first dimension, if this one is another. */
  misshapen(span: Span): string | null {
    const known = this.shapes.get(keyOf(span));
    if (!span.output || !known || known.count < 5 || known.shape === "") return null;
    const shape = rank(span.output);
    return shape === "" || shape === known.shape ? null : known.shape;
  }

  /** Lists who usually makes something of what is said in a room. */
  listeners(sample: Sample): string[] {
    const room = roomOf(sample);
    const heard = this.heard.get(room) ?? 0;
    return [...(this.answered.get(room) ?? [])].filter(([, count]) => count >= 3 && count > 0.6 * heard).map(([name]) => name);
  }

  /** Takes note of the version of the weights that a message was made with, and of what its sender had said before. */
  private version(sample: Sample): void {
    const said = sample.message.WEIGHTS_VERSION;
    if (said === undefined || said === null) return;
    const newest = number(said);
    const mine = this.versions.get(sample.from) ?? { newest: -1, since: 0, longest: 0, older: 0, from: 0, to: 0 };
    this.known.set(sample, { ...mine });
    if (newest < mine.newest) {
      if (mine.older === 0) mine.from = newest;
      [mine.older, mine.to] = [mine.older + 1, newest];
    }
    // Older weights that learn on were restored on purpose.
    const restored = mine.older > RESTORED && mine.to > mine.from;
    if (newest > mine.newest || restored) {
      mine.longest = Math.max(mine.longest, mine.since);
      Object.assign(mine, { newest, since: 0 });
    }
    if (newest >= mine.newest) mine.older = 0;
    if (sample.kind === "DATA/GRADIENT" && (sample.status ?? 1) === 1) mine.since += 1;
    this.keep(this.versions, sample.from, mine);
  }

  /** Returns what was known of its sender's weights before this message. */
  before(sample: Sample): Version | null {
    return this.known.get(sample) ?? null;
  }

  private keep<V>(map: Map<string, V>, key: string, value: V): void {
    if (map.has(key) || map.size < MOST) map.set(key, value);
  }
}

function roomOf(sample: Sample): string {
  return `${sample.room ?? ""}\n${sample.status ?? 1}`;
}

function keyOf(span: Span): string {
  return `${span.way}\n${span.component}`;
}

/** Milliseconds that a component was at it, without those that the message waited. */
export function busy(span: Span): number {
  return span.compute ?? Math.max(0, span.end - span.start - (span.queue ?? 0));
}

/** Tells whether something became nothing. */
function silent(span: Span): boolean {
  const [before, after] = [sum(span.input), sum(span.output)];
  return before.known && after.known && before.norm > 0 && after.norm === 0;
}

/** Sums up the tensors of a message. */
export function sum(sample: Sample | null): { norm: number; bad: number; known: boolean } {
  const all = Object.values(sample?.summary ?? {});
  return {
    norm: Math.hypot(...all.map((summary) => summary.norm)),
    bad: all.reduce((bad, summary) => bad + summary.nan + summary.inf, 0),
    known: all.length > 0,
  };
}

/** Tells by how many decades the norm grew in a component. */
export function growth(span: Span): number | null {
  const [before, after] = [sum(span.input), sum(span.output)];
  if (!before.known || !after.known || before.bad + after.bad > 0 || before.norm === 0 || after.norm === 0) return null;
  return Math.log10(after.norm / before.norm);
}

/** Spells the shapes of a message without their first dimension, which is often a batch. */
function rank(sample: Sample): string {
  return Object.entries(sample.summary)
    .map(([name, one]) => `${name}[${one.shape.map((size, at) => (at === 0 ? "·" : size)).join(", ")}]`)
    .join(" ");
}
