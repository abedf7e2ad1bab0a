// Faults: planted in every component of chains of one to six, whether these tell their times or not, one at a time and two at once; now and
// then, from some pass on, and from the first.

import { describe, expect, it } from "vitest";
import { Passes } from "../src/store/passes";
import { type Sample } from "../src/wire";
import { message } from "./play";

/** How a chain's components are written: with the toolbox (they say how long they waited and computed), by hand, or by turns. */
type Manner = "toolbox" | "by hand" | "mixed";

/** What is wrong in one component. Of numbers: what comes out in place of what would. */
interface Fault {
  code: string;
  forward?: (norm: number) => { norm?: number; nan?: number; inf?: number; shape?: number[]; after?: number; none?: boolean };
  backward?: Fault["forward"];
}

const FAULTS: Record<string, Fault> = {
  "NaN forward": { code: "NAN", forward: () => ({ nan: 1 }) },
  "NaN in the gradient": { code: "NAN", backward: () => ({ nan: 2 }) },
  infinity: { code: "NAN", backward: () => ({ inf: 1 }) },
  "exploded gradient": { code: "EXPLODED", backward: (norm) => ({ norm: 1e7 * norm }) },
  "a gradient a thousandfold": { code: "EXPLODED", backward: (norm) => ({ norm: 1e3 * norm }) },
  "exploded value": { code: "EXPLODED", forward: (norm) => ({ norm: 1e6 * norm }) },
  "vanished gradient": { code: "VANISHED", backward: (norm) => ({ norm: 1e-9 * norm }) },
  "gradient of nothing": { code: "VANISHED", backward: () => ({ norm: 0 }) },
  "slow forward": { code: "SLOW", forward: () => ({ after: 250 }) },
  "slow gradient": { code: "SLOW", backward: () => ({ after: 250 }) },
  "dropped forward": { code: "DROPPED", forward: () => ({ none: true }) },
  "dropped gradient": { code: "DROPPED", backward: () => ({ none: true }) },
  "wrong shape forward": { code: "SHAPE", forward: () => ({ shape: [2, 7] }) },
  "wrong shape back": { code: "SHAPE", backward: () => ({ shape: [2, 7] }) },
};

/** Plays a chain: caller, so many components, and back; with faults planted in some. */
class World {
  readonly passes: Passes;
  private time = 0;

  constructor(
    readonly length: number,
    readonly manner: Manner,
  ) {
    this.passes = new Passes((name) => new Set(name === "caller" ? ["r0", `r${length}`] : [`r${Number(name.slice(1)) - 1}`, `r${Number(name.slice(1))}`]));
  }

  private times(place: number, took: number): Record<string, unknown> {
    const tells = this.manner === "toolbox" || (this.manner === "mixed" && place % 2 === 0);
    return tells ? { QUEUE_TIME: 0.0002, COMPUTE_TIME: (took - 0.5) / 1000 } : {};
  }

  pass(root: string, planted: Record<number, Fault> = {}): void {
    const vary = (scale: number, place: number): number => scale * (1 + (((this.time * 13 + place * 7) % 11) / 11) * 0.3);
    let [now, norm, bad] = [this.time, 2, 0];
    const shapes: number[][] = [[4, 3]];
    const say = (from: string, room: number, kind: string, extra: Record<string, unknown> = {}): Sample =>
      message(now, from, `r${room}`, kind, `${room}-${root}`, norm, { shape: shapes[room] ?? [4, 3], nan: bad }, { ROOT_ID: root, ...extra });
    const end = (): void => void ((this.time += 1000), this.passes.settle(this.time - 400));
    const step = (place: number, way: "forward" | "backward"): boolean => {
      const what = planted[place]?.[way]?.(norm) ?? {};
      if (what.none) return false;
      const took = what.after ?? vary(3, place);
      now += took;
      norm = what.norm ?? vary(way === "forward" ? norm * 1.1 : norm * 0.7, place);
      bad = Math.max(bad, what.nan ?? 0, what.inf ?? 0);
      const room = way === "forward" ? place : place - 1;
      if (way === "forward") shapes[room] = what.shape ?? [4, 3];
      const told = shapes[room];
      if (way === "backward" && what.shape) shapes[room] = what.shape;
      this.passes.add(say(`c${place}`, room, way === "forward" ? "DATA/FORWARD" : "DATA/GRADIENT", this.times(place, took)));
      if (told) shapes[room] = told;
      return true;
    };
    this.passes.add(say("caller", 0, "DATA/FORWARD"));
    for (let place = 1; place <= this.length; place += 1) if (!step(place, "forward")) return end();
    now += 1;
    norm = 0.5;
    this.passes.add(say("caller", this.length, "DATA/GRADIENT"));
    for (let place = this.length; place >= 1; place -= 1) if (!step(place, "backward")) return end();
    end();
  }

