// Stage: a picture that one moves by dragging and zooms by wheel, fingers or keys; at first it fits.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** The largest that a picture is drawn by itself, and what zooming is bounded by. */
const [AT_FIRST, LEAST, MOST] = [1.6, 0.04, 4];
/** Below this scale words are too small to be read, and are left out. */
const FAR = 0.38;

interface View {
  x: number;
  y: number;
  k: number;
}

interface StageProps {
  width: number;
  height: number;
  /** When this changes the picture is another one, and fits again unless it was moved. */
  fitted: string;
  away: () => void;
  children: ComponentChildren;
}

export function Stage({ width, height, fitted, away, children }: StageProps) {
  const host = useRef<SVGSVGElement>(null);
  const [view, setView] = useState<View>({ x: 0, y: 0, k: 1 });
  const moved = useRef(false);
  const fit = (): void => {
    const box = host.current?.getBoundingClientRect();
    if (!box || box.width === 0) return;
    const k = Math.max(LEAST, Math.min(box.width / width, box.height / height, AT_FIRST));
    setView({ k, x: (box.width - width * k) / 2, y: (box.height - height * k) / 2 });
  };
  useLayoutEffect(() => {
    if (!moved.current) fit();
  }, [fitted, width, height]);
  useEffect(() => {
    const watch = new ResizeObserver(() => !moved.current && fit());
    if (host.current) watch.observe(host.current);
    return () => watch.disconnect();
  }, [width, height]);
  const zoom = (by: number, x?: number, y?: number): void => {
    moved.current = true;
    const box = host.current?.getBoundingClientRect();
    const [px, py] = [x ?? (box?.width ?? 0) / 2, y ?? (box?.height ?? 0) / 2];
    setView((old) => {
      const k = Math.max(LEAST, Math.min(old.k * by, MOST));
      return { k, x: px - ((px - old.x) * k) / old.k, y: py - ((py - old.y) * k) / old.k };
    });
  };
  const drag = useDrag((dx, dy) => {
    moved.current = true;
    setView((old) => ({ ...old, x: old.x + dx, y: old.y + dy }));
  }, zoom);
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const box = host.current?.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0));
  };
  const again = (): void => {
    moved.current = false;
    fit();
  };
  return (
    <div class="canvas">
      <svg ref={host} role="img" aria-label="components and rooms" onWheel={wheel} onClick={() => !drag.dragged() && away()} {...drag.handlers}>
        <g class={view.k < FAR ? "far" : ""} transform={`translate(${view.x.toFixed(1)} ${view.y.toFixed(1)}) scale(${view.k.toFixed(4)})`}>
          {children}
        </g>
      </svg>
      <div class="zoom">
        <button aria-label="zoom in" onClick={() => zoom(1.4)}>
          +
        </button>
        <button aria-label="zoom out" onClick={() => zoom(1 / 1.4)}>
          −
        </button>
        <button aria-label="fit" title="fit" onClick={again}>
          ⤢
        </button>
      </div>
    </div>
  );
}

/** Follows one pointer that drags, or two that pinch. */
function useDrag(move: (dx: number, dy: number) => void, zoom: (by: number, x: number, y: number) => void) {
  const held = useRef(new Map<number, { x: number; y: number }>());
  const way = useRef(0);
  const down = (event: PointerEvent): void => {
    if (held.current.size === 0) way.current = 0;
    held.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };
  const up = (event: PointerEvent): void => void held.current.delete(event.pointerId);
  const go = (event: PointerEvent): void => {
    const before = held.current.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...held.current].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (one: { x: number; y: number }): number => Math.hypot(one.x - other.x, one.y - other.y) || 1;
      const box = (event.currentTarget as Element).getBoundingClientRect();
      zoom(apart(now) / apart(before), (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top);
    } else {
      way.current += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      if (way.current > 4) move(now.x - before.x, now.y - before.y);
    }
    held.current.set(event.pointerId, now);
  };
  return {
    dragged: () => way.current > 4,
    handlers: { onPointerDown: down, onPointerMove: go, onPointerUp: up, onPointerLeave: up, onPointerCancel: up },
  };
}
