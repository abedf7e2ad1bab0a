// What the page makes of what it is told.

import { describe, expect, it } from "vitest";
import { layOut } from "../src/layout";
import { Graph } from "../src/store/graph";
import { Inbox, ratings } from "../src/store/inbox";
import { Kpis, asCsv } from "../src/store/kpis";
import { EVERYTHING, Tail, asCommand, wanted } from "../src/store/tail";
import { type Wire, flowsOf } from "../src/wire";
import { message } from "./play";

const joined = (name: string, session: number, room?: string): Wire => ({ NAME: name, SESSION: session, ROOM: room, STATE: "joined" });

function chain(): Graph {
  const graph = new Graph("me");
  const seats: [string, string[]][] = [
    ["trainer", ["input", "output"]],
    ["network", ["input", "model"]],
    ["trebuchet", ["model", "output"]],
  ];
  seats.forEach(([name, rooms], at) => {
    graph.presence(joined(name, at));
    for (const room of rooms) graph.presence(joined(name, at, room));
  });
  const said = [
    ["trainer", "input", "DATA/FORWARD"],
    ["network", "model", "DATA/FORWARD"],
    ["trebuchet", "output", "DATA/FORWARD"],
    ["trainer", "output", "DATA/GRADIENT"],
    ["trebuchet", "model", "DATA/GRADIENT"],
    ["network", "input", "DATA/GRADIENT"],
  ].map(([FROM, TO_ROOM, KIND]) => ({ FROM, TO_ROOM, KIND, MESSAGES: 10, BYTES: 1000 }));
  graph.traffic(flowsOf({ FLOWS: said }), [], 1);
  return graph;
}

describe("graph", () => {
  it("leads forward from the trainer through the rooms, and back in the other colour", () => {
    const picture = chain().picture(false);
    expect(picture.components.map((one) => one.label).sort()).toEqual(["network", "trainer", "trebuchet"]);
    const edge = (component: string, room: string) =>
      picture.edges.find((one) => one.component === `c:${component}` && one.room === `r:${room}`);
    expect(edge("trainer", "input")).toMatchObject({ from: "c:trainer", to: "r:input", says: true, answers: false });
    expect(edge("network", "input")).toMatchObject({ from: "r:input", to: "c:network", says: false, answers: true });
    expect(edge("trainer", "output")).toMatchObject({ from: "r:output", to: "c:trainer", says: false, answers: true });
    expect(edge("network", "input")?.receives.forward).toBeGreaterThan(1);
    expect(picture.total.forward).toBeCloseTo(picture.total.backward);
  });

  it("lets rates fade, marks who has fallen silent, and who falls behind", () => {
    const graph = chain();
    const before = graph.picture(false).total.forward;
    for (let second = 0; second < 12; second += 1) graph.traffic([], [{ NAME: "trebuchet", FRAMES: 500 }], 1);
    const picture = graph.picture(false);
    expect(picture.total.forward).toBeLessThan(before / 100);
    expect(picture.components.every((one) => one.stalled)).toBe(true);
    expect(picture.components.find((one) => one.label === "trebuchet")?.waiting).toBe(500);
  });

  it("draws many of a kind as one, unless asked not to", () => {
    const graph = new Graph("me");
    for (let agent = 0; agent < 300; agent += 1) {
      graph.presence(joined(`agent-${agent}`, agent));
      graph.presence(joined(`agent-${agent}`, agent, "observation"));
    }
    expect(graph.picture(false).components).toMatchObject([{ label: "agent ×300", count: 300 }]);
    expect(graph.picture(true).components).toHaveLength(300);
    const layout = layOut(graph.picture(true));
    expect(Object.keys(layout.places)).toHaveLength(301);
  });

  it("leaves out who only looks on, and forgets who goes", () => {
    const graph = chain();
    graph.presence(joined("console-1", 9, "_watch"));
    expect(graph.picture(false).components).toHaveLength(3);
    graph.presence({ NAME: "network", SESSION: 1, STATE: "left" });
    expect(graph.picture(false).components).toHaveLength(2);
  });
});

describe("tail", () => {
  it("filters by words, leaves out by -words, and by way", () => {
    const sample = message(0, "network", "model", "DATA/FORWARD", "i");
    const words = (text: string): boolean => wanted(sample, { ...EVERYTHING, words: text });
    expect([words("net model"), words("trebuchet"), words("-gradient"), words("-forward")]).toEqual([true, false, true, false]);
    expect(wanted(sample, { words: "", ways: { forward: false, backward: true, control: true } })).toBe(false);
  });

  it("keeps the newest", () => {
    const tail = new Tail();
    for (let at = 0; at < 10_000; at += 1) tail.add(message(at, "a", "r", "DATA/TEXT", String(at)));
    expect(tail.newest(EVERYTHING, 3).map((sample) => sample.id)).toEqual(["9999", "9998", "9997"]);
    expect(tail.newest(EVERYTHING, 1e6)).toHaveLength(2000);
  });

  it("writes a command that a shell reads as it was meant", () => {
    const sample = message(0, "a", "the lab", "DATA/TEXT", "i", 1, {}, { DATA: "it's $(rm)", KPI: "loss" });
    expect(asCommand(sample)).toBe(
      `swergio say 'the lab' '"it'\\''s $(rm)"' --kind DATA/TEXT --field MODEL_STATUS=1 --field 'KPI="loss"' --root-id p`,
    );
  });
});

