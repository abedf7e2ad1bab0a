// Show: an item that a person is asked about, as text, image, sound or line.

import type { Show as Shown } from "../store/inbox";
import { Icon } from "./icon";
import { play } from "./sound";
import { Spark } from "./tensor";

/** Only pictures and sounds that are part of the message are shown: nothing is fetched from elsewhere. */
function own(url: string | undefined, type: string): string | null {
  return url !== undefined && url.startsWith(`data:${type}/`) ? url : null;
}

export function Show({ show }: { show: Shown }) {
  const [image, audio] = [own(show.image, "image"), own(show.audio, "audio")];
  return (
    <div class="show">
      {show.text !== undefined && <p class="words">{show.text}</p>}
      {image !== null && <img src={image} alt="" />}
      {audio !== null && <audio src={audio} controls />}
      {show.plot && <Spark points={show.plot} />}
      {show.notes && <Notes show={show} />}
    </div>
  );
}

function Notes({ show }: { show: Shown }) {
  const notes = show.notes ?? [];
  const end = Math.max(1, ...notes.map((note) => note.start + note.length));
  const [low, high] = [Math.min(...notes.map((note) => note.pitch)), Math.max(...notes.map((note) => note.pitch))];
  const height = (pitch: number): number => 76 - ((pitch - low) / Math.max(high - low, 1)) * 66;
  return (
    <div class="notes">
      <svg viewBox={`0 0 ${end * 10} 90`} preserveAspectRatio="none" role="img" aria-label={`${notes.length} notes`}>
        {notes.map((note, at) => (
          <rect key={at} x={note.start * 10 + 0.4} y={height(note.pitch)} width={Math.max(note.length * 10 - 0.8, 1)} height="7" rx="2" />
        ))}
      </svg>
      <button class="small" onClick={() => void play(show)}>
        <Icon name="play" /> Play <kbd>space</kbd>
      </button>
    </div>
  );
}
