// Inbox: questions that wait for a person, who is at which, and what was answered.

import { type Sample, type Wire, isWire, maps, maybe, number, text } from "../wire";

/** Questions that are kept open. */
const MOST = 500;
/** Items of which it is remembered that they need no answer. */
const MOST_ANSWERED = 20_000;
/** Items of one message, options of one question, and points or notes of one item that are looked at. */
const MOST_PARTS = 4096;
/** Ratings that are buttons. */
const MOST_RATINGS = 21;
/** Milliseconds for which a claim keeps an item from others, at most. */
export const CLAIM = 60_000;

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
  /** What the person here is at, and until when, in seconds since 1970 as it was said: equal claims must compare as equal. */
  private held = new Map<string, number>();
  private answered = new Set<string>();
  version = 0;

  /** Takes in a DATA/QUERY, DATA/CLAIM, DATA/FEEDBACK or DATA/SETTLED, shown or heard in its room, at `now` ms since 1970. */
  hear(kind: string, room: string | null, wire: Wire, me: string, from: string, now: number): void {
    if (kind === "DATA/QUERY" && room !== null) this.ask(room, wire, from);
    if (kind === "DATA/CLAIM") this.claim(wire, me, now);
    if (kind === "DATA/FEEDBACK") this.answer(wire);
    if (kind === "DATA/SETTLED") this.settle(wire);
    this.version += 1;
  }

  add(sample: Sample, me: string, now: number): void {
    this.hear(sample.kind, sample.room, sample.message, me, sample.from, now);
  }

  private ask(room: string, wire: Wire, from: string): void {
    const data = isWire(wire.DATA) ? wire.DATA : {};
    const query = text(wire.ID);
    for (const raw of maps(data.items, MOST_PARTS)) {
      const item = text(raw.id);
      const key = `${query}\n${item}`;
      if (this.answered.has(key) || this.open.has(key) || this.open.size >= MOST) continue;
      this.open.set(key, {
        query,
        room,
        pass: maybe(wire.ROOT_ID) ?? query,
        from,
        question: text(data.question),
        answer: answerOf(isWire(data.answer) ? data.answer : {}),
        item: { id: item, show: showOf(raw.show), against: isWire(raw.against) ? showOf(raw.against) : null },
        skip: data.skip !== false,
        deadline: typeof data.deadline === "number" ? data.deadline * 1000 : null,
        claimed: null,
      });
    }
  }

  /** Takes the item for the person here until then (s since 1970), or gives it back; not what somebody else is at. */
  hold(query: string, item: string, until: number | null, now: number): boolean {
    const key = `${query}\n${item}`;
    const question = this.open.get(key);
    if (until === null) return this.held.delete(key);
    if (!question || taken(question, now)) return false;
    this.held.set(key, until);
    return true;
  }

  /** R103: of two claims that cross, the one that ends earlier stands, and of those that end at once that of the lesser name. */
  private claim(wire: Wire, me: string, now: number): void {
    const data = isWire(wire.DATA) ? wire.DATA : {};
    const key = `${text(wire.REF)}\n${text(data.item)}`;
    const question = this.open.get(key);
    const by = text(data.by);
    if (!question || by === me) return;
    if (typeof data.until !== "number") {
      if (question.claimed?.by === by) question.claimed = null;
      return;
    }
    const mine = this.held.get(key) ?? 0;
    const stands = mine * 1000 > now && (mine < data.until || (mine === data.until && before(me, by)));
    if (stands) return;
    this.held.delete(key);
    question.claimed = { by, until: Math.min(data.until * 1000, now + CLAIM) };
  }

  /** R103: an answer ends its person's claim; whether the item needs another is for who asked to say. */
  private answer(wire: Wire): void {
    const data = isWire(wire.DATA) ? wire.DATA : {};
    for (const one of maps(data.answers, MOST_PARTS)) {
      const question = this.open.get(`${text(wire.ID)}\n${text(one.item)}`);
      if (question?.claimed?.by === text(data.by)) question.claimed = null;
    }
  }

  private settle(wire: Wire): void {
    const data = isWire(wire.DATA) ? wire.DATA : {};
    const items = Array.isArray(data.items) ? data.items.slice(0, MOST_PARTS) : [];
    for (const item of items) this.forget(text(wire.REF), text(item));
  }

  /** Takes note that an item was answered here. */
  forget(query: string, item: string): void {
    const key = `${query}\n${item}`;
    this.drop(key);
    this.answered.add(key);
    if (this.answered.size > MOST_ANSWERED) for (const oldest of [...this.answered].slice(0, MOST_ANSWERED / 2)) this.answered.delete(oldest);
    this.version += 1;
  }

  private drop(key: string): void {
    this.open.delete(key);
    this.held.delete(key);
  }

  /** Lists what is open: first what the person here is at, then the nearest deadline. */
  questions(now: number): Question[] {
    const open: Question[] = [];
    for (const [key, question] of this.open) {
      if (question.deadline !== null && question.deadline < now) {
        this.drop(key);
        continue;
      }
      if (!taken(question, now)) question.claimed = null;
      open.push(question);
    }
    const due = (one: Question): number => (this.held.has(`${one.query}\n${one.item.id}`) ? -Infinity : (one.deadline ?? Infinity));
    return open.sort((a, b) => (due(a) < due(b) ? -1 : due(a) > due(b) ? 1 : 0));
  }

  rooms(): string[] {
    return [...new Set([...this.open.values()].map((question) => question.room))];
  }
}

