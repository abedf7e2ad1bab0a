// Passes: traced forward and back, judged, and what went wrong named in whom it went wrong.

import { describe, expect, it } from "vitest";
import { Passes } from "../src/store/passes";
import { message, play, found, seats, type Change } from "./play";

describe("a pass", () => {
  it("is traced forward and back through every component", () => {
    const passes = new Passes(seats);
    play(passes, "p", 0);
    const picture = passes.picture("p", 1e6);
    const spans = picture?.spans.map((span) => [span.component, span.way, span.start, span.end]);
    expect(spans).toEqual([
      ["network", "forward", 0, 5],
      ["trebuchet", "forward", 5, 9],
      ["trainer", "turn", 9, 10],
      ["trebuchet", "backward", 10, 14],
      ["network", "backward", 14, 20],
    ]);
    expect([picture?.verdicts, picture?.diagnosis]).toEqual([[], null]);
    expect(picture?.head).toMatchObject({ complete: true, took: 20, messages: 6 });
  });

  it("of many, none is called wrong that is not", () => {
    const passes = new Passes(seats);
    for (let at = 0; at < 300; at += 1) {
      const some = (scale: number): number => scale * (1 + ((at * 7919) % 13) / 13);
      play(passes, `p${at}`, at * 1000, {
        network: { after: some(5), norm: some(2), extra: { WEIGHTS_VERSION: at } },
        back: { after: some(4), norm: some(0.1) },
        home: { after: some(6), norm: some(0.01), extra: { WEIGHTS_VERSION: at + 1 } },
      });
      passes.settle(at * 1000);
    }
    expect(passes.list(1e9, 1000).filter((head) => head.verdicts > 0)).toEqual([]);
  });
});

const FAULT = { kind: "DATA/FAULT" };
/** What was planted, in which step, and what is to be said of whom. */
const PLANTED: [string, string, Change][] = [
  ["NaN forward", "NAN trebuchet", { trebuchet: { more: { nan: 1 } }, loss: { more: { nan: 1 } }, back: { more: { nan: 2 } }, home: { more: { nan: 2 } } }],
  ["NaN in a gradient", "NAN trebuchet", { back: { more: { nan: 2 } }, home: { more: { nan: 2 } } }],
  ["NaN from the loss", "NAN trainer", { loss: { more: { nan: 2 } }, back: { more: { nan: 2 } }, home: { more: { nan: 2 } } }],
  ["NaN to begin with", "NAN trainer", { began: { more: { nan: 1 } }, network: { more: { nan: 1 } }, trebuchet: { more: { nan: 1 } } }],
  ["infinity", "NAN network", { network: { more: { inf: 1 } }, trebuchet: { more: { nan: 1 } } }],
  ["exploded gradient", "EXPLODED trebuchet", { back: { norm: 5e4 }, home: { norm: 5e4 } }],
  ["exploded value", "EXPLODED network", { network: { norm: 1e6 }, trebuchet: { norm: 1e6 } }],
  ["gradient larger than ever", "EXPLODED trebuchet", { back: { norm: 600 }, home: { norm: 600 } }],
  ["vanished gradient", "VANISHED network", { home: { norm: 1e-9 } }],
  ["gradient smaller than ever", "VANISHED trebuchet", { back: { norm: 1e-4 }, home: { norm: 1e-4 } }],
  ["gradient of nothing", "VANISHED trebuchet", { back: { norm: 0 }, home: { norm: 0 } }],
  ["slow stage", "SLOW network", { network: { after: 90 } }],
  ["slow gradient", "SLOW trebuchet", { back: { after: 90 } }],
  ["long queue", "QUEUED network", { network: { after: 90, extra: { QUEUE_TIME: 0.084, COMPUTE_TIME: 0.005 } } }],
  ["dropped gradient at the end", "DROPPED network", { home: null }],
  ["dropped gradient in the middle", "DROPPED trebuchet", { back: null, home: null }],
  ["dropped forward", "DROPPED trebuchet", { trebuchet: null, loss: null, back: null, home: null }],
  ["gradient that was never begun", "DROPPED trainer", { loss: null, back: null, home: null }],
  ["gradient of the wrong shape", "SHAPE trebuchet", { back: { more: { shape: [3] } } }],
  ["value of the wrong shape", "SHAPE network", { network: { more: { shape: [2, 7] } }, back: { more: { shape: [2, 7] } } }],
  ["own failure", "FAULT trebuchet", { trebuchet: { ...FAULT, extra: { COMPONENT: "trebuchet", CODE: "FAILED", MESSAGE: "out of memory" } }, loss: null, back: null, home: null }],
  [
    "what another refuses",
    "FAULT network",
    {
      network: { more: { nan: 1 }, extra: { ID: "x" } },
      trebuchet: { ...FAULT, extra: { COMPONENT: "trebuchet", CODE: "PORT_NAN", MESSAGE: "NaN in angle", REF: "x" } },
      loss: null,
      back: null,
      home: null,
    },
  ],
];