describe("kpis", () => {
  it("keeps series by figure, component and run, thinned over their whole length", () => {
    const kpis = new Kpis();
    kpis.add(message(0, "trainer", "kpi", "LOG/RUN", "r", 1, {}, { RUN: "first" }));
    for (let step = 0; step < 20_000; step += 1) {
      kpis.add(message(step, "trainer", "kpi", "LOG/KPI", "k", 1, {}, { KPI: "loss", COMPONENT: "trainer", VALUE: step, TIME: 1.7e9 + step }));
    }
    const [series] = kpis.all();
    expect(series).toMatchObject({ kpi: "loss", component: "trainer", run: "first" });
    expect(series?.values.length).toBeLessThan(8192);
    expect(series?.values[series.values.length - 1]).toBeGreaterThan(19_990);
    expect(asCsv([{ kpi: 'a,"b"', component: "c", run: "", times: [0], values: [1], steps: [7] }])).toContain(`"a,""b""",c,,7,1970-01-01T00:00:00.000Z,1`);
  });

  it("leaves out what is no number", () => {
    const kpis = new Kpis();
    for (const VALUE of ["x", null, NaN, Infinity]) kpis.add(message(0, "t", "kpi", "LOG/KPI", "k", 1, {}, { KPI: "loss", VALUE }));
    expect(kpis.all()).toEqual([]);
  });
});

describe("inbox", () => {
  const query = (items: string[], more: Wire = {}): Wire => ({
    ID: "q",
    DATA: { question: "How good?", answer: { type: "rating", min: 0, max: 5 }, items: items.map((id) => ({ id, show: {} })), ...more },
  });
  const ids = (inbox: Inbox, now = 0): string[] => inbox.questions(now).map((one) => one.item.id);

  it("offers each item once, however often it is asked", () => {
    const inbox = new Inbox();
    inbox.hear("DATA/QUERY", "user", query(["1", "2"]), "me", "learner", 0);
    inbox.forget("q", "1");
    inbox.hear("DATA/QUERY", "user", query(["1", "2"]), "me", "learner", 0);
    expect(ids(inbox)).toEqual(["2"]);
    inbox.hear("DATA/SETTLED", "user", { REF: "q", DATA: { items: ["2"] } }, "me", "learner", 0);
    expect(ids(inbox)).toEqual([]);
  });

  it("knows what others are at, until their time is over", () => {
    const inbox = new Inbox();
    inbox.hear("DATA/QUERY", "user", query(["1"]), "me", "learner", 0);
    inbox.hear("DATA/CLAIM", "user", { REF: "q", DATA: { item: "1", by: "ada", until: 60 } }, "me", "x", 0);
    expect(inbox.questions(0)[0]?.claimed?.by).toBe("ada");
    expect(inbox.questions(61_000)[0]?.claimed).toBeNull();
  });

  const claim = (by: string, until: number | null, item = "1"): Wire => ({ REF: "q", DATA: { item, by, until } });
  const asked = (): Inbox => {
    const inbox = new Inbox();
    inbox.hear("DATA/QUERY", "user", query(["1", "2"]), "", "learner", 0);
    return inbox;
  };
  const free = (inbox: Inbox, now = 0): string[] => inbox.questions(now).filter((one) => one.claimed === null).map((one) => one.item.id);

  // R103: whoever said it first, and in whichever order it is heard, exactly one of two keeps the item.
  it.each([
    ["ada", 60, "bob", 60.25, "ada"],
    ["ada", 60.25, "bob", 60, "bob"],
    ["ada", 1764000060.123, "bob", 1764000060.123, "ada"],
    ["bob", 60, "ada", 60, "ada"],
    ["\uff5e", 60, "\u{1f600}", 60, "\uff5e"],
    ["ann", 60, "anna", 60, "ann"],
  ])("%s until %d, %s until %d: %s keeps it", (one, ones, two, twos, keeper) => {
    const now = ones > 1e6 ? 1764000000_000 : 0;
    const [first, second] = [asked(), asked()];
    expect([first.hold("q", "1", ones, now), second.hold("q", "1", twos, now)]).toEqual([true, true]);
    first.hear("DATA/CLAIM", "user", claim(two, twos), one, "x", now);
    second.hear("DATA/CLAIM", "user", claim(one, ones), two, "x", now);
    const [winner, loser] = keeper === one ? [first, second] : [second, first];
    expect([free(winner, now), free(loser, now)]).toEqual([["1", "2"], ["2"]]);
  });

  it("does not claim what somebody is at, and stays with what was claimed", () => {
    const inbox = asked();
    expect(inbox.hold("q", "2", 60, 0)).toBe(true);
    expect(ids(inbox)).toEqual(["2", "1"]);
    inbox.hear("DATA/CLAIM", "user", claim("ada", 60), "me", "x", 0);
    expect([inbox.hold("q", "1", 50, 0), inbox.hold("q", "1", 121, 61_000), inbox.hold("q", "9", 60, 0)]).toEqual([false, true, false]);
    inbox.hold("q", "2", null, 0);
    inbox.hold("q", "1", null, 0);
    expect(ids(inbox)).toEqual(["1", "2"]);
  });

  it("ends a claim with its person's answer, with their giving it back, and after a minute (R103)", () => {
    const inbox = asked();
    const hears = (kind: string, wire: Wire, now = 0): string[] => {
      inbox.hear(kind, "user", wire, "me", "x", now);
      return free(inbox, now);
    };
    const answer = (by: string): Wire => ({ ID: "q", DATA: { answers: [{ item: "1", value: 3 }], by } });
    expect(hears("DATA/CLAIM", claim("ada", 60))).toEqual(["2"]);
    expect([hears("DATA/FEEDBACK", answer("bob")), hears("DATA/FEEDBACK", answer("ada"))]).toEqual([["2"], ["1", "2"]]);
    expect(hears("DATA/CLAIM", claim("ada", 60))).toEqual(["2"]);
    expect([hears("DATA/CLAIM", claim("bob", null)), hears("DATA/CLAIM", claim("ada", null))]).toEqual([["2"], ["1", "2"]]);
    expect(hears("DATA/CLAIM", claim("eve", Infinity))).toEqual(["2"]);
    expect([free(inbox, 59_000), free(inbox, 61_000)]).toEqual([["2"], ["1", "2"]]);
  });

  it("drops what is past its deadline", () => {
    const inbox = new Inbox();
    inbox.hear("DATA/QUERY", "user", query(["1"], { deadline: 10 }), "me", "learner", 0);
    expect([ids(inbox, 9000), ids(inbox, 11_000)]).toEqual([["1"], []]);
  });
});

