// Passes: one sample's way forward and back as a waterfall, and what went wrong on it.

import { useState } from "preact/hooks";
import { openPass, useTold } from "../desk";
import type { PassHead, PassPicture } from "../store/passes";
import type { Span } from "../store/trace";
import { type Diagnosis, TIMING, type Verdict } from "../store/verdict";
import { clock, figure, millis } from "../ui/figures";
import { TensorLines } from "../ui/tensor";

const STATUS: Record<number, string> = { 1: "train", 2: "validate", 3: "probe" };

export function PassesView({ id }: { id: string | null }) {
  const told = useTold("passes");
  const [words, setWords] = useState("");
  const [wrong, setWrong] = useState(false);
  const find = (event: Event): void => {
    event.preventDefault();
    if (words.trim() !== "") openPass(words.trim());
  };
  return (
    <section class="passes">
      <aside class="list">
        <form onSubmit={find}>
          <input type="search" placeholder="ROOT_ID" aria-label="ROOT_ID" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
          <label class="chip" title="only passes in which something broke">
            <input type="checkbox" checked={wrong} onChange={(event) => setWrong(event.currentTarget.checked)} /> broken
          </label>
        </form>
        <ol>
          {(told?.list ?? []).filter((head) => !wrong || (head.code !== null && !TIMING.has(head.code))).map((head) => (
            <li key={head.id}>
              <Row head={head} chosen={head.id === id} />
            </li>
          ))}
        </ol>
      </aside>
      {id === null ? (
        <div class="empty">
          <h2>Choose a pass</h2>
          <p>A pass is the way of one sample: forward through the components, and back as a gradient.</p>
        </div>
      ) : (
        <Picture picture={told?.picture ?? null} id={id} />
      )}
    </section>
  );
}

function Row({ head, chosen }: { head: PassHead; chosen: boolean }) {
  return (
    <a class={chosen ? "chosen" : ""} href={`#passes/${encodeURIComponent(head.id)}`}>
      <time>{clock(head.time)}</time>
      <span>{head.status === null ? "" : (STATUS[head.status] ?? String(head.status))}</span>
      <span class="took">{millis(head.took)}</span>
      {head.code !== null ? <em class={TIMING.has(head.code) ? "late" : "bad"}>{head.code}</em> : <i class={head.complete ? "whole" : "part"} title={head.complete ? "forward and back" : "no gradient came back yet"} />}
    </a>
  );
}

function Picture({ picture, id }: { picture: PassPicture | null; id: string }) {
  if (!picture) {
    return (
      <div class="empty">
        <h2>This pass was not shown</h2>
        <p>
          No message of <code>{id}</code> is among those that the broker showed. When much is sent, a share of the passes is.
        </p>
      </div>
    );
  }
  const { head, first, spans, verdicts, diagnosis } = picture;
  const total = Math.max(head.took, 0.001);
  return (
    <div class="picture">
      <header>
        <h2>
          {first.from} <span class="into">into {first.room ?? first.to}</span>
        </h2>
        <dl>
          <dt>began</dt>
          <dd>{clock(head.time)}</dd>
          <dt>took</dt>
          <dd>{millis(head.took)}</dd>
          <dt>messages</dt>
          <dd>{head.messages}</dd>
          <dt>status</dt>
          <dd>{head.status === null ? "–" : (STATUS[head.status] ?? head.status)}</dd>
          <dt>ROOT_ID</dt>
          <dd>
            <code>{id}</code>
          </dd>
        </dl>
        <TensorLines summary={first.summary} />
      </header>
      <Diagnosed diagnosis={diagnosis} verdicts={verdicts} complete={head.complete} />
      <div class="waterfall" role="table" aria-label="what each component did, in time">
        <div class="span head" role="row">
          <span role="columnheader">component</span>
          <Scale total={total} />
          <span role="columnheader">time</span>
          <span role="columnheader">what it passed on</span>
        </div>
        {spans.map((span, at) => (
          <Bar key={at} span={span} total={total} />
        ))}
      </div>
      {spans.length === 0 && <p class="note">Nobody has made anything of it yet.</p>}
      <p class="key">
        <i class="forward" /> forward <i class="backward" /> gradient <i class="faint" /> in the queue and under way; computing is solid
      </p>
    </div>
  );
}

