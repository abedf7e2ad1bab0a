// Tail: the last messages that were shown, and which of them one wants to see.

import type { Sample, Way } from "../wire";

/** Messages that are kept. */
export const KEPT = 2000;

export interface Filter {
  words: string;
  ways: Record<Way, boolean>;
}

export const EVERYTHING: Filter = { words: "", ways: { forward: true, backward: true, control: true } };

/** Tells whether a message is wanted: every word must occur in its sender, destination, kind, ID or pass. */
export function wanted(sample: Sample, filter: Filter): boolean {
  if (!filter.ways[sample.way]) return false;
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const hay = [sample.from, sample.room, sample.to, sample.kind, sample.id, sample.pass].join("\n").toLowerCase();
  return words.every((word) => (word.startsWith("-") ? !hay.includes(word.slice(1)) : hay.includes(word)));
}

export class Tail {
  private samples: Sample[] = [];

  add(sample: Sample): void {
    this.samples.push(sample);
    // In one go now and then, instead of shifting two thousand places for each message.
    if (this.samples.length > 2 * KEPT) this.samples = this.samples.slice(-KEPT);
  }

  /** Returns the newest that are wanted, the newest first. */
  newest(filter: Filter, most: number): Sample[] {
    const found: Sample[] = [];
    const oldest = Math.max(0, this.samples.length - KEPT);
    for (let at = this.samples.length - 1; at >= oldest && found.length < most; at -= 1) {
      const sample = this.samples[at];
      if (sample && wanted(sample, filter)) found.push(sample);
    }
    return found;
  }
}

/** Quotes a text for a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Fields that the command says in another way, or that the broker and the sender's library fill in. */
const KNOWN = new Set(["ID", "TYPE", "TO_ROOM", "TO", "SENT_BY", "ROOT_ID", "DATA", "MODEL_STATUS"]);

/** Writes the command that sends the same message again. */
export function asCommand(sample: Sample): string {
  const parts = ["swergio", "say"];
  if (sample.room !== null) parts.push(quoted(sample.room));
  else if (sample.to !== null) parts.push("--to", quoted(sample.to));
  const data = sample.message.DATA;
  if (data !== undefined) parts.push(quoted(JSON.stringify(data)));
  parts.push("--kind", quoted(sample.kind));
  if (sample.status !== null) parts.push("--field", quoted(`MODEL_STATUS=${sample.status}`));
  for (const [key, value] of Object.entries(sample.message)) {
    if (!KNOWN.has(key)) parts.push("--field", quoted(`${key}=${JSON.stringify(value)}`));
  }
  if (sample.pass !== "" && sample.pass !== sample.id) parts.push("--root-id", quoted(sample.pass));
  return parts.join(" ");
}