  said(root: string): { verdicts: string[]; diagnosis: string | null } {
    const picture = this.passes.picture(root, 1e9);
    const { diagnosis, verdicts } = picture ?? {};
    return { verdicts: verdicts?.map((one) => `${one.code} ${one.component}`) ?? [], diagnosis: diagnosis ? `${diagnosis.code} ${diagnosis.component}` : null };
  }
}

function world(length: number, manner: Manner): World {
  const world = new World(length, manner);
  for (let at = 0; at < 20; at += 1) world.pass(`good-${at}`);
  return world;
}

const LENGTHS = [1, 2, 3, 4, 5, 6];
const MANNERS: Manner[] = ["toolbox", "by hand", "mixed"];

describe.each(MANNERS)("in chains of components written %s", (manner) => {
  it.each(Object.entries(FAULTS))("%s is named in whichever component it is", (_, fault) => {
    const told: Record<string, string | null> = {};
    const wanted: Record<string, string> = {};
    for (const length of LENGTHS) {
      for (let place = 1; place <= length; place += 1) {
        const here = world(length, manner);
        here.pass("ill", { [place]: fault });
        told[`${place} of ${length}`] = here.said("ill").diagnosis;
        wanted[`${place} of ${length}`] = `${fault.code} c${place}`;
        expect(here.passes.list(1e9, 100).filter((head) => head.id !== "ill" && head.code !== null)).toEqual([]);
      }
    }
    expect(told).toEqual(wanted);
  });

  it("two at once are both named, the first as the cause", () => {
    const here = world(4, manner);
    here.pass("a", { 1: FAULTS["exploded value"] as Fault, 3: FAULTS["exploded gradient"] as Fault });
    expect(here.said("a")).toMatchObject({ diagnosis: "EXPLODED c1", verdicts: expect.arrayContaining(["EXPLODED c1", "EXPLODED c3"]) });
    here.pass("b", { 2: FAULTS["slow forward"] as Fault, 3: FAULTS["NaN in the gradient"] as Fault });
    expect(here.said("b").diagnosis).toBe("NAN c3");
    here.pass("c", { 4: FAULTS["vanished gradient"] as Fault, 2: FAULTS["exploded gradient"] as Fault });
    expect(here.said("c")).toMatchObject({ diagnosis: "VANISHED c4", verdicts: expect.arrayContaining(["VANISHED c4", "EXPLODED c2"]) });
    here.pass("d", { 4: FAULTS["wrong shape back"] as Fault, 1: FAULTS["dropped gradient"] as Fault });
    expect(here.said("d")).toMatchObject({ diagnosis: "SHAPE c4", verdicts: expect.arrayContaining(["SHAPE c4", "DROPPED c1"]) });
    here.pass("e", { 1: FAULTS["slow forward"] as Fault, 4: FAULTS["slow gradient"] as Fault });
    expect(here.said("e").verdicts).toEqual(expect.arrayContaining(["SLOW c1", "SLOW c4"]));
  });

  it("from the first pass on, where nothing is usual yet, what is wrong in itself is named", () => {
    for (const name of ["NaN forward", "NaN in the gradient", "infinity", "exploded gradient", "vanished gradient", "gradient of nothing", "dropped gradient"]) {
      for (const place of [1, 2, 3]) {
        const here = new World(3, manner);
        here.pass("ill", { [place]: FAULTS[name] as Fault });
        expect([name, here.said("ill").diagnosis]).toEqual([name, `${FAULTS[name]?.code} c${place}`]);
      }
    }
  });
});

/** What is wrong with the numbers or the messages of one component, and what is to be said of it. */
const HABITS: [string, string, (gradient: number[]) => number[] | null][] = [
  ["a flipped sign", "SIGN", (g) => g.map((one) => -one)],
  ["a gradient a hundredfold", "EXPLODED", (g) => g.map((one) => 100 * one)],
  ["a gradient a hundredth", "VANISHED", (g) => g.map((one) => one / 100)],
  ["a dropped gradient", "DROPPED", () => null],
  ["a gradient that is sent twice", "TWICE", (g) => g],
  ["a gradient that names nothing", "DROPPED", (g) => g],
  ["a value that is dropped", "DROPPED", (g) => g],
  ["a value of zeros", "VANISHED", (g) => g],
];

