// Passes: the way of one sample forward and back, as the messages that were shown tell it.

import type { Sample } from "../wire";
import { Habits } from "./habits";
import { judge } from "./judge";
import { type Audience, type Seats, type Span, trace } from "./trace";
import { type Code, type Diagnosis, TIMING, type Verdict, diagnose, distinct } from "./verdict";

/** Passes that are kept: the newest, and of the older ones those in which something was wrong and some of the others. */
const [NEWEST, OLDER] = [600, 400];
/** Messages of one pass that are kept. */
const LONGEST = 500;
/** Milliseconds after which what is missing of a pass will not come any more. */
const OVER = 3000;
/** Milliseconds after which a pass that came back is over: an auditor may still speak of it. */
const BACK = 400;
/** Milliseconds around a gap within which messages may be missing. */
const GAP = 1000;

export interface PassHead {
  id: string;
  time: number;
  /** Milliseconds from the first message to the last. */
  took: number;
  messages: number;
  status: number | null;
  complete: boolean;
  verdicts: number;
  /** What is wrong, most likely. */
  code: Code | null;
}

export interface PassPicture {
  head: PassHead;
  /** Where and by whom it began. */
  first: Sample;
  spans: Span[];
  verdicts: Verdict[];
  diagnosis: Diagnosis | null;
}

interface Pass {
  samples: Sample[];
  /** What was made of it, of how many messages, and whether it was over then. */
  picture: PassPicture | null;
  drawn: number;
  settled: boolean;
}

export class Passes {
  private passes = new Map<string, Pass>();
  private older: string[] = [];
  private every = 1;
  private aged = 0;
  private open = new Set<string>();
  private gaps: number[] = [];
  readonly habits = new Habits();

  constructor(
    private seats: Seats,
    private audience: Audience = () => [],
  ) {}

  add(sample: Sample): void {
    const about = sample.kind === "LOG/AUDIT" || sample.kind === "COMMAND/MISMATCH";
    if (sample.pass === "" || (sample.way === "control" && !about)) return;
    this.habits.see(sample);
    const pass = this.passes.get(sample.pass) ?? this.begin(sample.pass);
    if (pass.samples.length < LONGEST) pass.samples.push(sample);
  }

  private begin(id: string): Pass {
    const pass = { samples: [], picture: null, drawn: 0, settled: false };
    this.passes.set(id, pass);
    this.open.add(id);
    if (this.passes.size - this.older.length > NEWEST) {
      const newest = [...this.passes.keys()].slice(this.older.length, this.older.length + 1)[0];
      if (newest !== undefined) this.age(newest);
    }
    return pass;
  }

  /** Lets a pass grow old: it is kept if something was wrong with it, or as one of many. */
  private age(id: string): void {
    this.close(id, false);
    const wrong = (this.passes.get(id)?.picture?.verdicts.length ?? 0) > 0;
    this.aged += 1;
    if (!wrong && this.aged % this.every !== 0) {
      this.passes.delete(id);
      return;
    }
    this.older.push(id);
    if (this.older.length <= OLDER) return;
    this.every *= 2;
    const kept = this.older.filter((_, at) => at % 2 === 1);
    for (const gone of this.older.filter((_, at) => at % 2 === 0)) this.passes.delete(gone);
    this.older = kept;
  }

  /** Takes note that messages of about now were not shown. */
  gap(time: number): void {
    this.gaps.push(time);
    if (this.gaps.length > 200) this.gaps.shift();
  }

  /** Learns what is usual from the passes that are over by now. */
  settle(now: number): void {
    for (const id of this.open) {
      const { samples, picture } = this.passes.get(id) as Pass;
      const since = now - (samples[samples.length - 1]?.time ?? now);
      if (since > OVER || (since > BACK && picture?.head.complete)) this.close(id, since > OVER);
      else if (since > BACK) this.picture(id, now);
    }
  }

  /** Judges a pass for the last time, and only then learns from it: a mistake does not excuse itself. */
  private close(id: string, over: boolean): void {
    const pass = this.passes.get(id);
    if (!this.open.delete(id) || !pass || pass.samples.length === 0) return;
    pass.picture = this.draw(id, pass.samples, over);
    [pass.drawn, pass.settled] = [pass.samples.length, over];
    this.habits.learn(pass.picture.spans, pass.samples);
  }

  /** Lists passes, the newest first; among them so many in which something broke, however old. */
  list(now: number, most = 60, wrong = 40): PassHead[] {
    const heads: PassHead[] = [];
    const ids = [...this.passes.keys()];
    let broken = 0;
    for (let at = ids.length - 1; at >= 0 && (heads.length < most || broken < wrong); at -= 1) {
      const id = ids[at] ?? "";
      const full = heads.length - broken >= most;
      // Those that are long over have been judged; the others are judged when there is room for them.
      const head = full ? this.passes.get(id)?.picture?.head : this.picture(id, now)?.head;
      if (!head || (head.messages < 2 && head.code === null)) continue;
      const breaks = head.code !== null && !TIMING.has(head.code);
      if (full && !breaks) continue;
      if (breaks) broken += 1;
      heads.push(head);
    }
    return heads;
  }

  /** Tells whether a pass is among those that are kept. */
  has(id: string): boolean {
    return this.passes.has(id);
  }

  /** Finds the pass nearest in time. */
  nearest(time: number): string | null {
    let best: string | null = null;
    let gap = Infinity;
    for (const [id, { samples }] of this.passes) {
      const last = samples[samples.length - 1];
      if (!last || samples.length < 2) continue;
      const distance = Math.abs(last.time - time);
      if (distance < gap) [best, gap] = [id, distance];
    }
    return best;
  }

  picture(id: string, now: number): PassPicture | null {
    const pass = this.passes.get(id);
    const { samples } = pass ?? { samples: [] };
    const last = samples[samples.length - 1];
    if (!pass || !last) return null;
    const over = now - last.time > OVER;
    const grown = pass.drawn !== samples.length;
    if (pass.picture && !grown && (pass.settled || !over)) return pass.picture;
    pass.picture = this.draw(id, samples, over);
    [pass.drawn, pass.settled] = [samples.length, over];
    return pass.picture;
  }

  private draw(id: string, samples: Sample[], over: boolean): PassPicture {
    const ordered = [...samples].sort((a, b) => a.time - b.time || a.seq - b.seq);
    const [first, last] = [ordered[0] as Sample, ordered[ordered.length - 1] as Sample];
    const spans = trace(ordered, this.seats);
    for (const span of spans) {
      if (span.queue !== null || span.way === "turn") continue;
      span.queue = this.habits.waited(span.component, span.input.time, (span.output ?? span.input).time);
      span.guessed = true;
    }
    const blind = this.gaps.some((gap) => gap > first.time - GAP && gap < last.time + OVER);
    const verdicts = distinct(judge({ spans, ordered, habits: this.habits, seats: this.seats, audience: this.audience, over, blind }));
    const diagnosis = diagnose(verdicts);
    const head: PassHead = {
      id,
      time: first.time,
      took: last.time - first.time,
      messages: ordered.length,
      status: first.status,
      complete: ordered.some((sample) => sample.kind === "DATA/GRADIENT" && sample.id === first.id && sample.from !== first.from),
      verdicts: verdicts.length,
      code: diagnosis?.code ?? null,
    };
    return { head, first, spans, verdicts, diagnosis };
  }
}
