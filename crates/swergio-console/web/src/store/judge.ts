// Judge: what went wrong in one pass, and in whom, by what its messages say and by what is usual.

import { type Sample, type Summary, number, text } from "../wire";
import { type Habits, busy, growth, sum } from "./habits";
import { astray, missing } from "./loss";
import { type Audience, type Seats, type Span, valueOf } from "./trace";
import { type Verdict, verdict } from "./verdict";

/** A gradient that grows by more than this through one component has exploded, that shrinks by more has vanished. */
const EXPLODES = 1e3;
const VANISHES = 1e-6;
/** A stage is slow when it takes this many times what it usually takes; or most of a long pass, the others together little. */
const SLOW = 8;
/** Milliseconds under which nobody is called slow, for a busy machine's own sake; and of a pass from which the slowest is looked at. */
const [QUICK, LONG] = [20, 80];
/** A component has frozen when its weights outlast this many gradients, and four times what is usual. */
const FROZEN = 30;

/** What a judge may know. */
export interface Case {
  spans: Span[];
  ordered: Sample[];
  habits: Habits;
  seats: Seats;
  audience: Audience;
  /** Nothing more will come: what is missing now was dropped. */
  over: boolean;
  /** Messages of that time were not shown: what is missing may have been there. */
  blind: boolean;
}

/** Finds what is wrong, marks it at the spans, and adds spans for what is missing. */
export function judge(pass: Case): Verdict[] {
  const { spans, ordered, habits } = pass;
  const [first, last] = [ordered[0], ordered[ordered.length - 1]];
  const took = (last?.time ?? 0) - (first?.time ?? 0);
  for (const span of spans) {
    span.verdicts.push(...numbers(span, habits), ...times(span, spans, took, habits));
    const shape = habits.misshapen(span);
    if (shape !== null && span.output)
      span.verdicts.push(verdict(span.component, "SHAPE", `it gives ${shapes(span.output.summary)}, usually ${shape}`, span.end));
  }
  const rest = [...began(ordered), ...shaped(ordered), ...stale(ordered, habits), ...told(ordered), ...astray(ordered), ...signs(spans, habits)];
  if (pass.over && !pass.blind) rest.push(...missing(pass));
  rest.push(...fading(spans, [...rest, ...spans.flatMap((span) => span.verdicts)]));
  for (const one of rest) {
    const mine = spans.filter((span) => span.component === one.component);
    (mine.find((span) => Math.abs(span.end - one.at) < 1e-6) ?? mine[mine.length - 1])?.verdicts.push(one);
  }
  const marked = new Set(spans.flatMap((span) => span.verdicts));
  return [...marked, ...rest.filter((one) => !marked.has(one))];
}

/** NaN, vanishing and exploding, from what one component was told to what it said. */
function numbers(span: Span, habits: Habits): Verdict[] {
  const say = (code: Verdict["code"], words: string): Verdict[] => [verdict(span.component, code, words, span.end)];
  const [before, after] = [sum(span.input), sum(span.output)];
  if (after.bad > 0) return before.bad > 0 ? [] : say("NAN", `${after.bad} numbers are NaN or infinite that were not before`);
  if (!after.known || !before.known || before.bad > 0 || before.norm === 0) return [];
  const what = span.way === "backward" ? "the gradient" : "what it gives";
  if (span.way === "backward" && after.norm === 0) return say("VANISHED", "the gradient that it passes on is zero");
  if (habits.fellSilent(span)) return say("VANISHED", "what it gives is zero, as it never is");
  const [grown, unusual] = [growth(span), habits.grew(span)];
  if (grown === null) return [];
  const by = (decades: number): string => `${(10 ** Math.abs(decades)).toPrecision(2)}`;
  const absolute = span.way === "backward";
  const [less, more] = [unusual !== null && unusual < 0, unusual !== null && unusual > 0];
  if ((absolute && grown < Math.log10(VANISHES)) || less)
    return say("VANISHED", grown < 0 ? `${what} shrinks to 1 in ${by(grown)}${less ? ", far below what is usual" : ""}` : `${what} is far smaller than usual`);
  if ((absolute && grown > Math.log10(EXPLODES)) || more)
    return say("EXPLODED", grown > 0 ? `${what} grows ${by(grown)} times${more ? ", far beyond what is usual" : ""}` : `${what} is far larger than usual`);
  return [];
}

