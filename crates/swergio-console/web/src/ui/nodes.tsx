// Nodes: a component, a room, and the strand between them; drawn again only where something is seen to change.

import { Component as Base, type ComponentChildren } from "preact";
import type { Place } from "../layout";
import type { ComponentNode, Edge, Rate, RoomNode } from "../store/graph";
import { brief, rate } from "./figures";

/** Draws its children again when `sign` changes, and not before. */
class Same extends Base<{ sign: string; draw: () => ComponentChildren }> {
  override shouldComponentUpdate(next: { sign: string }): boolean {
    return next.sign !== this.props.sign;
  }
  render() {
    return this.props.draw();
  }
}

function rates(value: Rate): string {
  return `${rate(value.forward)} forward, ${rate(value.backward)} backward`;
}

/** A thicker line carries more: one step for each tenfold. */
function width(value: number): number {
  return value < 0.05 ? 1.3 : Math.round(10 * Math.min(1.6 + Math.log10(1 + value), 6)) / 10;
}

interface StrandProps {
  edge: Edge;
  bends: { x: number; y: number }[] | undefined;
  tall: boolean;
  lively: boolean;
  faint: boolean;
}

/** One component in one room: the way of forward messages, and beside it that of backward ones. */
export function Strand({ edge, bends, tall, lively, faint }: StrandProps) {
  if (!bends || bends.length < 2) return null;
  const inward = edge.to === edge.room;
  const forward = edge.says ? edge.sends.forward : edge.receives.forward;
  const backward = edge.answers ? edge.sends.backward : edge.receives.backward;
  // Forward messages go with the line, or against it where a component sends into a room that lies before it.
  const along = edge.says === inward || !edge.hears;
  const back = edge.answers ? inward : !inward;
  const busy = backward > 0.05 || edge.answers;
  const path = (way: "forward" | "backward", value: number, shift: number, ahead: boolean) => (
    <path
      d={curve(bends, shift, tall)}
      class={`${way}${value > 0.05 ? " live" : ""}${lively ? " lively" : ""}${ahead ? "" : " against"}`}
      stroke-width={width(value)}
      marker-end={ahead ? `url(#tip-${way})` : undefined}
      marker-start={ahead ? undefined : `url(#tip-${way})`}
    />
  );
  const flags = [busy, along, back, faint, lively, tall, forward > 0.05, backward > 0.05];
  const sign = `${flags.join()} ${width(forward)} ${width(backward)} ${bends.map((bend) => `${bend.x},${bend.y}`).join(" ")}`;
  const draw = () => (
    <g class={`strand${faint ? " faint" : ""}`}>
      {path("forward", forward, busy ? -4 : 0, along)}
      {busy && path("backward", backward, 4, back)}
    </g>
  );
  return <Same sign={sign} draw={draw} />;
}

/** Leads through the bends, leaving and arriving along the direction of the graph. */
function curve(points: { x: number; y: number }[], shift: number, tall: boolean): string {
  const moved = points.map(({ x, y }) => (tall ? { x: x + shift, y } : { x, y: y + shift }));
  const [first, ...rest] = moved;
  if (!first) return "";
  const at = (x: number, y: number): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
  let path = `M${at(first.x, first.y)}`;
  let before = first;
  for (const point of rest) {
    const [mx, my] = [(before.x + point.x) / 2, (before.y + point.y) / 2];
    path += tall
      ? `C${at(before.x, my)} ${at(point.x, my)} ${at(point.x, point.y)}`
      : `C${at(mx, before.y)} ${at(mx, point.y)} ${at(point.x, point.y)}`;
    before = point;
  }
  return path;
}

interface NodeProps {
  place: Place | undefined;
  faint: boolean;
  choose: (id: string) => void;
}

function corner(place: Place): string {
  return `translate(${(place.x - place.width / 2).toFixed(1)} ${(place.y - place.height / 2).toFixed(1)})`;
}

export function Room({ room, place, faint, choose }: NodeProps & { room: RoomNode }) {
  if (!place) return null;
  const pick = (event: Event): void => (event.stopPropagation(), choose(room.id));
  const draw = () => (
    <g class={`room${faint ? " faint" : ""}`} transform={corner(place)} onClick={pick}>
      <rect width={place.width} height={place.height} rx={place.height / 2} />
      <text x={place.width / 2} y={place.height / 2}>
        {shorten(room.label, 28)}
      </text>
      <title>{`room ${room.label}: ${room.members} members, ${rates(room.rate)}`}</title>
    </g>
  );
  return <Same sign={[room.label, room.members, rates(room.rate), corner(place), faint].join()} draw={draw} />;
}

export function Component({ component, place, faint, choose }: NodeProps & { component: ComponentNode }) {
  if (!place) return null;
  const { sends, waiting, stalled, count, story, label } = component;
  const state = waiting > 0 ? "slow" : stalled ? "stalled" : "";
  const pick = (event: Event): void => (event.stopPropagation(), choose(component.id));
  const draw = () => (
    <g class={`component ${state}${faint ? " faint" : ""}`} transform={corner(place)} onClick={pick}>
      <rect width={place.width} height={place.height} rx="11" />
      {story && <Story story={story} width={place.width} height={place.height} />}
      <text class="name" x="15" y="23">
        {shorten(label, 30)}
      </text>
      <text class="rates" x="15" y="41">
        <tspan class="forward">▸ {brief(sends.forward)}</tspan>
        <tspan class="backward" dx="10">
          ◂ {brief(sends.backward)}
        </tspan>
        {state !== "" && (
          <tspan class="warn" dx="10">
            {state === "slow" ? `${brief(waiting)} wait` : "silent"}
          </tspan>
        )}
      </text>
      {count > 1 && !label.includes("×") && (
        <text class="count" x={place.width - 14} y="23">
          ×{count}
        </text>
      )}
      <title>{`${label}: sends ${rates(sends)}${waiting > 0 ? `; ${waiting} messages wait for it` : ""}`}</title>
    </g>
  );
  const told = story ? [...story.forward, ...story.backward].map((value) => value.toPrecision(2)).join() : "";
  const sign = [label, brief(sends.forward), brief(sends.backward), state, waiting, count, corner(place), faint, told].join();
  return <Same sign={sign} draw={draw} />;
}

/** What it sent in the last seconds, as two lines along the lower edge. */
function Story({ story, width, height }: { story: NonNullable<ComponentNode["story"]>; width: number; height: number }) {
  const most = Math.max(1, ...story.forward, ...story.backward);
  const line = (values: number[], close: boolean): string => {
    const step = (width - 30) / 39;
    const points = values.map((value, at) => `${(15 + (40 - values.length + at) * step).toFixed(1)} ${(height - 9 - (value / most) * 18).toFixed(1)}`);
    if (points.length < 2) return "";
    return `M${points.join("L")}${close ? `L${width - 15} ${height - 8}L${(15 + (40 - values.length) * step).toFixed(1)} ${height - 8}z` : ""}`;
  };
  return (
    <g class="story">
      <path class="forward area" d={line(story.forward, true)} />
      <path class="forward" d={line(story.forward, false)} />
      <path class="backward" d={line(story.backward, false)} />
    </g>
  );
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
