// Traffic: the messages as they come, filtered, one of them opened.

import { useEffect, useState } from "preact/hooks";
import { lookAt, openPass, useTold } from "../desk";
import { type Filter, EVERYTHING, asCommand } from "../store/tail";
import { Copy } from "../ui/copy";
import { bytes, clock, figure } from "../ui/figures";
import { Icon } from "../ui/icon";
import { Json } from "../ui/json";
import { TensorLines } from "../ui/tensor";
import type { Sample, Way } from "../wire";

const WAYS: Way[] = ["forward", "backward", "control"];

export function TrafficView() {
  const told = useTold("tail");
  const [filter, setFilter] = useState<Filter>(EVERYTHING);
  const [paused, setPaused] = useState(false);
  const [opened, setOpened] = useState<Sample | null>(null);
  useEffect(() => lookAt({ filter, paused }), [filter, paused]);
  useEffect(() => () => lookAt({ paused: false, filter: EVERYTHING }), []);
  const samples = told?.samples ?? [];
  return (
    <section class="traffic">
      <div class="tools">
        <input
          type="search"
          placeholder="Filter: words of sender, room, kind, ID; -word leaves out"
          aria-label="filter"
          value={filter.words}
          onInput={(event) => setFilter({ ...filter, words: event.currentTarget.value })}
        />
        {WAYS.map((way) => (
          <label key={way} class={`chip ${way}`}>
            <input
              type="checkbox"
              checked={filter.ways[way]}
              onChange={(event) => setFilter({ ...filter, ways: { ...filter.ways, [way]: event.currentTarget.checked } })}
            />
            {way}
          </label>
        ))}
        <button class="small" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          <Icon name={paused ? "play" : "pause"} />
          {paused ? "Go on" : "Pause"}
        </button>
      </div>
      <div class={`split${opened ? " open" : ""}`}>
        <ol class="tail">
          {samples.map((sample) => (
            <li key={sample.seq} class={`${sample.way}${opened?.seq === sample.seq ? " chosen" : ""}`}>
              <button class="row" onClick={() => setOpened(opened?.seq === sample.seq ? null : sample)}>
                <i class={`way ${sample.way}`} />
                <time>{clock(sample.time)}</time>
                <span class="from">{sample.from}</span>
                <span class="to">{sample.room ?? `@${sample.to ?? ""}`}</span>
                <span class="kind">{sample.kind}</span>
                <span class="data">
                  {Object.keys(sample.summary).length > 0 ? <TensorLines summary={sample.summary} /> : <Brief sample={sample} />}
                </span>
                <span class="size">{bytes(sample.size)}</span>
              </button>
            </li>
          ))}
          {samples.length === 0 && <li class="none">No message that matches has come yet.</li>}
        </ol>
        {opened && <Opened sample={opened} />}
      </div>
    </section>
  );
}

function Brief({ sample }: { sample: Sample }) {
  const data = sample.message.DATA ?? sample.message.VALUE;
  if (data === undefined) return <i>{sample.omitted.join(", ")}</i>;
  const text = typeof data === "string" ? data : typeof data === "number" ? figure(data) : JSON.stringify(data);
  const name = typeof sample.message.KPI === "string" ? `${sample.message.KPI} ` : "";
  return <span class="brief">{(name + text).slice(0, 160)}</span>;
}

function Opened({ sample }: { sample: Sample }) {
  return (
    <aside class="details">
      <h3>
        <i class={`way ${sample.way}`} /> {sample.kind}
      </h3>
      <div class="actions">
        <button class="small" onClick={() => openPass(sample.pass)}>
          <Icon name="passes" /> Open its pass
        </button>
        <Copy text={() => asCommand(sample)}>Copy as swergio say</Copy>
        <Copy text={() => JSON.stringify(sample.message, null, 2)}>Copy JSON</Copy>
      </div>
      <TensorLines summary={sample.summary} />
      <Json value={sample.message} open />
      {sample.omitted.length > 0 && <p class="note">Too long to be shown: {sample.omitted.join(", ")}.</p>}
    </aside>
  );
}
