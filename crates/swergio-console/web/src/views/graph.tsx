// Graph: components and rooms as they are now, forward in one colour, backward in another.

import { useEffect, useRef, useState } from "preact/hooks";
import { lookAt, useTold } from "../desk";
import type { Layout, Place } from "../layout";
import type { ComponentNode, Edge, GraphPicture, Rate, RoomNode } from "../store/graph";
import { brief, rate } from "../ui/figures";

export function GraphView() {
  const told = useTold("graph");
  const layout = useRef<Layout | null>(null);
  const [apart, setApart] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  useEffect(() => lookAt({ apart }), [apart]);
  if (told?.layout) layout.current = told.layout;
  const picture = told?.picture;
  if (!picture || !layout.current || picture.components.length === 0) return <Empty />;
  return (
    <section class="graph">
      <div class="tools">
        <label>
          <input type="checkbox" checked={apart} onChange={(event) => setApart(event.currentTarget.checked)} /> every replica by
          itself
        </label>
        <span class="legend">
          <i class="forward" /> forward <i class="backward" /> backward
        </span>
      </div>
      <Canvas picture={picture} layout={layout.current} chosen={chosen} choose={setChosen} />
      {chosen !== null && <Details picture={picture} id={chosen} />}
    </section>
  );
}

function Empty() {
  return (
    <div class="empty">
      <h2>Nobody is here yet</h2>
      <p>Start a component, and it appears with its rooms. To see something at once:</p>
      <pre>swergio say lab hello, world</pre>
    </div>
  );
}

interface CanvasProps {
  picture: GraphPicture;
  layout: Layout;
  chosen: string | null;
  choose: (id: string | null) => void;
}

function Canvas({ picture, layout, chosen, choose }: CanvasProps) {
  const near = (edge: Edge): boolean => chosen === null || edge.component === chosen || edge.room === chosen;
  const close = (id: string): boolean =>
    chosen === null || chosen === id || picture.edges.some((edge) => near(edge) && (edge.component === id || edge.room === id));
  return (
    <div class="canvas">
      <svg
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        style={{ maxWidth: `${layout.width * 1.5}px`, minWidth: `${Math.min(layout.width, 720)}px` }}
        role="img"
        aria-label="components and rooms"
        onClick={() => choose(null)}
      >
        <defs>
          {["forward", "backward"].map((way) => (
            <marker key={way} id={`tip-${way}`} class={way} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
              <path d="M0 0L8 4L0 8z" />
            </marker>
          ))}
        </defs>
        {picture.edges.map((edge) => (
          <Strand key={`${edge.component}${edge.room}`} edge={edge} layout={layout} faint={!near(edge)} />
        ))}
        {picture.rooms.map((room) => (
          <Room key={room.id} room={room} place={layout.places[room.id]} faint={!close(room.id)} choose={choose} />
        ))}
        {picture.components.map((one) => (
          <Component key={one.id} component={one} place={layout.places[one.id]} faint={!close(one.id)} choose={choose} />
        ))}
      </svg>
    </div>
  );
}

/** A thicker line carries more: one step for each tenfold. */
function width(value: number): number {
  return value < 0.05 ? 1.2 : Math.min(1.6 + Math.log10(1 + value) * 1.2, 7);
}

/** One component in one room: the way of forward messages, and beside it that of backward ones. */
function Strand({ edge, layout, faint }: { edge: Edge; layout: Layout; faint: boolean }) {
  const bends = layout.routes[`${edge.from}>${edge.to}`];
  if (!bends || bends.length < 2) return null;
  const inward = edge.to === edge.room;
  const forward = edge.says ? edge.sends.forward : edge.receives.forward;
  const backward = edge.answers ? edge.sends.backward : edge.receives.backward;
  // Forward messages go with the line, or against it where a component sends into a room that lies before it.
  const along = edge.says === inward || !edge.hears;
  const back = edge.answers ? inward : !inward;
  const busy = backward > 0.05 || edge.answers;
  return (
    <g class={`strand${faint ? " faint" : ""}`}>
      <path
        d={curve(bends, busy ? -3.5 : 0)}
        class={`forward${forward > 0.05 ? " live" : ""}`}
        stroke-width={width(forward)}
        marker-end={along ? "url(#tip-forward)" : undefined}
        marker-start={along ? undefined : "url(#tip-forward)"}
      />
      {busy && (
        <path
          d={curve(bends, 3.5)}
          class={`backward${backward > 0.05 ? " live" : ""}`}
          stroke-width={width(backward)}
          marker-end={back ? "url(#tip-backward)" : undefined}
          marker-start={back ? undefined : "url(#tip-backward)"}
        />
      )}
      <title>{`${edge.component.slice(2)} in ${edge.room.slice(2)}: sends ${rates(edge.sends)}, hears ${rates(edge.receives)}`}</title>
    </g>
  );
}

