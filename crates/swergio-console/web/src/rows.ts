// Rows: a layout for hundreds of components, in the time of one picture: by distance from where forward begins, straight lines.

import type { Layout, Place } from "./layout";

/** Nodes side by side in one layer; more make it wider. */
const SIDE = 36;
const [GAP, STEP] = [12, 56];

type Sizes = Record<string, { width: number; height: number }>;

export function rows(sizes: Sizes, edges: [string, string][], tall: boolean): Layout {
  const layers = order(layersOf(sizes, edges), edges);
  const along = (size: { width: number; height: number }): number => (tall ? size.height : size.width);
  const across = (size: { width: number; height: number }): number => (tall ? size.width : size.height);
  const places: Record<string, Place> = {};
  let [depth, most] = [GAP, 0];
  for (const layer of layers) {
    const lanes = Math.ceil(layer.length / SIDE);
    const count = Math.ceil(layer.length / lanes);
    for (let lane = 0; lane < lanes; lane += 1) {
      const some = layer.slice(lane * count, (lane + 1) * count);
      const deep = Math.max(...some.map((id) => along(sizes[id] as Place)));
      let side = GAP;
      for (const id of some) {
        const size = sizes[id] as Place;
        const [a, b] = [depth + deep / 2, side + across(size) / 2];
        places[id] = { x: tall ? b : a, y: tall ? a : b, width: size.width, height: size.height };
        side += across(size) + GAP;
      }
      most = Math.max(most, side);
      depth += deep + (lane === lanes - 1 ? STEP : GAP);
    }
  }
  centre(layers, places, sizes, most, tall);
  const routes: Layout["routes"] = {};
  for (const [from, to] of edges) {
    const [a, b] = [places[from], places[to]];
    if (a && b) routes[`${from}>${to}`] = ends(a, b, tall);
  }
  return { width: tall ? most : depth, height: tall ? depth : most, tall, places, routes };
}

/** Puts layers that are shorter than the longest into the middle. */
function centre(layers: string[][], places: Record<string, Place>, sizes: Sizes, most: number, tall: boolean): void {
  for (const layer of layers) {
    const ends = layer.map((id) => {
      const [place, size] = [places[id] as Place, sizes[id] as Place];
      return tall ? place.x + size.width / 2 : place.y + size.height / 2;
    });
    const shift = (most - Math.max(...ends) - GAP) / 2;
    for (const id of layer) {
      const place = places[id] as Place;
      if (tall) place.x += shift;
      else place.y += shift;
    }
  }
}

/** Lets an edge begin and end at the sides of its nodes. */
function ends(a: Place, b: Place, tall: boolean): { x: number; y: number }[] {
  const size = tall ? "height" : "width";
  const axis = tall ? "y" : "x";
  const sign = Math.sign(b[axis] - a[axis]) || 1;
  const from = { x: a.x, y: a.y, [axis]: a[axis] + (sign * a[size]) / 2 };
  const to = { x: b.x, y: b.y, [axis]: b[axis] - (sign * b[size]) / 2 };
  return [from, to];
}

/** Parts nodes by how many steps they are from the first of theirs; what leads back is left out. */
function layersOf(sizes: Sizes, edges: [string, string][]): string[][] {
  const next = new Map<string, string[]>();
  const entered = new Map<string, number>();
  for (const [from, to] of edges) {
    next.set(from, [...(next.get(from) ?? []), to]);
    entered.set(to, (entered.get(to) ?? 0) + 1);
  }
  const depth = new Map<string, number>();
  const ids = Object.keys(sizes);
  const starts = [...ids.filter((id) => !entered.has(id)), ...ids];
  for (const start of starts) {
    if (depth.has(start)) continue;
    depth.set(start, 0);
    let edge = [start];
    while (edge.length > 0) {
      const further: string[] = [];
      for (const from of edge) {
        for (const to of next.get(from) ?? []) {
          if (depth.has(to)) continue;
          depth.set(to, (depth.get(from) ?? 0) + 1);
          further.push(to);
        }
      }
      edge = further;
    }
  }
  const layers: string[][] = [];
  for (const id of ids) (layers[depth.get(id) ?? 0] ??= []).push(id);
  return layers.filter((layer) => layer !== undefined);
}

/** Sorts each layer by where the neighbours before it stand. */
function order(layers: string[][], edges: [string, string][]): string[][] {
  const before = new Map<string, string[]>();
  for (const [from, to] of edges) {
    before.set(to, [...(before.get(to) ?? []), from]);
    before.set(from, [...(before.get(from) ?? []), to]);
  }
  const rank = new Map<string, number>();
  for (const layer of layers) {
    const middle = (id: string): number => {
      const known = (before.get(id) ?? []).map((one) => rank.get(one)).filter((one) => one !== undefined);
      return known.length === 0 ? Infinity : known.reduce((sum, one) => sum + one, 0) / known.length;
    };
    const keyed = layer.map((id, at): [string, number, number] => [id, middle(id), at]);
    keyed.sort((a, b) => (a[1] === b[1] ? a[2] - b[2] : a[1] - b[1]));
    keyed.forEach(([id], at) => {
      layer[at] = id;
      rank.set(id, at / keyed.length);
    });
  }
  return layers;
}
