// Chart: series over time with uPlot, in the page's colours.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Series } from "../store/kpis";

const COLOURS = ["#2f86ff", "#f08a24", "#18a999", "#d6409f", "#8e6bff", "#7d9d1c", "#d64545", "#0aa2c0"];

export interface ChartProps {
  title: string;
  series: Series[];
  log: boolean;
  /** Seconds since each series began, so that runs lie over one another, instead of the time of day. */
  aligned: boolean;
  picked: (time: number) => void;
  ready: (chart: uPlot | null) => void;
}

export function Chart({ title, series, log, aligned, picked, ready }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shape = series.map(label).join("\n") + log + aligned;
  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const made = new uPlot(options(series, log, aligned, host.clientWidth), align(series, aligned, log), host);
    chart.current = made;
    ready(made);
    const click = (): void => {
      const { left } = made.cursor;
      if (left === undefined || left === null || left < 0 || aligned) return;
      picked(made.posToVal(left, "x") * 1000);
    };
    made.over.addEventListener("click", click);
    const watch = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: 240 }));
    watch.observe(host);
    return () => {
      watch.disconnect();
      ready(null);
      made.destroy();
    };
  }, [shape]);
  useEffect(() => {
    chart.current?.setData(align(series, aligned, log));
  }, [series, aligned, log]);
  return <div class="plot" ref={place} role="img" aria-label={`${title} over time`} />;
}

function label(series: Series): string {
  return series.run === "" ? series.component : `${series.component} · ${series.run}`;
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(series: Series[], log: boolean, aligned: boolean, width: number): uPlot.Options {
  const axis: uPlot.Axis = { stroke: () => css("--soft"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  return {
    width: Math.max(width, 120),
    height: 240,
    scales: { x: { time: !aligned }, y: { distr: log ? 3 : 1 } },
    legend: { live: true },
    cursor: { drag: { x: true, y: false }, points: { size: 6 } },
    axes: [{ ...axis }, { ...axis, size: 64 }],
    series: [
      { label: aligned ? "s" : "time" },
      ...series.map((one, at) => ({
        label: label(one),
        stroke: COLOURS[at % COLOURS.length] ?? "#888",
        width: 1.6,
        spanGaps: true,
        points: { show: one.times.length < 40, size: 4 },
      })),
    ],
  };
}

/** Puts all series over one axis of times. */
function align(series: Series[], aligned: boolean, log: boolean): uPlot.AlignedData {
  const at = (one: Series, time: number): number => (aligned ? time - (one.times[0] ?? 0) : time) / 1000;
  const times = [...new Set(series.flatMap((one) => one.times.map((time) => at(one, time))))].sort((a, b) => a - b);
  const places = new Map(times.map((time, place) => [time, place]));
  const columns = series.map((one) => {
    const column: (number | null)[] = new Array<number | null>(times.length).fill(null);
    one.times.forEach((time, place) => {
      const value = one.values[place] ?? null;
      column[places.get(at(one, time)) ?? 0] = log && value !== null && value <= 0 ? null : value;
    });
    return column;
  });
  return [times, ...columns];
}
