// Graph: components and rooms as they are now, forward in one colour, backward in another.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { lookAt, useTold } from "../desk";
import type { Layout } from "../layout";
import type { Edge, GraphPicture, Rate } from "../store/graph";
import { brief, rate } from "../ui/figures";
import { Component, Room, Strand } from "../ui/nodes";
import { Stage } from "../ui/stage";

/** Edges up to which what flows is seen to flow; beyond it that would cost more than it shows. */
const LIVELY = 60;

export function GraphView() {
  const told = useTold("graph");
  const layout = useRef<Layout | null>(null);
  const [apart, setApart] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const [words, setWords] = useState("");
  const tall = useTall();
  useEffect(() => lookAt({ apart, tall }), [apart, tall]);
  if (told?.layout) layout.current = told.layout;
  const picture = told?.picture;
  if (!picture || !layout.current || picture.components.length === 0) return <Empty />;
  const { total } = picture;
  const members = picture.components.reduce((sum, one) => sum + one.count, 0);
  return (
    <section class="graph">
      <div class="tools">
        <span class="sums">
          <span>
            <b>{members}</b> components
          </span>
          <span>
            <b>{picture.rooms.length}</b> rooms
          </span>
          <span>
            <b class="forward">{brief(total.forward)}</b> forward/s
          </span>
          <span>
            <b class="backward">{brief(total.backward)}</b> backward/s
          </span>
        </span>
        <span class="right">
          {picture.components.length > 12 && (
            <input type="search" placeholder="Find" aria-label="find" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
          )}
          <label class="chip">
            <input type="checkbox" checked={apart} onChange={(event) => setApart(event.currentTarget.checked)} /> every replica by itself
          </label>
        </span>
      </div>
      <Canvas picture={picture} layout={layout.current} chosen={chosen} choose={setChosen} words={words.trim().toLowerCase()} />
      {chosen !== null && <Details picture={picture} id={chosen} close={() => setChosen(null)} />}
    </section>
  );
}

/** Tells whether the page is higher than wide. */
function useTall(): boolean {
  const asked = matchMedia("(max-aspect-ratio: 4/5)");
  const [tall, setTall] = useState(asked.matches);
  useEffect(() => {
    const listener = (event: MediaQueryListEvent): void => setTall(event.matches);
    asked.addEventListener("change", listener);
    return () => asked.removeEventListener("change", listener);
  }, []);
  return tall;
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
  words: string;
}

function Canvas({ picture, layout, chosen, choose, words }: CanvasProps) {
  const near = (edge: Edge): boolean => chosen === null || edge.component === chosen || edge.room === chosen;
  const neighbours = useMemo(() => {
    const close = new Set<string>();
    for (const edge of picture.edges) if (near(edge)) close.add(edge.component).add(edge.room);
    return close;
  }, [picture, chosen]);
  const faint = (id: string, label: string): boolean =>
    (chosen !== null && chosen !== id && !neighbours.has(id)) || (words !== "" && !label.toLowerCase().includes(words));
  const lively = picture.edges.length <= LIVELY;
  return (
    <Stage width={layout.width} height={layout.height} fitted={`${picture.shape}${layout.tall}`} away={() => choose(null)}>
      {["forward", "backward"].map((way) => (
        <marker key={way} id={`tip-${way}`} class={way} viewBox="0 0 10 10" refX="9" refY="5" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
          <path d="M1 1L9 5L1 9L3.2 5z" />
        </marker>
      ))}
      {picture.edges.map((edge) => (
        <Strand
          key={`${edge.component}\n${edge.room}`}
          edge={edge}
          bends={layout.routes[`${edge.from}>${edge.to}`]}
          tall={layout.tall}
          lively={lively}
          faint={!near(edge) || words !== ""}
        />
      ))}
      {picture.rooms.map((room) => (
        <Room key={room.id} room={room} place={layout.places[room.id]} faint={faint(room.id, room.label)} choose={choose} />
      ))}
      {picture.components.map((one) => (
        <Component key={one.id} component={one} place={layout.places[one.id]} faint={faint(one.id, one.names.join(" "))} choose={choose} />
      ))}
    </Stage>
  );
}

function Details({ picture, id, close }: { picture: GraphPicture; id: string; close: () => void }) {
  const edges = picture.edges.filter((edge) => edge.component === id || edge.room === id);
  const component = picture.components.find((one) => one.id === id);
  const shown = (value: Rate, way: keyof Rate): string => rate(value[way]);
  return (
    <aside class="details">
      <button class="close" aria-label="close" onClick={close}>
        ×
      </button>
      <h3>
        {component ? "component" : "room"} <b>{id.slice(2)}</b>
      </h3>
      {component && component.names.length > 1 && <p class="names">{component.names.slice(0, 200).join(", ")}</p>}
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
          {edges.slice(0, 100).map((edge) => (
            <tr key={edge.component + edge.room}>
              <td>{(component ? edge.room : edge.component).slice(2)}</td>
              <td>{shown(edge.sends, "forward")}</td>
              <td>{shown(edge.sends, "backward")}</td>
              <td>{edge.hears ? shown(edge.receives, "forward") : "–"}</td>
              <td>{edge.hears ? shown(edge.receives, "backward") : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {edges.length > 100 && <p class="note">… and {edges.length - 100} more</p>}
    </aside>
  );
}