function rates(value: Rate): string {
  return `${rate(value.forward)} forward, ${rate(value.backward)} backward`;
}

function curve(points: { x: number; y: number }[], shift: number): string {
  const moved = points.map((point) => ({ x: point.x, y: point.y + shift }));
  const [first, ...rest] = moved;
  if (!first) return "";
  let path = `M${first.x.toFixed(1)} ${first.y.toFixed(1)}`;
  let before = first;
  for (const point of rest) {
    const middle = (before.x + point.x) / 2;
    path += `C${middle.toFixed(1)} ${before.y.toFixed(1)} ${middle.toFixed(1)} ${point.y.toFixed(1)} ${point.x.toFixed(1)} ${point.y.toFixed(1)}`;
    before = point;
  }
  return path;
}

interface NodeProps {
  place: Place | undefined;
  faint: boolean;
  choose: (id: string) => void;
}

function Room({ room, place, faint, choose }: NodeProps & { room: RoomNode }) {
  if (!place) return null;
  const pick = (event: Event): void => (event.stopPropagation(), choose(room.id));
  return (
    <g class={`room${faint ? " faint" : ""}`} transform={`translate(${place.x - place.width / 2} ${place.y - place.height / 2})`} onClick={pick}>
      <rect width={place.width} height={place.height} rx={place.height / 2} />
      <text x={place.width / 2} y={place.height / 2}>
        {shorten(room.label, 28)}
      </text>
      <title>{`room ${room.label}: ${room.members} members, ${rates(room.rate)}`}</title>
    </g>
  );
}

function Component({ component, place, faint, choose }: NodeProps & { component: ComponentNode }) {
  if (!place) return null;
  const { sends, waiting, stalled, count } = component;
  const state = waiting > 0 ? "slow" : stalled ? "stalled" : "";
  const pick = (event: Event): void => (event.stopPropagation(), choose(component.id));
  return (
    <g class={`component ${state}${faint ? " faint" : ""}`} transform={`translate(${place.x - place.width / 2} ${place.y - place.height / 2})`} onClick={pick}>
      <rect width={place.width} height={place.height} rx="9" />
      <text class="name" x="14" y="21">
        {shorten(component.label, 30)}
      </text>
      <text class="rates" x="14" y="40">
        <tspan class="forward">▸ {brief(sends.forward)}</tspan>
        <tspan class="backward" dx="10">
          ◂ {brief(sends.backward)}
        </tspan>
        {state === "slow" && (
          <tspan class="warn" dx="10">
            {brief(waiting)} wait
          </tspan>
        )}
        {state === "stalled" && (
          <tspan class="warn" dx="10">
            silent
          </tspan>
        )}
      </text>
      {count > 1 && (
        <text class="count" x={place.width - 12} y="21">
          ×{count}
        </text>
      )}
      <title>{`${component.label}: sends ${rates(sends)}${waiting > 0 ? `; ${waiting} messages wait for it` : ""}`}</title>
    </g>
  );
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function Details({ picture, id }: { picture: GraphPicture; id: string }) {
  const edges = picture.edges.filter((edge) => edge.component === id || edge.room === id);
  const component = picture.components.find((one) => one.id === id);
  return (
    <aside class="details">
      <h3>
        {component ? "component" : "room"} <b>{id.slice(2)}</b>
      </h3>
      {component && component.names.length > 1 && <p class="names">{component.names.join(", ")}</p>}
      <table>
        <thead>
          <tr>
            <th>{component ? "room" : "component"}</th>
            <th class="forward">sends ▸</th>
            <th class="backward">sends ◂</th>
            <th class="forward">hears ▸</th>
            <th class="backward">hears ◂</th>
          </tr>
        </thead>
        <tbody>
          {edges.map((edge) => (
            <tr key={edge.component + edge.room}>
              <td>{(component ? edge.room : edge.component).slice(2)}</td>
              <td>{rate(edge.sends.forward)}</td>
              <td>{rate(edge.sends.backward)}</td>
              <td>{edge.hears ? rate(edge.receives.forward) : "–"}</td>
              <td>{edge.hears ? rate(edge.receives.backward) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </aside>
  );
}
