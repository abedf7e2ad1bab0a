// Chart: series over time with uPlot, in the page's colours, raw and smoothed.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Series } from "../store/kpis";

const COLOURS = ["#3d8bfd", "#f08a24", "#18a999", "#d6409f", "#8e6bff", "#86a81f", "#e05252", "#0aa2c0"];
const HEIGHT = 260;

/** What lies along the lower edge. */
export type Along = "time" | "elapsed" | "step";

export interface ChartProps {
  title: string;
  series: Series[];
  log: boolean;
  along: Along;
  /** How much of what was is in what is drawn: 0 draws the points as they came. */
  smooth: number;
  picked: (time: number) => void;
  ready: (chart: uPlot | null) => void;
}

export function Chart({ title, series, log, along, smooth, picked, ready }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shape = series.map(label).join("\n") + log + along + (smooth > 0);
  const data = (): uPlot.AlignedData => align(series, along, log, smooth);
  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const made = new uPlot(options(series, log, along, smooth > 0, host.clientWidth), data(), host);
    chart.current = made;
    ready(made);
    const click = (): void => {
      const { left } = made.cursor;
      if (left === undefined || left === null || left < 0) return;
      const time = timeAt(series, along, made.posToVal(left, "x"));
      if (time !== null) picked(time);
    };
    made.over.addEventListener("click", click);
    const watch = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: HEIGHT }));
    watch.observe(host);
    return () => {
      watch.disconnect();
      ready(null);
      made.destroy();
    };
  }, [shape]);
  useEffect(() => {
    chart.current?.setData(data());
  }, [series, along, log, smooth]);
  return <div class="plot" ref={place} role="img" aria-label={`${title} over ${along}`} />;
}

export function label(series: Series): string {
  return [series.component, series.run].filter(Boolean).join(" · ");
}

/** Gives each run its colour, the same one in every chart. */
export function colour(of: string, all: string[]): string {
  return COLOURS[Math.max(0, all.indexOf(of)) % COLOURS.length] ?? "#888";
}

function css(name: string): string {
  // Resolves light-dark() as the page does.
  const probe = document.createElement("i");
  probe.className = "probe";
  probe.dataset.colour = name;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** What a series shows at a place on the lower edge, in milliseconds since 1970. */
function timeAt(series: Series[], along: Along, x: number): number | null {
  if (along === "time") return x * 1000;
  const [one] = series;
  if (!one) return null;
  if (along === "elapsed") return (one.times[0] ?? 0) + x * 1000;
  const at = one.steps.findIndex((step) => step >= x);
  return one.times[at < 0 ? one.times.length - 1 : at] ?? null;
}

const two = (value: number): string => String(value).padStart(2, "0");

function clockOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function options(series: Series[], log: boolean, along: Along, smooth: boolean, width: number): uPlot.Options {
  const [soft, line] = [css("soft"), css("line")];
  const axis: uPlot.Axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  const names = series.map(label);
  const drawn = series.flatMap((one, at): uPlot.Series[] => {
    const stroke = colour(label(one), names);
    const points = { show: one.times.length < 40, size: 4 };
    const bold = { label: label(one), stroke, width: 2, spanGaps: true, points, value: (_: uPlot, value: number | null) => brief(value) };
    const fill = at === 0 && !log && series.length === 1 ? `${stroke}1c` : undefined;
    return smooth ? [bold, { stroke: `${stroke}48`, width: 1, spanGaps: true, points: { show: false }, label: "" }] : [{ ...bold, ...(fill ? { fill } : {}) }];
  });
  return {
    width: Math.max(width, 120),
    height: HEIGHT,
    padding: [12, 30, 0, 0],
    scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, points: { size: 7 } },
    axes: [{ ...axis, size: 34, values: (_, splits) => splits.map((at) => (along === "time" ? clockOf(at) : along === "step" ? String(at) : `${at} s`)), space: 80 }, { ...axis, size: 58 }],
    series: [{ label: along }, ...drawn],
  };
}

function brief(value: number | null): string {
  return value === null || value === undefined ? "–" : String(Number(value.toPrecision(5)));
}

/** Puts all series over one axis; with each, when smoothed, the points as they came. */
function align(series: Series[], along: Along, log: boolean, smooth: number): uPlot.AlignedData {
  const at = (one: Series, place: number): number => {
    if (along === "step") return one.steps[place] ?? place;
    const time = one.times[place] ?? 0;
    return (along === "elapsed" ? time - (one.times[0] ?? 0) : time) / 1000;
  };
  const xs = [...new Set(series.flatMap((one) => one.times.map((_, place) => at(one, place))))].sort((a, b) => a - b);
  const places = new Map(xs.map((x, place) => [x, place]));
  const columns: (number | null)[][] = [];
  for (const one of series) {
    const [plain, soft] = [new Array<number | null>(xs.length).fill(null), new Array<number | null>(xs.length).fill(null)];
    let mean: number | null = null;
    one.values.forEach((value, place) => {
      // The first points count fully: smoothed from nothing, a curve would begin at zero.
      const weight = Math.min(smooth, place / (place + 1));
      mean = mean === null ? value : weight * mean + (1 - weight) * value;
      const x = places.get(at(one, place)) ?? 0;
      plain[x] = log && value <= 0 ? null : value;
      soft[x] = log && mean <= 0 ? null : mean;
    });
    if (smooth > 0) columns.push(soft, plain);
    else columns.push(plain);
  }
  return [xs, ...columns];
}
