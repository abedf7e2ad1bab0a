// Tensorboard: a run's figures as the event file that TensorBoard reads: records with checksums, each a little protobuf.

import type { Series } from "./kpis";

const CRC = crcTable();

function crcTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[byte] = crc >>> 0;
  }
  return table;
}

/** Computes CRC-32C (Castagnoli), masked as records have it. */
export function masked(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = ((CRC[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)) >>> 0;
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = Math.max(0, Math.floor(value));
  while (left >= 128) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return [...bytes, left];
}

function fixed(size: number, write: (view: DataView) => void): number[] {
  const buffer = new ArrayBuffer(size);
  write(new DataView(buffer));
  return [...new Uint8Array(buffer)];
}

const within = (tag: number, bytes: number[]): number[] => [tag, ...varint(bytes.length), ...bytes];
const words = (tag: number, text: string): number[] => within(tag, [...new TextEncoder().encode(text)]);
const double = (tag: number, value: number): number[] => [tag, ...fixed(8, (view) => view.setFloat64(0, value, true))];

/** Frames one event: its length, the length's checksum, the event, its checksum. */
function record(event: number[]): number[] {
  const data = Uint8Array.from(event);
  const length = Uint8Array.from(fixed(8, (view) => view.setBigUint64(0, BigInt(data.length), true)));
  const sum = (bytes: Uint8Array): number[] => fixed(4, (view) => view.setUint32(0, masked(bytes), true));
  return [...length, ...sum(length), ...data, ...sum(data)];
}

/** Writes series of one run. A figure that several components tell has each one's name before its own. */
export function eventFile(series: Series[]): Uint8Array<ArrayBuffer> {
  const points = series.flatMap((one) => {
    const shared = series.some((other) => other.kpi === one.kpi && other.component !== one.component);
    const tag = shared ? `${one.component}/${one.kpi}` : one.kpi;
    return one.times.map((time, at) => ({ tag, time, step: one.steps[at] ?? at, value: one.values[at] ?? NaN }));
  });
  points.sort((a, b) => a.time - b.time);
  const begun = (points[0]?.time ?? 0) / 1000;
  const bytes = record([...double(0x09, begun), ...words(0x1a, "brain.Event:2")]);
  for (const { tag, time, step, value } of points) {
    const figure = [...words(0x0a, tag), 0x15, ...fixed(4, (view) => view.setFloat32(0, value, true))];
    const event = [...double(0x09, time / 1000), 0x10, ...varint(step), ...within(0x2a, within(0x0a, figure))];
    for (const byte of record(event)) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** Names the file as TensorBoard looks for it. */
export function eventName(run: string, time: number): string {
  const safe = run.replace(/[^\w.-]+/g, "-") || "run";
  return `events.out.tfevents.${Math.floor(time / 1000)}.${safe}`;
}