describe("what went wrong is named in whom it went wrong", () => {
  it.each(PLANTED)("%s: %s", (_, expected, change) => {
    const { verdicts, sentence } = found(change);
    expect(verdicts).toContain(expected);
    expect(sentence).toContain(expected.split(" ")[1]);
  });

  it("an audit has the last word, also when it comes late", () => {
    const passes = new Passes(seats);
    play(passes, "p", 0);
    passes.settle(1e4);
    const found = { ROOT_ID: "p", COMPONENT: "trebuchet", CODE: "SIGN", MESSAGE: "the sign is wrong." };
    passes.add(message(2e4, "auditor", "_logging", "LOG/AUDIT", "a", 1, {}, found));
    const { diagnosis } = passes.picture("p", 2e4) ?? {};
    expect(diagnosis).toMatchObject({ component: "trebuchet", code: "SIGN" });
    expect(diagnosis?.sentence).toBe("The gradient points the wrong way at trebuchet: an audit says SIGN: the sign is wrong.");
  });

  it("also where nothing is usual yet", () => {
    for (const [change, expected] of [
      [{ back: { more: { nan: 2 } } }, "NAN trebuchet"],
      [{ home: null }, "DROPPED network"],
      [{ home: { norm: 1e-9 } }, "VANISHED network"],
      [{ back: { norm: 1e5 } }, "EXPLODED trebuchet"],
      [{ network: { after: 300 } }, "SLOW network"],
    ] as [Change, string][]) {
      expect(found(change, 0).verdicts).toContain(expected);
    }
  });

  it("old weights are named by their versions, and weights that do not change any more", () => {
    const passes = new Passes(seats);
    const versions = (forward: number, backward: number): Change => ({
      network: { extra: { WEIGHTS_VERSION: forward } },
      home: { extra: { WEIGHTS_VERSION: backward } },
    });
    for (let at = 0; at < 10; at += 1) play(passes, `p${at}`, at * 100, versions(at, at + 1));
    play(passes, "old", 2000, versions(4, 5));
    play(passes, "new", 3000, versions(12, 13));
    for (let at = 0; at < 40; at += 1) play(passes, `same${at}`, 4000 + at * 100, versions(13, 13));
    const said = (id: string): string[] => passes.picture(id, 1e6)?.verdicts.map((one) => `${one.code} ${one.component}`) ?? [];
    expect(said("old")).toContain("STALE network");
    expect([said("p9"), said("new"), said("same20")]).toEqual([[], [], []]);
    expect(said("same39")).toContain("STALE network");
  });

  it("a gradient that points the wrong way stands out beside other passes", () => {
    const passes = new Passes(seats);
    // The network gives y = 3 x₁ and x₂ + x₁ x₂ / 5; its gradient is flipped in one pass.
    const go = (root: string, time: number, seed: number, sign: number): void => {
      const [a, b] = [Math.sin(seed * 1.7) + 0.2, Math.cos(seed * 2.3)];
      const [c, d] = [Math.sin(seed), 1 + Math.cos(seed * 0.7)];
      play(passes, root, time, {
        began: { extra: { DATA: [[a, b]] } },
        network: { extra: { DATA: [[3 * a, b + (a * b) / 5]] } },
        back: { extra: { DATA: [[c, d]] } },
        home: { extra: { DATA: [[sign * (3 * c + (b * d) / 5), sign * (1 + a / 5) * d]] } },
      });
      passes.settle(time + 500);
    };
    for (let at = 0; at < 30; at += 1) go(`p${at}`, at * 1000, at, 1);
    go("flipped", 40_000, 40, -1);
    const said = (id: string): string[] => passes.picture(id, 41_000)?.verdicts.map((one) => `${one.code} ${one.component}`) ?? [];
    expect(said("flipped")).toEqual(["SIGN network"]);
    expect(passes.list(41_000).filter((head) => head.verdicts > 0)).toHaveLength(1);
  });

  it("nothing is called dropped while it may still come, or where not all was shown", () => {
    expect(found({ back: null, home: null }, 20, 2e6 + 100).verdicts).toEqual([]);
    const passes = new Passes(seats);
    play(passes, "p", 0, { home: null });
    passes.gap(20);
    expect(passes.picture("p", 1e6)?.verdicts).toEqual([]);
  });
});

describe("many passes", () => {
  it("are forgotten but for those in which something was wrong, and some of the others", () => {
    const passes = new Passes(seats);
    for (let at = 0; at < 5000; at += 1) {
      play(passes, `p${at}`, at * 10, at === 300 ? { back: { more: { nan: 1 } } } : {});
      passes.settle(at * 10);
    }
    const heads = passes.list(1e6, 1e4);
    expect(heads.length).toBeGreaterThan(500);
    expect(heads.length).toBeLessThan(1100);
    expect(heads[0]?.id).toBe("p4999");
  });

  it("of one that begins again and again, so many messages are kept", () => {
    const passes = new Passes(seats);
    for (let at = 0; at < 3000; at += 1) passes.add(message(at, "a", "r", "DATA/FORWARD", String(at)));
    expect(passes.picture("p", 0)?.head.messages).toBe(500);
  });
});