/** Plays sixty passes through `length` components, bent functions of six numbers, with one of them ill when `when` says so; counts what is said. */
function sixty(length: number, ill: number, name: string, spoil: (gradient: number[]) => number[] | null, when: (at: number) => boolean): { ill: string[]; well: string[] } {
  const rooms = (who: string): Set<string> => new Set(who === "caller" ? ["r0", `r${length}`] : [`r${Number(who.slice(1)) - 1}`, `r${Number(who.slice(1))}`]);
  const everybody = ["caller", ...Array.from({ length }, (_, at) => `c${at + 1}`)];
  const passes = new Passes(rooms, (room) => everybody.filter((who) => rooms(who).has(room)));
  const numbers = 6;
  for (let at = 0; at < 60; at += 1) {
    const bad = when(at);
    let now = at * 1000;
    const say = (from: string, room: number, kind: string, value: number[], id = `${room}-${at}`): void =>
      passes.add(message((now += 2), from, `r${room}`, kind, id, Math.hypot(...value), { shape: [1, numbers] }, { ROOT_ID: `p${at}`, DATA: [value] }));
    const values = [Array.from({ length: numbers }, (_, i) => Math.sin(at * 1.7 + i * 2.1) * 0.8 + 0.1)];
    say("caller", 0, "DATA/FORWARD", values[0] ?? []);
    for (let place = 1; place <= length; place += 1) {
      const x = values[place - 1] ?? [];
      const mine = bad && place === ill;
      if (mine && name === "a value that is dropped") break;
      const y = x.map((one, i) => (mine && name === "a value of zeros" ? 0 : 0.9 * one + one ** 3 / 3 + 0.2 * (x[(i + 1) % numbers] ?? 0)));
      values.push(y);
      say(`c${place}`, place, "DATA/FORWARD", y);
    }
    let gradient: number[] | null = values.length > length ? (values[length] ?? []).map((one, i) => one - Math.cos(i)) : null;
    if (gradient) say("caller", length, "DATA/GRADIENT", gradient);
    for (let place = length; place >= 1 && gradient; place -= 1) {
      const [x, g]: [number[], number[]] = [values[place - 1] ?? [], gradient];
      gradient = g.map((one, i) => one * (0.9 + (x[i] ?? 0) ** 2) + 0.2 * (g[(i + numbers - 1) % numbers] ?? 0));
      const mine = bad && place === ill;
      if (mine) gradient = spoil(gradient);
      if (!gradient) break;
      say(`c${place}`, place - 1, "DATA/GRADIENT", gradient, mine && name === "a gradient that names nothing" ? "nothing" : undefined);
      if (mine && name === "a gradient that is sent twice") say(`c${place}`, place - 1, "DATA/GRADIENT", gradient);
    }
    passes.settle(now + 500);
  }
  const said = (bad: boolean): string[] => {
    const all = Array.from({ length: 60 }, (_, at) => at).filter((at) => when(at) === bad);
    return [...new Set(all.map((at) => passes.picture(`p${at}`, 1e9)?.diagnosis).map((one) => (one ? `${one.code} ${one.component}` : "nothing")))];
  };
  return { ill: said(true), well: said(false) };
}

describe.each([1, 2, 3])("in component %i of three, without times or an auditor", (place) => {
  it.each(HABITS)("%s is %s: now and then, and from some pass on", (name, code, spoil) => {
    const named = { ill: [`${code} c${place}`], well: ["nothing"] };
    expect(sixty(3, place, name, spoil, (at) => at >= 20 && at % 4 === 0)).toEqual(named);
    const later = sixty(3, place, name, spoil, (at) => at >= 30);
    expect({ ...later, ill: later.ill.filter((one) => one !== "nothing") }).toEqual(named);
  });

  it.each(HABITS.filter(([, code]) => ["SIGN", "DROPPED", "TWICE"].includes(code)))("%s is %s from the first pass on", (name, code, spoil) => {
    const { ill } = sixty(3, place, name, spoil, () => true);
    expect(ill.filter((one) => one !== "nothing")).toEqual([`${code} c${place}`]);
  });
});

it("who only listens in the last room is not called deaf", () => {
  const rooms = (who: string): Set<string> => new Set({ caller: ["r0", "r1"], c1: ["r0", "r1"], tap: ["r1"], all: ["r0", "r1"] }[who] ?? []);
  const passes = new Passes(rooms, (room) => ["caller", "c1", "tap", "all"].filter((who) => rooms(who).has(room)));
  passes.add(message(0, "caller", "r0", "DATA/FORWARD", "a"));
  passes.add(message(5, "c1", "r1", "DATA/FORWARD", "b"));
  expect(passes.picture("p", 1e9)?.verdicts).toEqual([]);
});
