// Tensorboard: the bytes that TensorBoard's own reader takes.

import { describe, expect, it } from "vitest";
import { eventFile, eventName, masked } from "../src/store/tensorboard";

const series = { kpi: "loss", component: "trainer", run: "first", times: [1.7e12, 1.7e12 + 500], values: [2, 0.5], steps: [1, 300] };

describe("an event file", () => {
  it("has the checksums of the format", () => {
    // CRC-32C of "123456789" is e3069283; masked as TFRecord masks it.
    const crc = 0xe3069283;
    const expected = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    expect(masked(new TextEncoder().encode("123456789"))).toBe(expected);
  });

  it("is records of a version, and of one figure each", () => {
    const bytes = eventFile([series]);
    const view = new DataView(bytes.buffer);
    const events: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = Number(view.getBigUint64(at, true));
      expect(view.getUint32(at + 8, true)).toBe(masked(bytes.subarray(at, at + 8)));
      const data = bytes.subarray(at + 12, at + 12 + length);
      expect(view.getUint32(at + 12 + length, true)).toBe(masked(data));
      events.push(data);
      at += 16 + length;
    }
    expect(events).toHaveLength(3);
    expect(new TextDecoder().decode(events[0])).toContain("brain.Event:2");
    expect([...(events[2] as Uint8Array)].slice(9, 12)).toEqual([0x10, 0xac, 0x02]);
    expect(new TextDecoder().decode(events[2])).toContain("loss");
  });

  it("has a name that TensorBoard looks for", () => {
    expect(eventName("a run/1", 1.7e12)).toBe("events.out.tfevents.1700000000.a-run-1");
  });
});
