// Graph: who is there, in which rooms, and how much each of them says there.

import { type Flow, type Way, type Wire, maybe, number, text, wayOf } from "../wire";

/** Rates are averaged over about this many seconds. */
const MEMORY = 2;
/** Seconds without a message after which a way counts as silent. */
const SILENT = 10;
/** More components that sit in the same rooms than this are drawn as one, and more rooms that differ by a number. */
const TOGETHER = 6;
/** Seconds that are remembered of a component, and components up to which they are. */
const [STORY, STORIES] = [40, 60];

export interface Rate {
  forward: number;
  backward: number;
  control: number;
}

export interface ComponentNode {
  id: string;
  label: string;
  /** How many connections are drawn as this one. */
  count: number;
  names: string[];
  rooms: string[];
  /** Messages a second that it sends. */
  sends: Rate;
  /** Frames that wait for it, when it falls behind. */
  waiting: number;
  /** It sent something once, and has been silent for a while. */
  stalled: boolean;
  /** What it sent in the last seconds, one number each, the newest last; where there are not too many. */
  story: { forward: number[]; backward: number[] } | null;
}

export interface RoomNode {
  id: string;
  label: string;
  members: number;
  rate: Rate;
}

/** One component in one room; positive ways lead into the room. */
export interface Edge {
  from: string;
  to: string;
  component: string;
  room: string;
  /** It sends forward messages there. */
  says: boolean;
  /** It sends backward messages there. */
  answers: boolean;
  hears: boolean;
  sends: Rate;
  receives: Rate;
}

export interface GraphPicture {
  components: ComponentNode[];
  rooms: RoomNode[];
  edges: Edge[];
  /** Changes when somebody comes or goes, or a way is used for the first time: then it is laid out anew. */
  shape: string;
  total: Rate;
}

interface Member {
  name: string;
  rooms: Set<string>;
}

interface Pipe {
  rate: number;
  last: number;
}

const nothing = (): Rate => ({ forward: 0, backward: 0, control: 0 });

export class Graph {
  private members = new Map<number, Member>();
  private pipes = new Map<string, Pipe>();
  private waiting = new Map<string, number>();
  private clock = 0;
  private begins = new Map<string, number>();
  private stories = new Map<string, { forward: number[]; backward: number[] }>();
  private told = 0;
  private rooms: Map<string, Set<string>> | null = null;

  constructor(private me: string) {}

  clear(): void {
    this.members.clear();
    this.waiting.clear();
    this.rooms = null;
  }

  /** Takes in a `COMMAND/PRESENCE`. */
  presence(wire: Wire): void {
    this.rooms = null;
    const session = number(wire.SESSION);
    const room = maybe(wire.ROOM);
    const joined = text(wire.STATE) === "joined";
    const known = this.members.get(session);
    if (room === null && !joined) {
      this.members.delete(session);
      return;
    }
    const member = known ?? { name: text(wire.NAME), rooms: new Set<string>() };
    member.name = text(wire.NAME);
    if (room !== null) {
      if (joined) member.rooms.add(room);
      else member.rooms.delete(room);
    }
    this.members.set(session, member);
  }

  /** Takes in what was said within `span` seconds that ended now. */
  traffic(flows: Flow[], slow: Wire[], span: number): void {
    this.clock += span;
    const keep = Math.exp(-span / MEMORY);
    for (const pipe of this.pipes.values()) pipe.rate *= keep;
    for (const flow of flows) {
      const room = flow.room ?? `@${flow.to ?? ""}`;
      const key = `${flow.from}\n${room}\n${wayOf(flow.kind)}`;
      const pipe = this.pipes.get(key) ?? { rate: 0, last: 0 };
      pipe.rate += (1 - keep) * (flow.messages / span);
      pipe.last = this.clock;
      this.pipes.set(key, pipe);
    }
    if (this.pipes.size > 20_000) this.forget();
    this.waiting = new Map(slow.map((entry) => [text(entry.NAME), number(entry.FRAMES)]));
  }

  /** Takes note of who began a pass: there the picture begins. */
  began(component: string): void {
    if (this.begins.has(component) || this.begins.size < 1000) this.begins.set(component, (this.begins.get(component) ?? 0) + 1);
  }

  private forget(): void {
    for (const [key, pipe] of this.pipes) if (this.clock - pipe.last > 60) this.pipes.delete(key);
  }

  /** Lists the rooms in which a component sits. */
  seats(component: string): Set<string> {
    this.rooms ??= this.seated();
    return this.rooms.get(component) ?? new Set();
  }

  /** Lists who sits in a room. */
  audience(room: string): string[] {
    this.rooms ??= this.seated();
    return [...this.rooms].filter(([, rooms]) => rooms.has(room)).map(([name]) => name);
  }

