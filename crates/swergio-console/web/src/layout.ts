// Layout: where components and rooms stand, from left to right in the direction of forward messages.

import dagre from "@dagrejs/dagre";
import type { GraphPicture } from "./store/graph";

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  width: number;
  height: number;
  places: Record<string, Place>;
  /** Bends of the edges, by `from>to`. */
  routes: Record<string, { x: number; y: number }[]>;
}

const COMPONENT = { width: 168, height: 54 };
const ROOM = { width: 120, height: 34 };

export function layOut(picture: GraphPicture): Layout {
  const graph = new dagre.graphlib.Graph({ multigraph: false });
  const many = picture.components.length > 60;
  graph.setGraph({ rankdir: "LR", nodesep: many ? 10 : 26, ranksep: many ? 60 : 84, marginx: 24, marginy: 24 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const component of picture.components) {
    const width = Math.max(COMPONENT.width, component.label.length * 7.4 + 36);
    graph.setNode(component.id, { width: Math.min(width, 260), height: COMPONENT.height });
  }
  for (const room of picture.rooms) {
    const width = Math.max(ROOM.width, room.label.length * 7 + 40);
    graph.setNode(room.id, { width: Math.min(width, 240), height: ROOM.height });
  }
  for (const edge of picture.edges) graph.setEdge(edge.from, edge.to);
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
  return { width: size.width ?? 400, height: size.height ?? 300, places, routes };
}