/** The sentence above the picture, and what else was found. */
function Diagnosed({ diagnosis, verdicts, complete }: { diagnosis: Diagnosis | null; verdicts: Verdict[]; complete: boolean }) {
  if (!diagnosis) {
    return (
      <p class="diagnosis good" role="status">
        {complete ? "Nothing is wrong with this pass." : "Nothing is wrong so far; no gradient has come back to where it began."}
      </p>
    );
  }
  const others = verdicts.filter((one) => one.component !== diagnosis.component || one.code !== diagnosis.code);
  return (
    <div class={`diagnosis ${TIMING.has(diagnosis.code) ? "timing" : "wrong"}`} role="status" data-component={diagnosis.component} data-code={diagnosis.code}>
      <p>
        <em class={TIMING.has(diagnosis.code) ? "late" : "bad"}>{diagnosis.code}</em> <b>{diagnosis.sentence}</b>
      </p>
      {others.length > 0 && (
        <ul>
          {others.map((verdict) => (
            <li key={verdict.component + verdict.code + verdict.text}>
              <em>{verdict.code}</em> {verdict.component}: {verdict.text}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const WAYS: Record<Span["way"], string> = { forward: "forward", turn: "loss", backward: "gradient" };

/** One component's work: the light part it waited for or was under way, the dark part it computed. */
function Bar({ span, total }: { span: Span; total: number }) {
  const whole = Math.max(span.end - span.start, 1e-6);
  const part = (value: number): number => Math.min(100, (100 * value) / whole);
  const left = Math.min((100 * span.start) / total, 99.4);
  const width = Math.min(Math.max((100 * whole) / total, 0.6), 100 - left);
  const { queue, compute } = span;
  const transit = compute === null ? null : Math.max(0, whole - compute - (queue ?? 0));
  // What is left is the way there and back: as much before as behind.
  const begins = compute === null ? part(queue ?? 0) : part((queue ?? 0) + (transit ?? 0) / 2);
  const work = compute === null ? 100 - begins : part(compute);
  const turned = span.way === "forward" ? "forward" : "backward";
  return (
    <div class={`span ${turned}${span.verdicts.some((one) => !TIMING.has(one.code)) ? " wrong" : ""}`} role="row">
      <div class="who" role="rowheader">
        <b>{span.component}</b>
        <span>{WAYS[span.way]}</span>
        {span.verdicts.map((verdict) => (
          <em key={verdict.code + verdict.text} class={TIMING.has(verdict.code) ? "late" : "bad"} title={verdict.text}>
            {verdict.code}
          </em>
        ))}
      </div>
      <div class="track" role="cell">
        <i style={{ left: `${left}%`, width: `${width}%` }} class={span.output ? "" : "lost"}>
          {span.output && <b style={{ left: `${begins}%`, width: `${work}%` }} />}
        </i>
      </div>
      <div class="times" role="cell">
        <span title="from hearing to answering, as the broker saw it">{span.output ? millis(whole) : "–"}</span>
        {compute !== null && (
          <small>
            {brisk(compute)} compute · {brisk(queue)} queue · {brisk(transit)} transit
          </small>
        )}
        {compute === null && span.guessed && (queue ?? 0) > 0.05 && <small title="worked out from when it answered others">≈ {millis(queue)} queue</small>}
      </div>
      <div class="carried" role="cell">
        {span.output ? <TensorLines summary={span.output.summary} short /> : <em class="bad">nothing was passed on</em>}
        <Change span={span} />
      </div>
    </div>
  );
}

/** Milliseconds without their unit, which stands above. */
function brisk(value: number | null): string {
  return value === null ? "–" : value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
}

/** How much longer or shorter the gradient is behind a component than before it. */
function Change({ span }: { span: Span }) {
  const norm = (summary: Record<string, { norm: number }>): number => Math.hypot(...Object.values(summary).map((one) => one.norm));
  if (span.way !== "backward" || !span.output) return null;
  const [before, after] = [norm(span.input.summary), norm(span.output.summary)];
  if (before === 0 || after === 0) return null;
  return (
    <small class="change" title="norm of the gradient that it passes on, by that of the one that it was told">
      ×{figure(after / before)}
    </small>
  );
}

function Scale({ total }: { total: number }) {
  return (
    <div class="scale" aria-hidden="true">
      {[0, 0.5, 1].map((part) => (
        <span key={part} style={{ left: `${part * 100}%` }}>
          {millis(part * total)}
        </span>
      ))}
    </div>
  );
}