/** Waiting and computing for longer than usual, or for most of the pass. */
function times(span: Span, spans: Span[], took: number, habits: Habits): Verdict[] {
  if (!span.output || span.way === "turn") return [];
  const [queue, mine] = [span.queue ?? 0, busy(span)];
  const whole = span.end - span.start;
  const ms = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(1));
  const found: Verdict[] = [];
  const longer = habits.queuedLonger(span);
  if (queue > QUICK && queue > 2 * mine && (queue > 0.5 * took || (longer !== null && longer > SLOW)))
    found.push(verdict(span.component, "QUEUED", `${ms(queue)} of ${ms(whole)} ms in its queue, ${ms(mine)} ms at work`, span.end));
  const slower = habits.slower(span);
  const others = spans.filter((other) => other !== span && other.component !== span.component).map(busy);
  const most = spans.length > 2 && took > LONG && mine > 0.6 * took && mine > SLOW * Math.max(...others, 0.1);
  if (mine > QUICK && slower && slower.by > SLOW)
    found.push(verdict(span.component, "SLOW", `${ms(mine)} ms, usually ${ms(slower.usual)} ms`, span.end));
  else if (most) found.push(verdict(span.component, "SLOW", `${ms(mine)} of ${ms(took)} ms; nobody else takes more than ${ms(Math.max(...others, 0))} ms`, span.end));
  return found;
}

/** Whoever began the pass may have begun it with numbers that are none. */
function began(ordered: Sample[]): Verdict[] {
  const [first] = ordered;
  const { bad } = sum(first ?? null);
  return first && bad > 0 ? [verdict(first.from, "NAN", `it begins with ${bad} numbers that are NaN or infinite`, 0)] : [];
}

/** A gradient has the shape of the value that it is the gradient of. */
function shaped(ordered: Sample[]): Verdict[] {
  const found: Verdict[] = [];
  for (const gradient of ordered.filter((sample) => sample.kind === "DATA/GRADIENT" && sample.message.COTANGENTS === undefined)) {
    const value = valueOf(gradient, ordered);
    if (!value || shapes(gradient.summary) === "" || shapes(value.summary) === shapes(gradient.summary)) continue;
    const words = `its gradient is ${shapes(gradient.summary)} for a value of ${shapes(value.summary)}`;
    found.push(verdict(gradient.from, "SHAPE", words, gradient.time - (ordered[0]?.time ?? 0)));
  }
  return found;
}

/** Weights only become newer, and do not stay the same for ever while gradients come. */
function stale(ordered: Sample[], habits: Habits): Verdict[] {
  const found: Verdict[] = [];
  for (const sample of ordered) {
    const before = habits.before(sample);
    if (!before) continue;
    const version = number(sample.message.WEIGHTS_VERSION);
    const say = (words: string): number =>
      found.push(verdict(sample.from, "STALE", words, sample.time - (ordered[0]?.time ?? 0)));
    const { newest, since, longest } = before;
    if (version < newest) say(`it answers with weights of version ${version}, after ${newest}`);
    else if (version === newest && longest > 0 && since > FROZEN && since > 4 * longest)
      say(`its weights are still those of version ${version} after ${since} gradients`);
  }
  return found;
}

