// Kpis: every figure that is logged, a chart each; runs compared; as CSV, PNG and TensorBoard's event file.

import { useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { openPass, passNear, useTold } from "../desk";
import { type Run, type Series, asCsv } from "../store/kpis";
import { eventFile, eventName } from "../store/tensorboard";
import { type Along, Chart, colour, label } from "../ui/chart";
import { save } from "../ui/copy";
import { clock, figure, millis } from "../ui/figures";

/** Figures of which a run's last value stands in the table. */
const COLUMNS = 4;
const ALONG: Along[] = ["time", "elapsed", "step"];

export function KpisView() {
  const told = useTold("kpis");
  const [log, setLog] = useState(false);
  const [along, setAlong] = useState<Along>("time");
  const [smooth, setSmooth] = useState(0.8);
  const [hidden, setHidden] = useState<Set<string>>(new Set());
  const all = told?.series ?? [];
  const series = all.filter((one) => !hidden.has(one.run));
  const kpis = [...new Set(all.map((one) => one.kpi))].sort();
  if (all.length === 0) {
    return (
      <div class="empty">
        <h2>No figure has been logged yet</h2>
        <p>Every LOG/KPI becomes a chart. To see one:</p>
        <pre>{`swergio say _logging --kind LOG/KPI --field KPI=loss --field VALUE=0.5`}</pre>
      </div>
    );
  }
  const toggle = (run: string): void => {
    const next = new Set(hidden);
    if (!next.delete(run)) next.add(run);
    setHidden(next);
  };
  return (
    <section class="kpis">
      <div class="tools">
        <label class="chip">
          <input type="checkbox" checked={log} onChange={(event) => setLog(event.currentTarget.checked)} /> log scale
        </label>
        <label class="chip">
          over{" "}
          <select value={along} aria-label="over" onChange={(event) => setAlong(event.currentTarget.value as Along)}>
            {ALONG.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label class="chip">
          smooth{" "}
          <input type="range" min="0" max="0.98" step="0.02" value={smooth} onInput={(event) => setSmooth(Number(event.currentTarget.value))} />
        </label>
        <button class="small" onClick={() => save("kpis.csv", new Blob([asCsv(series)], { type: "text/csv" }))}>
          CSV of all
        </button>
      </div>
      <Runs runs={told?.runs ?? []} series={all} kpis={kpis.slice(0, COLUMNS)} hidden={hidden} toggle={toggle} />
      <div class="grid">
        {kpis.map((kpi) => (
          <Card key={kpi} kpi={kpi} series={series.filter((one) => one.kpi === kpi)} log={log} along={along} smooth={smooth} />
        ))}
      </div>
    </section>
  );
}

interface RunsProps {
  runs: Run[];
  series: Series[];
  kpis: string[];
  hidden: Set<string>;
  toggle: (run: string) => void;
}

/** The runs beside one another: since when, how long, where their figures stand. */
function Runs({ runs, series, kpis, hidden, toggle }: RunsProps) {
  const last = (run: string, kpi: string): string => {
    const mine = series.find((one) => one.run === run && one.kpi === kpi);
    return mine ? figure(mine.values[mine.values.length - 1]) : "–";
  };
  const best = (run: string, kpi: string): string => {
    const mine = series.find((one) => one.run === run && one.kpi === kpi);
    return mine ? figure(mine.values.reduce((least, value) => Math.min(least, value), Infinity)) : "–";
  };
  const events = (run: Run): void => {
    const mine = series.filter((one) => one.run === run.name);
    save(eventName(run.name, mine[0]?.times[0] ?? 0), new Blob([eventFile(mine)], { type: "application/octet-stream" }));
  };
  return (
    <div class="runs">
      <table>
        <thead>
          <tr>
            <th>run</th>
            <th>began</th>
            <th>took</th>
            {kpis.map((kpi) => (
              <th key={kpi}>
                {kpi} <small>last · least</small>
              </th>
            ))}
            <th />
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const mine = series.filter((one) => one.run === run.name);
            const start = run.start ?? Math.min(...mine.map((one) => one.times[0] ?? Infinity));
            const end = run.end ?? Math.max(...mine.map((one) => one.times[one.times.length - 1] ?? 0));
            return (
              <tr key={run.name} class={hidden.has(run.name) ? "hidden" : ""} data-run={run.name}>
                <td>
                  <label>
                    <input type="checkbox" checked={!hidden.has(run.name)} onChange={() => toggle(run.name)} />
                    {run.name === "" ? "(no run)" : run.name}
                  </label>
                  {run.what !== "" && <small> {run.what.toLowerCase()}</small>}
                </td>
                <td>{Number.isFinite(start) ? clock(start).slice(0, 8) : "–"}</td>
                <td>
                  {Number.isFinite(start) && end >= start ? millis(end - start) : "–"}
                  {run.start !== null && run.end === null && <i class="live" title="it has not ended" />}
                </td>
                {kpis.map((kpi) => (
                  <td key={kpi}>
                    {last(run.name, kpi)} <small>· {best(run.name, kpi)}</small>
                  </td>
                ))}
                <td class="act">
                  <button class="small" disabled={mine.length === 0} title="an event file, to be put into a folder of its own" onClick={() => events(run)}>
                    TensorBoard
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface CardProps {
  kpi: string;
  series: Series[];
  log: boolean;
  along: Along;
  smooth: number;
}

function Card({ kpi, series, log, along, smooth }: CardProps) {
  const chart = useRef<uPlot | null>(null);
  const last = series[series.length - 1];
  const names = series.map(label);
  const pick = (time: number): void => {
    void passNear(time).then((pass) => pass !== null && openPass(pass));
  };
  return (
    <article class="card" data-kpi={kpi}>
      <header>
        <h3>{kpi}</h3>
        <output>{figure(last?.values[last.values.length - 1])}</output>
        <button class="small" onClick={() => chart.current && picture(kpi, chart.current, names)}>
          PNG
        </button>
        <button class="small" onClick={() => save(`${kpi}.csv`, new Blob([asCsv(series)], { type: "text/csv" }))}>
          CSV
        </button>
      </header>
      <Chart title={kpi} series={series} log={log} along={along} smooth={smooth} picked={pick} ready={(made) => void (chart.current = made)} />
      <ul class="legend">
        {names.map((name) => (
          <li key={name}>
            <svg width="14" height="6" aria-hidden="true">
              <rect width="14" height="4" y="1" rx="2" fill={colour(name, names)} />
            </svg>
            {name}
          </li>
        ))}
      </ul>
    </article>
  );
}

/** Saves a chart with its title and legend, on the page's ground. */
function picture(kpi: string, chart: uPlot, names: string[]): void {
  const from = chart.ctx.canvas;
  const scale = devicePixelRatio;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [from.width, from.height + 64 * scale];
  const pen = canvas.getContext("2d");
  const card = document.querySelector(".card");
  if (!pen || !card) return;
  const style = getComputedStyle(card);
  pen.fillStyle = style.backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(from, 0, 36 * scale);
  pen.fillStyle = style.color;
  pen.font = `600 ${15 * scale}px system-ui`;
  pen.fillText(kpi, 16 * scale, 24 * scale);
  pen.font = `${11 * scale}px system-ui`;
  let x = 16 * scale;
  for (const name of names) {
    pen.fillStyle = colour(name, names);
    pen.fillRect(x, canvas.height - 18 * scale, 14 * scale, 4 * scale);
    pen.fillStyle = style.color;
    pen.fillText(name, x + 20 * scale, canvas.height - 12 * scale);
    x += 36 * scale + pen.measureText(name).width;
  }
  canvas.toBlob((blob) => blob && save(`${kpi}.png`, blob));
}
