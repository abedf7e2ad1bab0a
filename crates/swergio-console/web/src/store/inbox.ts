// Inbox: questions that wait for a person, who is at which, and what was answered.

import { type Sample, type Wire, maybe, number, text } from "../wire";

/** Questions that are kept open. */
const MOST = 500;

export type Answer =
  | { type: "choice"; options: string[] }
  | { type: "rating"; min: number; max: number; step: number; labels: Record<string, string> }
  | { type: "number"; min: number | null; max: number | null; unit: string }
  | { type: "text"; lines: boolean }
  | { type: "pair" };

/** How an item is shown. */
export interface Show {
  text?: string;
  image?: string;
  audio?: string;
  /** Numbers to be drawn as a line. */
  plot?: number[];
  /** A melody: notes with a start and a length in beats and a MIDI pitch, at `tempo` beats a minute. */
  notes?: { start: number; length: number; pitch: number }[];
  tempo?: number;
}

export interface Item {
  id: string;
  show: Show;
  /** For a pairwise preference: the second of the pair. */
  against: Show | null;
}

export interface Question {
  query: string;
  room: string;
  pass: string;
  from: string;
  question: string;
  answer: Answer;
  item: Item;
  skip: boolean;
  /** Milliseconds since 1970. */
  deadline: number | null;
  /** Somebody else is at it, until then. */
  claimed: { by: string; until: number } | null;
}

export class Inbox {
  private open = new Map<string, Question>();
  private answered = new Set<string>();
  version = 0;

  /** Takes in a DATA/QUERY, DATA/CLAIM, DATA/FEEDBACK or DATA/SETTLED, shown or heard in its room. */
  hear(kind: string, room: string | null, wire: Wire, me: string, from: string): void {
    if (kind === "DATA/QUERY" && room !== null) this.ask(room, wire, from);
    if (kind === "DATA/CLAIM") this.claim(wire, me);
    if (kind === "DATA/SETTLED") this.settle(wire);
    this.version += 1;
  }

  add(sample: Sample, me: string): void {
    this.hear(sample.kind, sample.room, sample.message, me, sample.from);
  }

  private ask(room: string, wire: Wire, from: string): void {
    const data = (wire.DATA ?? {}) as Wire;
    const query = text(wire.ID);
    for (const raw of (data.items as Wire[]) ?? []) {
      const item = text(raw.id);
      const key = `${query}\n${item}`;
      if (this.answered.has(key) || this.open.has(key) || this.open.size >= MOST) continue;
      this.open.set(key, {
        query,
        room,
        pass: maybe(wire.ROOT_ID) ?? query,
        from,
        question: text(data.question),
        answer: answerOf((data.answer ?? {}) as Wire),
        item: { id: item, show: (raw.show ?? {}) as Show, against: (raw.against as Show | undefined) ?? null },
        skip: data.skip !== false,
        deadline: typeof data.deadline === "number" ? data.deadline * 1000 : null,
        claimed: null,
      });
    }
  }

  private claim(wire: Wire, me: string): void {
    const data = (wire.DATA ?? {}) as Wire;
    const question = this.open.get(`${text(wire.REF)}\n${text(data.item)}`);
    const by = text(data.by);
    if (!question || by === me) return;
    question.claimed = data.until === null ? null : { by, until: number(data.until) * 1000 };
  }

  private settle(wire: Wire): void {
    const data = (wire.DATA ?? {}) as Wire;
    for (const item of (data.items as unknown[]) ?? []) this.forget(text(wire.REF), text(item));
  }

  /** Takes note that an item was answered here. */
  forget(query: string, item: string): void {
    const key = `${query}\n${item}`;
    this.open.delete(key);
    this.answered.add(key);
    this.version += 1;
  }

  /** Lists what can be answered now: what nobody else is at, the nearest deadline first. */
  questions(now: number): Question[] {
    const open: Question[] = [];
    for (const [key, question] of this.open) {
      if (question.deadline !== null && question.deadline < now) {
        this.open.delete(key);
        continue;
      }
      if (question.claimed && question.claimed.until < now) question.claimed = null;
      open.push(question);
    }
    return open.sort((a, b) => (a.deadline ?? Infinity) - (b.deadline ?? Infinity));
  }

  rooms(): string[] {
    return [...new Set([...this.open.values()].map((question) => question.room))];
  }
}

function answerOf(wire: Wire): Answer {
  const type = text(wire.type);
  if (type === "choice") return { type, options: ((wire.options as unknown[]) ?? []).map(text) };
  if (type === "number") {
    const bound = (value: unknown): number | null => (typeof value === "number" ? value : null);
    return { type, min: bound(wire.min), max: bound(wire.max), unit: text(wire.unit) };
  }
  if (type === "text") return { type, lines: wire.lines === true };
  if (type === "pair") return { type };
  return {
    type: "rating",
    min: number(wire.min, 0),
    max: number(wire.max, 5),
    step: number(wire.step, 1),
    labels: (wire.labels as Record<string, string>) ?? {},
  };
}