/** What components and auditors have said themselves. */
function told(ordered: Sample[]): Verdict[] {
  const found: Verdict[] = [];
  const begin = ordered[0]?.time ?? 0;
  for (const sample of ordered) {
    const { COMPONENT, CODE, MESSAGE, SENT_BY } = sample.message;
    const at = sample.time - begin;
    if (sample.kind === "LOG/AUDIT") {
      const code = CODE === "SIGN" ? "SIGN" : "AUDIT";
      const words = `an audit says ${text(CODE)}: ${text(MESSAGE)}`.replace(/\.$/, "");
      found.push({ ...verdict(text(COMPONENT) || text(SENT_BY), code, words, at), sure: true });
    }
    if (sample.kind === "COMMAND/MISMATCH") found.push(verdict(sample.from, "SHAPE", text(MESSAGE) || "ports do not fit", at));
    if (sample.kind !== "DATA/FAULT") continue;
    const component = blamed(sample, ordered);
    const words = `${text(CODE)} ${text(MESSAGE)}`.trim().replace(/\.$/, "");
    const by = text(COMPONENT) || sample.from;
    found.push(verdict(component, "FAULT", component === by ? words : `${by} refuses what it sends: ${words}`, at));
  }
  // A fault is handed on from one to the next, all the way back: it is one.
  return found.filter((one, at) => found.findIndex((other) => other.code === one.code && other.text === one.text) === at);
}

/** What is refused as it came is the mistake of who sent it; whose own work failed says so of itself. */
function blamed(fault: Sample, ordered: Sample[]): string {
  const by = text(fault.message.COMPONENT) || fault.from;
  const code = text(fault.message.CODE);
  if (fault.from !== by || !/^(PORT_|GRADIENT_(SHAPE|DTYPE|NAN)|UNREADABLE)/.test(code)) return by;
  const about = ordered.filter((sample) => sample.id === text(fault.message.REF) && sample.from !== by && sample.time <= fault.time);
  const gradient = code.startsWith("GRADIENT_");
  const cause = about.findLast((sample) => (gradient ? sample.kind === "DATA/GRADIENT" : sample.kind === "DATA/FORWARD"));
  if (!cause) return by;
  if (/_NAN$/.test(code)) return sum(cause).bad > 0 ? cause.from : by;
  const received = text(fault.message.RECEIVED);
  const shape = shapes(cause.summary);
  return gradient && shapes(valueOf(cause, ordered)?.summary ?? {}) === shape ? by : received === "" || shape === "" || same(received, shape) ? cause.from : by;
}

/** Tells whether a shape as a fault spells it has the numbers of this one. */
function same(received: string, shape: string): boolean {
  const digits = (words: string): string => (/[[(]([^\])]*)[\])]/.exec(words)?.[1] ?? words).replace(/[^\d]+/g, " ").trim();
  return digits(received) === digits(shape) || !/[[(]/.test(received);
}

function signs(spans: Span[], habits: Habits): Verdict[] {
  const components = new Set(spans.filter((span) => span.way === "backward").map((span) => span.component));
  return [...components]
    .filter((component) => habits.slopes.flipped(component, spans))
    .map((component) => {
      const at = spans.find((span) => span.component === component && span.way === "backward")?.end ?? 0;
      return verdict(component, "SIGN", "beside other passes, its outputs change against its gradients", at);
    });
}

/** A gradient may fade without anybody's mistake standing out: then who shrinks it the most is named. */
function fading(spans: Span[], known: Verdict[]): Verdict[] {
  const back = spans.filter((span) => span.way === "backward" && growth(span) !== null);
  const all = back.reduce((decades, span) => decades + (growth(span) ?? 0), 0);
  if (back.length < 2 || known.length > 0 || Math.abs(all) < 6) return [];
  const by = (span: Span): number => (growth(span) ?? 0) * Math.sign(all);
  const worst = back.reduce((most, span) => (by(span) > by(most) ? span : most));
  const words = `the gradient ${all < 0 ? "shrinks" : "grows"} 10^${Math.abs(all).toFixed(1)} times on its way, here the most`;
  return [verdict(worst.component, all < 0 ? "VANISHED" : "EXPLODED", words, worst.end)];
}

export function shapes(summary: Record<string, Summary>): string {
  return Object.values(summary)
    .map((one) => `[${one.shape.join(", ")}]`)
    .join(" ");
}
