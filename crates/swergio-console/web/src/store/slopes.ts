// Slopes: whether a component's gradients point where its outputs go, judged by the passes that were seen.
//
// Between two inputs x and y of a component, the output changes by about J (y - x). So c·(f(y) - f(x)), with c the gradient by the
// output, and g·(y - x), with g the gradient by the input that the component made of c, are about as large and agree in sign, where f is not
// too bent from x to y; with a flipped sign they are about as large and disagree. Where they differ in size, f is too bent to tell.

import type { Sample, Wire } from "../wire";
import type { Span } from "./trace";

/** Passes of one component that are remembered, numbers in a message up to which it is looked at, and components. */
const [KEPT, LONGEST, MOST] = [12, 1024, 64];
/** Pairs that must be compared before anything is said. */
const ENOUGH = 6;
/** Agreement of one pass, from -1 to 1, under which its gradient points the wrong way. */
const AGAINST = -0.7;
/** How far from nothing agreement must usually be, for or against, and how far from that it may usually vary: of others that is chance. */
const [USUALLY, STEADY] = [0.83, 0.13];
/** Passes that must have been compared before anything is said of one. */
const KNOWN = 8;

interface Point {
  x: Float64Array;
  y: Float64Array;
  c: Float64Array;
  g: Float64Array;
}

export class Slopes {
  private points = new Map<string, Point[]>();
  private agreement = new Map<string, { size: number; off: number; count: number }>();

  /** Judges a component's part in a pass: null where that cannot be told. */
  agrees(component: string, spans: Span[]): number | null {
    const point = pointOf(component, spans);
    return point && compare(point, this.points.get(component) ?? []);
  }

  /** Tells whether the gradient points the wrong way, in a component of which that can be told. */
  flipped(component: string, spans: Span[]): boolean {
    const now = this.agrees(component, spans);
    const usual = this.agreement.get(component);
    return now !== null && now < AGAINST && usual !== undefined && usual.count >= KNOWN && usual.size > USUALLY && usual.off < STEADY;
  }

  /** Takes in the components of a pass. */
  learn(spans: Span[]): void {
    for (const component of new Set(spans.map((span) => span.component))) {
      const point = pointOf(component, spans);
      if (!point) continue;
      const points = this.points.get(component) ?? [];
      const agreed = compare(point, points);
      if (agreed !== null) {
        const size = Math.abs(agreed);
        const usual = this.agreement.get(component) ?? { size, off: 0, count: 0 };
        usual.count += 1;
        const share = Math.max(0.05, 1 / usual.count);
        usual.off += share * (Math.abs(size - usual.size) - usual.off);
        usual.size += share * (size - usual.size);
        this.agreement.set(component, usual);
      }
      points.push(point);
      if (points.length > KEPT) points.shift();
      if (this.points.has(component) || this.points.size < MOST) this.points.set(component, points);
    }
  }
}

/** Gathers what went in and out of a component, forward and back. */
function pointOf(component: string, spans: Span[]): Point | null {
  const mine = spans.filter((span) => span.component === component);
  const [forward, backward] = [mine.find((span) => span.way === "forward"), mine.find((span) => span.way === "backward")];
  const [x, y] = [numbersOf(forward?.input), numbersOf(forward?.output)];
  const [c, g] = [numbersOf(backward?.input), numbersOf(backward?.output)];
  if (!x || !y || !c || !g || x.length !== g.length || y.length !== c.length) return null;
  return { x, y, c, g };
}

/** Compares, over the other passes, how the output differs with how the gradient says that it should. */
function compare(point: Point, others: Point[]): number | null {
  let [sum, pairs] = [0, 0];
  for (const other of others) {
    if (other.x.length !== point.x.length || other.y.length !== point.y.length) continue;
    const a = along(point.c, point.y, other.y);
    const b = along(point.g, point.x, other.x);
    if (!Number.isFinite(a) || !Number.isFinite(b) || b === 0) continue;
    // 1 where they are equal, -1 where they are opposite, nearly nothing where one is much the larger.
    sum += (2 * a * b) / (a * a + b * b);
    pairs += 1;
  }
  return pairs < ENOUGH ? null : sum / pairs;
}

function along(direction: Float64Array, from: Float64Array, to: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < direction.length; at += 1) sum += (direction[at] ?? 0) * ((to[at] ?? 0) - (from[at] ?? 0));
  return sum;
}

const READERS: Record<string, [number, (view: DataView, at: number) => number]> = {
  "<f4": [4, (view, at) => view.getFloat32(at, true)],
  "<f8": [8, (view, at) => view.getFloat64(at, true)],
  "<i4": [4, (view, at) => view.getInt32(at, true)],
  "<i8": [8, (view, at) => Number(view.getBigInt64(at, true))],
};

/** Reads the numbers of a message: nested lists, a tensor, or several by name. */
export function numbersOf(sample: Sample | null | undefined): Float64Array | null {
  const all: number[] = [];
  return sample && gather(sample.message.DATA, all) && all.length > 0 ? Float64Array.from(all) : null;
}

function gather(value: unknown, all: number[]): boolean {
  if (all.length > LONGEST) return false;
  if (typeof value === "number") return all.push(value) > 0;
  if (typeof value === "bigint") return all.push(Number(value)) > 0;
  if (Array.isArray(value)) return value.every((one) => gather(one, all));
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return false;
  const { dtype, data } = value as Wire;
  if (!(data instanceof Uint8Array)) return Object.values(value).every((one) => gather(one, all));
  const [size, read] = READERS[String(dtype)] ?? [0, null];
  if (!read || data.byteLength / size > LONGEST) return false;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + size <= data.byteLength; at += size) all.push(read(view, at));
  return true;
}