  private seated(): Map<string, Set<string>> {
    const rooms = new Map<string, Set<string>>();
    for (const member of this.members.values()) {
      const mine = rooms.get(member.name) ?? new Set<string>();
      for (const room of member.rooms) mine.add(room);
      rooms.set(member.name, mine);
    }
    return rooms;
  }

  private viewer(member: Member): boolean {
    return member.name === this.me || member.rooms.has("_watch");
  }

  /** Sums up all that is sent in rooms, a second. */
  total(): Rate {
    const total = nothing();
    for (const [key, pipe] of this.pipes) {
      const [, room = "", way = "control"] = key.split("\n");
      if (!room.startsWith("@") && !room.startsWith("_") && pipe.rate > 0.01) total[way as Way] += pipe.rate;
    }
    return total;
  }

  /** Draws it. Components of one kind are drawn together unless `apart`. */
  picture(apart: boolean): GraphPicture {
    const names = new Map<string, { rooms: Set<string>; count: number }>();
    for (const member of this.members.values()) {
      if (this.viewer(member)) continue;
      const known = names.get(member.name) ?? { rooms: new Set<string>(), count: 0 };
      for (const room of member.rooms) if (!room.startsWith("_")) known.rooms.add(room);
      known.count += 1;
      names.set(member.name, known);
    }
    const said = new Map<string, Map<string, Rate>>();
    const live = new Map<string, number>();
    const total = nothing();
    for (const [key, pipe] of this.pipes) {
      const [from = "", room = "", way = "control"] = key.split("\n");
      if (!names.has(from) || room.startsWith("@") || room.startsWith("_")) continue;
      const rooms = said.get(from) ?? new Map<string, Rate>();
      const rate = rooms.get(room) ?? nothing();
      const now = pipe.rate < 0.01 ? 0 : pipe.rate;
      rate[way as Way] += now;
      total[way as Way] += now;
      rooms.set(room, rate);
      said.set(from, rooms);
      live.set(from, Math.max(live.get(from) ?? 0, pipe.last));
    }
    const rooms = apart ? (room: string): string => room : bundles([...names.values()].flatMap((one) => [...one.rooms]));
    return this.draw(group(names, said, apart, rooms), said, live, total, rooms);
  }

  /** Remembers what a component sent, once a second. */
  private tell(label: string, sends: Rate, next: boolean): ComponentNode["story"] {
    const story = this.stories.get(label) ?? { forward: [], backward: [] };
    for (const way of ["forward", "backward"] as const) {
      if (next || story[way].length === 0) story[way].push(sends[way]);
      else story[way][story[way].length - 1] = sends[way];
      if (story[way].length > STORY) story[way].shift();
    }
    this.stories.set(label, story);
    return story;
  }

  private draw(
    groups: Map<string, Grouped>,
    said: Map<string, Map<string, Rate>>,
    live: Map<string, number>,
    total: Rate,
    bundle: (room: string) => string,
  ): GraphPicture {
    const next = Math.floor(this.clock) !== this.told;
    this.told = Math.floor(this.clock);
    if (this.stories.size > 2 * STORIES) this.stories.clear();
    const rooms = new Map<string, RoomNode>();
    const components: ComponentNode[] = [];
    const edges: Edge[] = [];
    const roomOf = (name: string): RoomNode => {
      const node = rooms.get(name) ?? { id: `r:${name}`, label: name, members: 0, rate: nothing() };
      rooms.set(name, node);
      return node;
    };
    for (const grouped of groups.values()) {
      const sends = nothing();
      const mine = new Map<string, Rate>();
      for (const name of grouped.names) {
        for (const [own, rate] of said.get(name) ?? []) {
          const room = bundle(own);
          const sum = mine.get(room) ?? nothing();
          addTo(sum, rate);
          mine.set(room, sum);
          addTo(sends, rate);
          addTo(roomOf(room).rate, rate);
        }
      }
      const last = Math.max(...grouped.names.map((name) => live.get(name) ?? 0));
      components.push({
        id: `c:${grouped.label}`,
        label: grouped.label,
        count: grouped.count,
        names: grouped.names,
        rooms: [...grouped.rooms].sort(),
        sends,
        waiting: Math.max(0, ...grouped.names.map((name) => this.waiting.get(name) ?? 0)),
        stalled: last > 0 && this.clock - last > SILENT,
        story: groups.size <= STORIES ? this.tell(grouped.label, sends, next) : null,
      });
      const heard = new Set([...grouped.rooms].map(bundle));
      for (const room of new Set([...heard, ...mine.keys()])) {
        const node = roomOf(room);
        const hears = heard.has(room);
        if (hears) node.members += grouped.count;
        const rate = mine.get(room);
        const within = [...new Set([...grouped.rooms, ...grouped.names.flatMap((name) => [...(said.get(name)?.keys() ?? [])])])].filter(
          (own) => bundle(own) === room,
        );
        const says = within.some((own) => used(said, grouped.names, own, "forward", this.pipes));
        const answers = within.some((own) => used(said, grouped.names, own, "backward", this.pipes));
        const inward = says || !hears;
        edges.push({
          from: inward ? `c:${grouped.label}` : node.id,
          to: inward ? node.id : `c:${grouped.label}`,
          component: `c:${grouped.label}`,
          room: node.id,
          says,
          answers,
          hears,
          sends: rate ?? nothing(),
          receives: nothing(),
        });
      }
    }
    for (const edge of edges) {
      const room = rooms.get(edge.room.slice(2));
      if (!room || !edge.hears) continue;
      for (const way of ["forward", "backward", "control"] as Way[]) {
        edge.receives[way] = Math.max(0, room.rate[way] - edge.sends[way]);
      }
    }
    const [leader] = [...this.begins].sort((a, b) => b[1] - a[1]);
    const shape = `${leader?.[0] ?? ""}|${edges.map((edge) => `${edge.from}>${edge.to}`).sort().join("|")}`;
    // Whoever begins the most passes stands first, and what follows from it behind.
    const begun = (one: ComponentNode): number => Math.max(0, ...one.names.map((name) => this.begins.get(name) ?? 0));
    components.sort((a, b) => begun(b) - begun(a));
    return { components, rooms: [...rooms.values()], edges, shape: shape + components.length, total };
  }
}

