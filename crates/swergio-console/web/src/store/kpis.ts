// Kpis: every figure that components log, as series over time, run by run.

import { type Sample, type Wire, maybe, number, text } from "../wire";

/** Points of one series; beyond it every other one is forgotten, so that a series spans its whole run. */
const MOST = 8192;
/** Series that are kept. */
const MOST_SERIES = 512;
/** Figures whose pass is remembered. */
const MOST_PASSES = 4096;

/** The last millisecond that a date can say (ECMA-262, 21.4.1.1). */
const LAST = 8.64e15;

export interface Series {
  kpi: string;
  component: string;
  run: string;
  /** Milliseconds since 1970. */
  times: number[];
  values: number[];
  /** STEP, or else how many came before. */
  steps: number[];
}

/** A run as `LOG/RUN` told it; times in milliseconds since 1970. */
export interface Run {
  name: string;
  what: string;
  start: number | null;
  end: number | null;
}

export class Kpis {
  private series = new Map<string, Series>();
  private thinned = new Map<string, { every: number; count: number }>();
  private run = "";
  private runs = new Map<string, Run>();
  private passes: { time: number; pass: string }[] = [];
  /** Grows with every point: whoever has drawn this one need not draw again. */
  version = 0;

  add(sample: Sample): void {
    if (sample.kind === "LOG/RUN") this.began(sample.message);
    if (sample.kind === "LOG/KPI") this.point(sample);
  }

  /** Takes note of a run: figures that name none belong to the last that began. */
  private began(wire: Wire): void {
    const run = text(wire.RUN);
    if (wire.ENDTIME === undefined || wire.ENDTIME === null) this.run = run;
    const time = (value: unknown): number | null => (typeof value === "number" && Math.abs(value * 1000) < LAST ? value * 1000 : null);
    const known = this.runs.get(run);
    const told = { name: run, what: text(wire.RUNTYPE), start: time(wire.STARTTIME) ?? known?.start ?? null, end: time(wire.ENDTIME) };
    if (known || this.runs.size < MOST_SERIES) this.runs.set(run, told);
    this.version += 1;
  }

  private point(sample: Sample): void {
    const { message } = sample;
    const value = typeof message.VALUE === "string" ? Number(message.VALUE) : number(message.VALUE, NaN);
    if (!Number.isFinite(value)) return;
    if (typeof message.ROOT_ID === "string") this.passes.push({ time: timeOf(message, sample.time), pass: message.ROOT_ID });
    if (this.passes.length > 2 * MOST_PASSES) this.passes.splice(0, MOST_PASSES);
    const component = maybe(message.COMPONENT) ?? sample.from;
    const run = maybe(message.RUN) ?? this.run;
    const key = [text(message.KPI), component, run].join("\n");
    let series = this.series.get(key);
    if (!series) {
      if (this.series.size >= MOST_SERIES) return;
      series = { kpi: text(message.KPI), component, run, times: [], values: [], steps: [] };
      this.series.set(key, series);
      this.thinned.set(key, { every: 1, count: 0 });
    }
    const thin = this.thinned.get(key) ?? { every: 1, count: 0 };
    thin.count += 1;
    if (thin.count % thin.every !== 0) return;
    series.times.push(timeOf(message, sample.time));
    series.values.push(value);
    series.steps.push(stepOf(message.STEP) ?? thin.count);
    if (series.times.length >= MOST) {
      series.times = series.times.filter((_, at) => at % 2 === 1);
      series.values = series.values.filter((_, at) => at % 2 === 1);
      series.steps = series.steps.filter((_, at) => at % 2 === 1);
      thin.every *= 2;
    }
    this.version += 1;
  }

  /** Finds the pass that the figure nearest in time was about. */
  about(time: number): string | null {
    let best: { time: number; pass: string } | null = null;
    for (const one of this.passes) if (!best || Math.abs(one.time - time) < Math.abs(best.time - time)) best = one;
    return best?.pass ?? null;
  }

  /** Lists the runs that were told of, and those that only figures name. */
  told(): Run[] {
    const runs = new Map(this.runs);
    for (const { run } of this.series.values()) if (!runs.has(run)) runs.set(run, { name: run, what: "", start: null, end: null });
    return [...runs.values()];
  }

  all(): Series[] {
    return [...this.series.values()];
  }
}

/** A step is a count; what is none is not taken for one. */
function stepOf(step: unknown): number | null {
  const count = number(step, NaN);
  return count >= 0 && count <= Number.MAX_SAFE_INTEGER ? count : null;
}

/** TIME is seconds since 1970, or a date as text; otherwise the broker's clock counts. */
function timeOf(message: Wire, otherwise: number): number {
  const { TIME } = message;
  if (typeof TIME === "number" && TIME > 1e8 && TIME < LAST) return TIME > 1e11 ? TIME : TIME * 1000;
  if (typeof TIME === "string") {
    const parsed = Date.parse(TIME);
    if (!Number.isNaN(parsed)) return parsed;
  }
  return otherwise;
}

/** Writes series as CSV: one row a point. A name that a spreadsheet would take for a formula has an apostrophe before it. */
export function asCsv(series: Series[]): string {
  const rows = ["kpi,component,run,step,time,value"];
  const quote = (cell: string): string => {
    const words = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
    return /[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
  };
  for (const one of series) {
    one.times.forEach((time, at) => {
      rows.push([quote(one.kpi), quote(one.component), quote(one.run), one.steps[at], new Date(time).toISOString(), one.values[at]].join(","));
    });
  }
  return rows.join("\n") + "\n";
}