/** Lists the ratings that may be given, without what adding tenths leaves behind; null where they are too many for buttons. */
export function ratings(answer: Extract<Answer, { type: "rating" }>): number[] | null {
  const { min, max, step } = answer;
  const count = Math.floor((max - min) / step + 1e-9) + 1;
  if (!(count >= 1 && count <= MOST_RATINGS)) return null;
  return Array.from({ length: count }, (_, at) => Number((min + at * step).toPrecision(12)));
}

/** Tells whether somebody else is at it now. */
function taken(question: Question, now: number): boolean {
  return question.claimed !== null && question.claimed.until > now;
}

/** Tells whether a name comes first, byte by byte, which is point by point and not as JavaScript compares. */
function before(name: string, other: string): boolean {
  const [a, b] = [[...name], [...other]];
  const at = a.findIndex((letter, place) => letter !== b[place]);
  if (at < 0) return a.length < b.length;
  return (a[at]?.codePointAt(0) ?? -1) < (b[at]?.codePointAt(0) ?? -1);
}

/** Reads how an item is shown, and leaves out what is not of the form. */
function showOf(raw: unknown): Show {
  if (!isWire(raw)) return {};
  const show: Show = {};
  for (const key of ["text", "image", "audio"] as const) if (typeof raw[key] === "string") show[key] = raw[key];
  if (Array.isArray(raw.plot)) show.plot = raw.plot.slice(0, MOST_PARTS).filter((point): point is number => Number.isFinite(point));
  const notes = maps(raw.notes, MOST_PARTS).map((note) => ({ start: number(note.start, NaN), length: number(note.length, NaN), pitch: number(note.pitch, NaN) }));
  const sound = notes.filter((note) => Object.values(note).every((part) => Number.isFinite(part) && part >= 0 && part < 1e6));
  if (sound.length > 0) show.notes = sound;
  if (Number.isFinite(raw.tempo)) show.tempo = number(raw.tempo);
  return show;
}

function answerOf(wire: Wire): Answer {
  const type = text(wire.type);
  if (type === "choice") return { type, options: (Array.isArray(wire.options) ? wire.options.slice(0, MOST_PARTS) : []).map(text) };
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
    labels: isWire(wire.labels) ? Object.fromEntries(Object.entries(wire.labels).map(([at, label]) => [at, text(label)])) : {},
  };
}
