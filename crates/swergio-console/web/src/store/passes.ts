// Passes: the way of one sample forward and back, as the messages that were shown tell it.

import { type Sample, type Summary, number } from "../wire";

/** Passes that are kept; the oldest is forgotten beyond it. */
const KEPT = 400;
/** Messages of one pass that are kept. */
const LONGEST = 500;
/** A gradient that grows by more than this through one component has exploded, that shrinks by more has vanished. */
const EXPLODES = 1e3;
const VANISHES = 1e-6;
/** Milliseconds after which what is missing of a pass will not come any more. */
const OVER = 3000;
/** A stage is slow when it takes this many times what it usually takes, or most of the pass. */
const SLOW = 8;

export interface PassHead {
  id: string;
  time: number;
  /** Milliseconds from the first message to the last. */
  took: number;
  messages: number;
  status: number | null;
  complete: boolean;
  verdicts: number;
}

/** What one component did with one message. */
export interface Span {
  component: string;
  way: "forward" | "backward";
  /** Milliseconds since the pass began. */
  start: number;
  end: number;
  /** Milliseconds that it waited and computed, where the component says so. */
  queue: number | null;
  compute: number | null;
  input: Sample;
  output: Sample | null;
  verdicts: Verdict[];
}

export interface Verdict {
  component: string;
  code: "NAN" | "EXPLODED" | "VANISHED" | "DROPPED" | "SLOW" | "FAULT" | "SHAPE" | "STALE" | "WRONG";
  text: string;
}

export interface PassPicture {
  head: PassHead;
  /** Where and by whom it began. */
  first: Sample;
  spans: Span[];
  verdicts: Verdict[];
}

export type Seats = (component: string) => Set<string>;

export class Passes {
  private passes = new Map<string, Sample[]>();
  private usual = new Map<string, number>();

  add(sample: Sample): void {
    if (sample.pass === "" || sample.way === "control") return;
    const known = this.passes.get(sample.pass);
    if (known) {
      if (known.length < LONGEST) known.push(sample);
      return;
    }
    this.passes.set(sample.pass, [sample]);
    if (this.passes.size > KEPT) {
      const oldest = this.passes.keys().next().value;
      if (oldest !== undefined) this.passes.delete(oldest);
    }
  }

  /** Lists passes, the newest first. */
  list(seats: Seats, now: number, most = 60): PassHead[] {
    const heads: PassHead[] = [];
    const ids = [...this.passes.keys()];
    for (let at = ids.length - 1; at >= 0 && heads.length < most; at -= 1) {
      const picture = this.picture(ids[at] ?? "", seats, now);
      if (picture && picture.head.messages > 1) heads.push(picture.head);
    }
    return heads;
  }

  /** Finds the pass nearest in time. */
  nearest(time: number): string | null {
    let best: string | null = null;
    let gap = Infinity;
    for (const [id, samples] of this.passes) {
      const last = samples[samples.length - 1];
      if (!last || samples.length < 2) continue;
      const distance = Math.abs(last.time - time);
      if (distance < gap) [best, gap] = [id, distance];
    }
    return best;
  }

  picture(id: string, seats: Seats, now: number): PassPicture | null {
    const samples = this.passes.get(id);
    if (!samples || samples.length === 0) return null;
    const ordered = [...samples].sort((a, b) => a.time - b.time || a.seq - b.seq);
    const first = ordered[0] as Sample;
    const last = ordered[ordered.length - 1] as Sample;
    const over = now - last.time > OVER;
    const spans = trace(ordered, seats, over);
    this.judge(spans, ordered, last.time - first.time);
    const verdicts = spans.flatMap((span) => span.verdicts);
    for (const sample of ordered) if (sample.kind === "DATA/FAULT") verdicts.push(faultOf(sample));
    const head: PassHead = {
      id,
      time: first.time,
      took: last.time - first.time,
      messages: ordered.length,
      status: first.status,
      complete: ordered.some((sample) => sample.kind === "DATA/GRADIENT" && sample.id === first.id),
      verdicts: verdicts.length,
    };
    return { head, first, spans, verdicts: distinct(verdicts) };
  }