interface Grouped {
  label: string;
  names: string[];
  rooms: Set<string>;
  count: number;
}

/** Names rooms that differ by a number only, where there are many, by what they have in common. */
function bundles(rooms: string[]): (room: string) => string {
  const stems = new Map<string, Set<string>>();
  const stemOf = (room: string): string => room.replace(/\d+/g, "#");
  for (const room of rooms) {
    const stem = stemOf(room);
    const known = stems.get(stem) ?? new Set<string>();
    stems.set(stem, known.add(room));
  }
  const labels = new Map<string, string>();
  const labelOf = (room: string): string => {
    const alike = stems.get(stemOf(room))?.size ?? 1;
    return alike > TOGETHER ? `${stemOf(room).replace(/[-_ ]?#$/, "")} ×${alike}` : room;
  };
  return (room) => {
    const label = labels.get(room) ?? labelOf(room);
    labels.set(room, label);
    return label;
  };
}

/** Puts together what differs by a number at the end of its name only, and sits in the same rooms. */
function group(
  names: Map<string, { rooms: Set<string>; count: number }>,
  said: Map<string, Map<string, Rate>>,
  apart: boolean,
  bundle: (room: string) => string,
): Map<string, Grouped> {
  const groups = new Map<string, Grouped>();
  for (const [name, { rooms, count }] of names) {
    const stem = name.replace(/[-_ ]?\d+$/, "");
    const sorted = (some: Iterable<string>): string => [...new Set([...some].map(bundle))].sort().join("\n");
    const ways = `${sorted(rooms)}\r${sorted(said.get(name)?.keys() ?? [])}`;
    const key = stem === name || apart ? `=${name}` : `${stem}\r${ways}`;
    const grouped = groups.get(key) ?? { label: stem, names: [], rooms: new Set<string>(), count: 0 };
    grouped.names.push(name);
    for (const room of rooms) grouped.rooms.add(room);
    grouped.count += count;
    groups.set(key, grouped);
  }
  const result = new Map<string, Grouped>();
  for (const grouped of groups.values()) {
    if (grouped.names.length > TOGETHER) {
      result.set(unique(result, `${grouped.label} ×${grouped.names.length}`), grouped);
    } else {
      for (const name of grouped.names) {
        const own = names.get(name);
        result.set(name, { label: name, names: [name], rooms: own?.rooms ?? new Set(), count: own?.count ?? 1 });
      }
    }
  }
  for (const [label, grouped] of result) grouped.label = label;
  return result;
}

function unique(taken: Map<string, unknown>, label: string): string {
  let name = label;
  for (let more = 2; taken.has(name); more += 1) name = `${label} (${more})`;
  return name;
}

function used(
  said: Map<string, Map<string, Rate>>,
  names: string[],
  room: string,
  way: Way,
  pipes: Map<string, Pipe>,
): boolean {
  return names.some((name) => said.get(name)?.has(room) === true && pipes.has(`${name}\n${room}\n${way}`));
}

function addTo(sum: Rate, rate: Rate): void {
  sum.forward += rate.forward;
  sum.backward += rate.backward;
  sum.control += rate.control;
}
