// What the broker tells in `_presence` and `_watch`, read into types that the rest of the page uses.

/** A message, as it came: upper-case keys, any values. */
export type Wire = Record<string, unknown>;

/** Tells whether a value is a map. */
export function isWire(value: unknown): value is Wire {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Returns the maps of a list, so many at most, and nothing of what is no list. */
export function maps(value: unknown, most: number): Wire[] {
  return Array.isArray(value) ? value.slice(0, most).filter(isWire) : [];
}

/** Forward carries data, backward what is learned from, control neither. */
export type Way = "forward" | "backward" | "control";

/** A tensor in a few numbers. */
export interface Summary {
  dtype: string;
  shape: number[];
  min: number | null;
  max: number | null;
  mean: number | null;
  norm: number;
  nan: number;
  inf: number;
  seen: number;
  spark: (number | null)[];
}

/** One message that was shown. */
export interface Sample {
  /** Numbered as they came, from 1. */
  seq: number;
  /** Milliseconds since 1970, when the broker had it. */
  time: number;
  from: string;
  size: number;
  codec: string;
  kind: string;
  way: Way;
  id: string;
  /** The pass that it belongs to: ROOT_ID, or else its own ID. */
  pass: string;
  room: string | null;
  to: string | null;
  status: number | null;
  message: Wire;
  omitted: string[];
  summary: Record<string, Summary>;
}

/** How much went one way since the last tick. */
export interface Flow {
  from: string;
  room: string | null;
  to: string | null;
  kind: string;
  messages: number;
  bytes: number;
}

const BACKWARD = new Set(["DATA/GRADIENT", "DATA/REWARD", "DATA/FEEDBACK", "DATA/FAULT"]);

export function wayOf(kind: string): Way {
  if (BACKWARD.has(kind)) return "backward";
  return kind.startsWith("DATA/") ? "forward" : "control";
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);
}

export function maybe(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export function number(value: unknown, otherwise = 0): number {
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : otherwise;
}

/** Reads a `LOG/SAMPLE`. */
export function sampleOf(wire: Wire, seq: number): Sample {
  const message = (wire.MESSAGE ?? {}) as Wire;
  const kind = text(message.TYPE);
  const id = text(message.ID);
  return {
    seq,
    time: number(wire.TIME) * 1000,
    from: text(wire.FROM),
    size: number(wire.SIZE),
    codec: text(wire.CODEC),
    kind,
    way: wayOf(kind),
    id,
    pass: maybe(message.ROOT_ID) ?? id,
    room: maybe(message.TO_ROOM),
    to: maybe(message.TO),
    status: typeof message.MODEL_STATUS === "number" ? message.MODEL_STATUS : null,
    message,
    omitted: (wire.OMITTED as string[]) ?? [],
    summary: (wire.SUMMARY as Record<string, Summary>) ?? {},
  };
}

/** Reads the flows of a `LOG/TRAFFIC`. */
export function flowsOf(wire: Wire): Flow[] {
  return ((wire.FLOWS as Wire[]) ?? []).map((flow) => ({
    from: text(flow.FROM),
    room: maybe(flow.TO_ROOM),
    to: maybe(flow.TO),
    kind: text(flow.KIND),
    messages: number(flow.MESSAGES),
    bytes: number(flow.BYTES),
  }));
}