  private judge(spans: Span[], ordered: Sample[], took: number): void {
    for (const span of spans) {
      if (span.output) {
        span.verdicts.push(...compare(span));
        const mine = span.end - span.start;
        const key = `${span.component}\n${span.way}`;
        const usual = this.usual.get(key);
        const most = spans.length > 2 && mine > 0.8 * took && took > 50;
        if ((usual !== undefined && mine > SLOW * usual && mine > 5) || most) {
          span.verdicts.push({
            component: span.component,
            code: "SLOW",
            text: `took ${mine.toFixed(1)} ms of ${took.toFixed(1)} ms${usual ? `, usually ${usual.toFixed(1)} ms` : ""}`,
          });
        }
        this.usual.set(key, usual === undefined ? mine : usual + 0.05 * (Math.min(mine, 4 * usual) - usual));
      }
    }
    const stale = staleOf(ordered);
    for (const verdict of stale) spans.find((span) => span.component === verdict.component)?.verdicts.push(verdict);
  }
}

/** Works out who did what: which message each component made of which. */
function trace(ordered: Sample[], seats: Seats, over: boolean): Span[] {
  const begin = ordered[0]?.time ?? 0;
  const spans: Span[] = [];
  const answered = new Set<string>();
  for (const output of ordered) {
    const input = output.kind === "DATA/GRADIENT" ? gradientBehind(output, ordered) : forwardBehind(output, ordered, seats);
    if (!input || output.kind === "DATA/FAULT") continue;
    answered.add(`${output.from}\n${input.seq}`);
    spans.push(spanOf(input, output, begin));
  }
  if (over) {
    for (const span of missing(ordered, answered, begin)) spans.push(span);
  }
  return spans.sort((a, b) => a.start - b.start || a.end - b.end);
}

function spanOf(input: Sample, output: Sample, begin: number): Span {
  return {
    component: output.from,
    way: output.kind === "DATA/GRADIENT" ? "backward" : "forward",
    start: input.time - begin,
    end: output.time - begin,
    queue: seconds(output.message.QUEUE_TIME),
    compute: seconds(output.message.COMPUTE_TIME),
    input,
    output,
    verdicts: [],
  };
}

function seconds(value: unknown): number | null {
  return typeof value === "number" ? value * 1000 : null;
}

/** A component's forward output follows the last forward that it heard, in a room where it sits. */
function forwardBehind(output: Sample, ordered: Sample[], seats: Seats): Sample | null {
  if (output.kind !== "DATA/FORWARD") return null;
  const rooms = seats(output.from);
  let found: Sample | null = null;
  for (const sample of ordered) {
    if (sample === output || sample.time > output.time) break;
    const heard = sample.kind === "DATA/FORWARD" && sample.from !== output.from && sample.room !== output.room;
    if (heard && sample.room !== null && rooms.has(sample.room)) found = sample;
  }
  return found;
}

/** A gradient under the ID of a component's input follows the gradient under the ID of its output. */
function gradientBehind(output: Sample, ordered: Sample[]): Sample | null {
  const mine = new Set(ordered.filter((s) => s.kind === "DATA/FORWARD" && s.from === output.from).map((s) => s.id));
  let found: Sample | null = null;
  for (const sample of ordered) {
    if (sample === output || sample.time > output.time) break;
    const learned = sample.kind === "DATA/GRADIENT" || sample.kind === "DATA/REWARD";
    if (learned && sample.from !== output.from && mine.has(sample.id)) found = sample;
  }
  return found;
}

