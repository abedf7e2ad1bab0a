// Tensor: dtype, shape, range, norm and a line.

import type { Summary } from "../wire";
import { figure } from "./figures";

const [WIDTH, HEIGHT] = [72, 18];

export function Spark({ points }: { points: (number | null)[] }) {
  const finite = points.filter((point): point is number => point !== null);
  if (finite.length < 2) return null;
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const y = (point: number): number => HEIGHT - 2 - ((point - low) / (high - low || 1)) * (HEIGHT - 4);
  const x = (at: number): number => (at / (points.length - 1)) * WIDTH;
  let path = "";
  let pen = false;
  points.forEach((point, at) => {
    if (point === null) pen = false;
    else {
      path += `${pen ? "L" : "M"}${x(at).toFixed(1)} ${y(point).toFixed(1)}`;
      pen = true;
    }
  });
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} fill="none" stroke="currentColor" stroke-width="1.3" />
    </svg>
  );
}

export function TensorLine({ name, summary, short = false }: { name: string; summary: Summary; short?: boolean }) {
  const bad = summary.nan + summary.inf;
  return (
    <span class="tensor" title={`${figure(summary.min)} … ${figure(summary.max)}, mean ${figure(summary.mean)}`}>
      {name !== "" && <b>{name}</b>}
      <code>
        {summary.dtype}[{summary.shape.join(", ")}]
      </code>
      {!short && (
        <span class="range">
          {figure(summary.min)} … {figure(summary.max)}
        </span>
      )}
      <span class="norm" title="Euclidean norm">
        ‖{figure(summary.norm)}‖
      </span>
      {bad > 0 && <em class="bad">{summary.nan > 0 ? `${summary.nan} NaN` : `${summary.inf} inf`}</em>}
      <Spark points={summary.spark} />
    </span>
  );
}

export function TensorLines({ summary, short = false }: { summary: Record<string, Summary>; short?: boolean }) {
  return (
    <>
      {Object.entries(summary).map(([name, one]) => (
        <TensorLine key={name} name={name} summary={one} short={short} />
      ))}
    </>
  );
}