describe("what nobody should send", () => {
  const asked = (data: unknown): ReturnType<Inbox["questions"]> => {
    const inbox = new Inbox();
    inbox.hear("DATA/QUERY", "user", { ID: "q", DATA: data }, "me", "asker", 0);
    return inbox.questions(0);
  };

  it("asks nothing where a query is of no form, and does not fall over it", () => {
    for (const data of [null, 7, [], { items: 3 }, { items: [null, 4, "x"] }, { items: { length: 9 } }]) expect(asked(data)).toEqual([]);
  });

  it("leaves out of an item what cannot be shown", () => {
    const show = { text: 4, image: 7, audio: null, plot: "x", notes: [{ start: 0, length: 1, pitch: 60 }, { start: Infinity }, null], tempo: NaN };
    const [question] = asked({ items: [{ id: "a", show, against: 5 }], answer: { type: "choice", options: 3 } });
    expect(question?.item).toEqual({ id: "a", show: { notes: [{ start: 0, length: 1, pitch: 60 }] }, against: null });
    expect(question?.answer).toEqual({ type: "choice", options: [] });
  });

  it("bounds what one item may hold", () => {
    const [question] = asked({ items: [{ id: "a", show: { plot: Array.from({ length: 300_000 }, (_, at) => at) } }] });
    expect(question?.item.show.plot).toHaveLength(4096);
  });

  it("takes no step that is not a count, and no date that there is not", () => {
    const kpis = new Kpis();
    for (const [STEP, TIME] of [
      [Infinity, 1e300],
      [-1, -1e300],
      [NaN, Infinity],
    ]) {
      kpis.add(message(0, "a", "kpi", "LOG/KPI", "k", 1, {}, { KPI: "loss", VALUE: 1, STEP, TIME }));
    }
    expect(kpis.all()[0]?.steps).toEqual([1, 2, 3]);
    expect(asCsv(kpis.all()).split("\n")).toHaveLength(5);
  });

  it("keeps a name from becoming a formula", () => {
    const kpis = new Kpis();
    kpis.add(message(0, "a", "kpi", "LOG/KPI", "k", 1, {}, { KPI: '=cmd|"/c calc"!A1', COMPONENT: "a\rb", VALUE: 1 }));
    expect(asCsv(kpis.all())).toContain(`"'=cmd|""/c calc""!A1","a\rb",`);
  });

  it("lists ratings without what adding tenths leaves behind, and as many as fit", () => {
    const rating = (min: number, max: number, step: number) => ratings({ type: "rating", min, max, step, labels: {} });
    expect(rating(0, 0.3, 0.1)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(rating(0, 100, 1)).toBeNull();
    expect(rating(0, 5, 0)).toBeNull();
    expect(rating(5, 0, 1)).toBeNull();
  });
});
