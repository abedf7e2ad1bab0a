// Kpis: every figure that is logged, a chart each; runs over one another; as CSV and PNG.

import { useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { openPass, passNear, useTold } from "../desk";
import { type Series, asCsv } from "../store/kpis";
import { Chart } from "../ui/chart";
import { save } from "../ui/copy";
import { figure } from "../ui/figures";

export function KpisView() {
  const told = useTold("kpis");
  const [log, setLog] = useState(false);
  const [aligned, setAligned] = useState(false);
  const series = told?.series ?? [];
  const kpis = [...new Set(series.map((one) => one.kpi))].sort();
  if (series.length === 0) {
    return (
      <div class="empty">
        <h2>No figure has been logged yet</h2>
        <p>Every LOG/KPI becomes a chart. To see one:</p>
        <pre>{`swergio say kpi --kind LOG/KPI --field KPI=loss --field VALUE=0.5`}</pre>
      </div>
    );
  }
  return (
    <section class="kpis">
      <div class="tools">
        <label class="chip">
          <input type="checkbox" checked={log} onChange={(event) => setLog(event.currentTarget.checked)} /> log scale
        </label>
        <label class="chip">
          <input type="checkbox" checked={aligned} onChange={(event) => setAligned(event.currentTarget.checked)} /> runs over one another
        </label>
        <button class="small" onClick={() => save("kpis.csv", new Blob([asCsv(series)], { type: "text/csv" }))}>
          CSV
        </button>
      </div>
      <div class="grid">
        {kpis.map((kpi) => (
          <Card key={kpi} kpi={kpi} series={series.filter((one) => one.kpi === kpi)} log={log} aligned={aligned} />
        ))}
      </div>
    </section>
  );
}

function Card({ kpi, series, log, aligned }: { kpi: string; series: Series[]; log: boolean; aligned: boolean }) {
  const chart = useRef<uPlot | null>(null);
  const last = series[series.length - 1];
  const png = (): void => {
    const canvas = chart.current?.ctx.canvas;
    canvas?.toBlob((blob) => blob && save(`${kpi}.png`, blob));
  };
  const pick = (time: number): void => {
    void passNear(time).then((pass) => pass !== null && openPass(pass));
  };
  return (
    <article class="card" data-kpi={kpi}>
      <header>
        <h3>{kpi}</h3>
        <output>{figure(last?.values[last.values.length - 1])}</output>
        <button class="small" onClick={png}>
          PNG
        </button>
        <button class="small" onClick={() => save(`${kpi}.csv`, new Blob([asCsv(series)], { type: "text/csv" }))}>
          CSV
        </button>
      </header>
      <Chart title={kpi} series={series} log={log} aligned={aligned} picked={pick} ready={(made) => void (chart.current = made)} />
    </article>
  );
}
