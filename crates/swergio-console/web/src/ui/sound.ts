// Sound: plays notes, as a soft pluck, one melody at a time.

import type { Show } from "../store/inbox";

let playing: AudioContext | null = null;

export function stop(): void {
  void playing?.close();
  playing = null;
}

/** Plays the notes of an item and returns how many seconds they take. */
export function play(show: Show): number {
  stop();
  const context = new AudioContext();
  playing = context;
  const beat = 60 / (show.tempo ?? 120);
  let end = 0;
  for (const note of show.notes ?? []) {
    const from = context.currentTime + 0.05 + note.start * beat;
    const length = note.length * beat;
    const tone = context.createOscillator();
    const loudness = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = 440 * 2 ** ((note.pitch - 69) / 12);
    loudness.gain.setValueAtTime(0, from);
    loudness.gain.linearRampToValueAtTime(0.35, from + 0.012);
    loudness.gain.exponentialRampToValueAtTime(0.001, from + Math.max(length, 0.08));
    tone.connect(loudness).connect(context.destination);
    tone.start(from);
    tone.stop(from + length + 0.05);
    end = Math.max(end, (note.start + note.length) * beat);
  }
  return end;
}
