// Layout: where components and rooms stand, in the direction of forward messages: to the right, or down where the page is high.

import dagre from "@dagrejs/dagre";
import type { GraphPicture } from "./store/graph";
import { rows } from "./rows";

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  width: number;
  height: number;
  tall: boolean;
  places: Record<string, Place>;
  /** Bends of the edges, by `from>to`. */
  routes: Record<string, { x: number; y: number }[]>;
}

/** Nodes and edges up to which a careful layout is worth its time. */
const MANY = 220;

const COMPONENT = { width: 188, height: 76 };
const ROOM = { width: 96, height: 34 };

export function layOut(picture: GraphPicture, tall = false): Layout {
  const sizes: Record<string, { width: number; height: number }> = {};
  const flat = picture.components.some((one) => one.story === null);
  for (const { id, label } of picture.components) {
    const width = Math.min(Math.max(COMPONENT.width, label.length * 7.6 + 40), 280);
    sizes[id] = { width, height: flat ? 54 : COMPONENT.height };
  }
  for (const { id, label } of picture.rooms) sizes[id] = { width: Math.min(Math.max(ROOM.width, label.length * 7.4 + 36), 240), height: ROOM.height };
  const edges: [string, string][] = picture.edges.map((edge) => [edge.from, edge.to]);
  if (Object.keys(sizes).length + edges.length > MANY) return rows(sizes, edges, tall);
  return careful(sizes, edges, tall);
}

function careful(sizes: Record<string, { width: number; height: number }>, edges: [string, string][], tall: boolean): Layout {
  const graph = new dagre.graphlib.Graph({ multigraph: false });
  graph.setGraph({ rankdir: tall ? "TB" : "LR", nodesep: tall ? 34 : 30, ranksep: tall ? 52 : 76, marginx: 28, marginy: 28 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, size] of Object.entries(sizes)) graph.setNode(id, { ...size });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const places: Layout["places"] = {};
  for (const id of graph.nodes()) {
    const { x, y, width, height } = graph.node(id) as Place;
    places[id] = { x, y, width, height };
  }
  const routes: Layout["routes"] = {};
  for (const edge of graph.edges()) {
    const label = graph.edge(edge) as { points?: { x: number; y: number }[] };
    routes[`${edge.v}>${edge.w}`] = label.points ?? [];
  }
  const size = graph.graph() as { width?: number; height?: number };
  return { width: size.width ?? 400, height: size.height ?? 300, tall, places, routes };
}
