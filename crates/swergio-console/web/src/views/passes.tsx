// Passes: one sample's way forward and back as a waterfall, and what went wrong on it.

import { useState } from "preact/hooks";
import { openPass, useTold } from "../desk";
import type { PassHead, PassPicture, Span, Verdict } from "../store/passes";
import { clock, figure, millis } from "../ui/figures";
import { TensorLines } from "../ui/tensor";

const STATUS: Record<number, string> = { 1: "train", 2: "validate", 3: "probe" };

export function PassesView({ id }: { id: string | null }) {
  const told = useTold("passes");
  const [words, setWords] = useState("");
  const find = (event: Event): void => {
    event.preventDefault();
    if (words.trim() !== "") openPass(words.trim());
  };
  return (
    <section class="passes">
      <aside class="list">
        <form onSubmit={find}>
          <input type="search" placeholder="ROOT_ID" aria-label="ROOT_ID" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </form>
        <ol>
          {(told?.list ?? []).map((head) => (
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
      {head.verdicts > 0 ? <em class="bad">{head.verdicts}</em> : <i class={head.complete ? "whole" : "part"} title={head.complete ? "forward and back" : "no gradient came back yet"} />}
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
  const { head, first, spans, verdicts } = picture;
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
      {verdicts.length > 0 && <Verdicts verdicts={verdicts} />}
      <div class="waterfall" role="table" aria-label="what each component did, in time">
        {spans.map((span, at) => (
          <Bar key={at} span={span} total={total} />
        ))}
      </div>
      {spans.length === 0 && <p class="note">Nobody has made anything of it yet.</p>}
      <Scale total={total} />
    </div>
  );
}

function Verdicts({ verdicts }: { verdicts: Verdict[] }) {
  return (
    <ul class="verdicts">
      {verdicts.map((verdict) => (
        <li key={verdict.component + verdict.code + verdict.text}>
          <em class="bad">{verdict.code}</em> <b>{verdict.component}</b> {verdict.text}
        </li>
      ))}
    </ul>
  );
}

/** One component's work: the light part it waited for or was under way, the dark part it computed. */
function Bar({ span, total }: { span: Span; total: number }) {
  const left = (100 * span.start) / total;
  const width = Math.max((100 * (span.end - span.start)) / total, 0.4);
  const computed = span.compute === null ? null : Math.min(100, (100 * span.compute) / Math.max(span.end - span.start, 1e-6));
  const queued = span.queue === null ? 0 : Math.min(100, (100 * span.queue) / Math.max(span.end - span.start, 1e-6));
  const transit = span.compute === null ? null : Math.max(0, span.end - span.start - span.compute - (span.queue ?? 0));
  return (
    <div class={`span ${span.way}${span.verdicts.length > 0 ? " wrong" : ""}`} role="row">
      <div class="who" role="rowheader">
        <b>{span.component}</b>
        <span>{span.way === "forward" ? "forward" : "gradient"}</span>
        {span.verdicts.map((verdict) => (
          <em key={verdict.code + verdict.text} class="bad" title={verdict.text}>
            {verdict.code}
          </em>
        ))}
      </div>
      <div class="track" role="cell">
        <i style={{ left: `${Math.min(left, 99.6)}%`, width: `${width}%` }} class={span.output ? "" : "lost"}>
          {computed !== null && <b style={{ left: `${Math.max(0, 100 - computed - (100 - computed - queued) / 2)}%`, width: `${computed}%` }} />}
        </i>
      </div>
      <div class="times" role="cell">
        <span title="from hearing to answering, as the broker saw it">{millis(span.end - span.start)}</span>
        {span.compute !== null && (
          <small>
            {millis(span.compute)} compute, {millis(span.queue)} queue, {millis(transit)} transit
          </small>
        )}
      </div>
      <div class="carried" role="cell">
        {span.output ? <TensorLines summary={span.output.summary} /> : <em class="bad">nothing was passed on</em>}
        <Change span={span} />
      </div>
    </div>
  );
}

/** How much longer or shorter the gradient is behind a component than before it. */
function Change({ span }: { span: Span }) {
  const norm = (summary: Record<string, { norm: number }>): number => Math.hypot(...Object.values(summary).map((one) => one.norm));
  if (span.way === "forward" || !span.output) return null;
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
    <div class="scale">
      {[0, 0.25, 0.5, 0.75, 1].map((part) => (
        <span key={part} style={{ left: `${part * 100}%` }}>
          {millis(part * total)}
        </span>
      ))}
    </div>
  );
}