/** Names components that were told a gradient for what they said, and told none themselves. */
function missing(ordered: Sample[], answered: Set<string>, begin: number): Span[] {
  const first = ordered[0];
  const spans: Span[] = [];
  for (const input of ordered) {
    if (input.kind !== "DATA/GRADIENT") continue;
    const owner = ordered.find((s) => s.kind === "DATA/FORWARD" && s.id === input.id && s.room === input.room);
    if (!owner || owner.from === input.from || owner === first || answered.has(`${owner.from}\n${input.seq}`)) continue;
    const faulted = ordered.some((sample) => sample.kind === "DATA/FAULT" && sample.from === owner.from);
    spans.push({
      component: owner.from,
      way: "backward",
      start: input.time - begin,
      end: input.time - begin,
      queue: null,
      compute: null,
      input,
      output: null,
      verdicts: faulted
        ? []
        : [{ component: owner.from, code: "DROPPED", text: "was told a gradient and passed none on" }],
    });
  }
  return spans;
}

function compare(span: Span): Verdict[] {
  const verdicts: Verdict[] = [];
  const say = (code: Verdict["code"], text: string): number => verdicts.push({ component: span.component, code, text });
  const [before, after] = [sum(span.input), sum(span.output)];
  if (after.bad > 0 && before.bad === 0) say("NAN", `${after.bad} numbers that are NaN or infinite arise here`);
  if (span.way === "backward" && after.known && before.known && after.bad === 0) {
    if (after.norm === 0 && before.norm > 0) say("VANISHED", "the gradient that it passes on is zero");
    else if (before.norm > 0 && after.norm / before.norm < VANISHES)
      say("VANISHED", `the gradient shrinks by ${(before.norm / after.norm).toExponential(1)}`);
    else if (before.norm > 0 && after.norm / before.norm > EXPLODES)
      say("EXPLODED", `the gradient grows by ${(after.norm / before.norm).toExponential(1)}`);
  }
  return verdicts;
}

function sum(sample: Sample | null): { norm: number; bad: number; known: boolean } {
  const all = Object.values(sample?.summary ?? {});
  return {
    norm: Math.hypot(...all.map((summary) => summary.norm)),
    bad: all.reduce((bad, summary) => bad + summary.nan + summary.inf, 0),
    known: all.length > 0,
  };
}

/** A gradient has the shape of the value that it is the gradient of; and who says its version must not say an older one. */
function staleOf(ordered: Sample[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const gradient of ordered.filter((sample) => sample.kind === "DATA/GRADIENT")) {
    const value = ordered.find((s) => s.kind === "DATA/FORWARD" && s.id === gradient.id && s.room === gradient.room);
    if (value && shapes(value.summary) !== shapes(gradient.summary) && shapes(gradient.summary) !== "") {
      verdicts.push({
        component: gradient.from,
        code: "SHAPE",
        text: `sends a gradient of ${shapes(gradient.summary)} for a value of ${shapes(value.summary)}`,
      });
    }
  }
  const versions = new Map<string, number>();
  for (const sample of ordered) {
    const version = sample.message.WEIGHTS_VERSION;
    if (version === undefined) continue;
    const known = versions.get(sample.from) ?? -1;
    if (number(version) < known)
      verdicts.push({ component: sample.from, code: "STALE", text: `answers with weights ${number(version)} after ${known}` });
    versions.set(sample.from, Math.max(known, number(version)));
  }
  return verdicts;
}

export function shapes(summary: Record<string, Summary>): string {
  return Object.values(summary)
    .map((one) => `[${one.shape.join(", ")}]`)
    .join(" ");
}

function faultOf(sample: Sample): Verdict {
  const { COMPONENT, CODE, MESSAGE } = sample.message;
  return { component: String(COMPONENT ?? sample.from), code: "FAULT", text: `${String(CODE ?? "")} ${String(MESSAGE ?? "")}`.trim() };
}

function distinct(verdicts: Verdict[]): Verdict[] {
  const seen = new Set<string>();
  return verdicts.filter((verdict) => {
    const key = `${verdict.component}\n${verdict.code}\n${verdict.text}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
