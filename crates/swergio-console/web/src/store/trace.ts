// Trace: which component made which message of which, in one pass.

import type { Sample } from "../wire";
import type { Verdict } from "./verdict";

/** What one component did with one message. */
export interface Span {
  component: string;
  /** `turn` is where forward ends: the gradient by what came out is made there. */
  way: "forward" | "turn" | "backward";
  /** Milliseconds since the pass began. */
  start: number;
  end: number;
  /** Milliseconds that it waited and computed, where the component says so. */
  queue: number | null;
  compute: number | null;
  /** The time that it waited is worked out from its other answers. */
  guessed: boolean;
  input: Sample;
  output: Sample | null;
  verdicts: Verdict[];
}

/** Lists the rooms of a component, and the components of a room. */
export type Seats = (component: string) => Set<string>;
export type Audience = (room: string) => string[];

const learned = (sample: Sample): boolean => sample.kind === "DATA/GRADIENT" || sample.kind === "DATA/REWARD";

/** Works out who did what. */
export function trace(ordered: Sample[], seats: Seats): Span[] {
  const begin = ordered[0]?.time ?? 0;
  const spans: Span[] = [];
  for (const output of ordered) {
    if (output.kind === "DATA/FORWARD") {
      const input = forwardBehind(output, ordered, seats);
      if (input) spans.push(spanOf("forward", input, output, begin));
    } else if (learned(output)) {
      const told = gradientBehind(output, ordered);
      const value = told ? null : valueOf(output, ordered);
      if (told) spans.push(spanOf("backward", told, output, begin));
      else if (value && value.from !== output.from) spans.push(spanOf("turn", value, output, begin));
    }
  }
  return spans.sort((a, b) => a.start - b.start || a.end - b.end);
}

export function spanOf(way: Span["way"], input: Sample, output: Sample | null, begin: number): Span {
  return {
    component: output?.from ?? "",
    way,
    start: input.time - begin,
    end: (output ?? input).time - begin,
    queue: seconds(output?.message.QUEUE_TIME),
    compute: seconds(output?.message.COMPUTE_TIME),
    guessed: false,
    input,
    output,
    verdicts: [],
  };
}

function seconds(value: unknown): number | null {
  return typeof value === "number" ? value * 1000 : null;
}

/** Finds the forward message that a gradient is the gradient of. */
export function valueOf(gradient: Sample, ordered: Sample[]): Sample | null {
  return ordered.find((s) => s.kind === "DATA/FORWARD" && s.id === gradient.id && s.room === gradient.room) ?? null;
}

/** A component's forward output follows the last forward that it heard, in a room where it sits. */
function forwardBehind(output: Sample, ordered: Sample[], seats: Seats): Sample | null {
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
    if (learned(sample) && sample.from !== output.from && mine.has(sample.id)) found = sample;
  }
  return found;
}
