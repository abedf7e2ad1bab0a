// Inbox: one question at a time, answered with the keyboard.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { tell, useTold } from "../desk";
import { type Answer, CLAIM, type Question, ratings } from "../store/inbox";
import { Show } from "../ui/show";
import { play, stop } from "../ui/sound";

export function InboxView() {
  const told = useTold("inbox");
  const [person, setPerson] = useState(localStorage.getItem("swergio.person") ?? "");
  const [given, setGiven] = useState(0);
  const [gone, setGone] = useState<Set<string>>(new Set());
  useEffect(() => {
    localStorage.setItem("swergio.person", person);
    tell({ say: "me", person });
  }, [person]);
  const questions = (told?.questions ?? []).filter((one) => !gone.has(keyOf(one)));
  const mine = questions.filter((one) => one.claimed === null);
  const current = mine[0] ?? null;
  const answered = (question: Question): void => {
    setGiven(given + 1);
    setGone(new Set(gone).add(keyOf(question)));
  };
  return (
    <section class="inbox">
      <div class="tools">
        <label>
          You are{" "}
          <input value={person} placeholder="your name" aria-label="your name" onInput={(event) => setPerson(event.currentTarget.value)} />
        </label>
        <span class="hint">
          {questions.length} open{questions.length > mine.length ? `, ${questions.length - mine.length} with others` : ""}, {given} answered here
        </span>
      </div>
      {current ? (
        <Asked key={keyOf(current)} question={current} answered={answered} />
      ) : (
        <div class="empty">
          <h2>Nothing to answer</h2>
          {questions.length > 0 ? (
            <p>
              {[...new Set(questions.map((one) => one.claimed?.by ?? ""))].join(", ")} {questions.length > 1 ? "are at the open ones" : "is at the open one"}; what
              nobody answers comes back.
            </p>
          ) : (
            <p>Questions appear here as soon as a component asks one.</p>
          )}
        </div>
      )}
    </section>
  );
}

function keyOf(question: Question): string {
  return `${question.query}\n${question.item.id}`;
}

function Asked({ question, answered }: { question: Question; answered: (question: Question) => void }) {
  const began = useRef(Date.now());
  const done = useRef(false);
  const { room, query, pass, item } = question;
  useEffect(() => {
    const claim = (until: number | null): void => tell({ say: "claim", room, query, item: item.id, until });
    claim(Date.now() + CLAIM);
    // It stays with whoever looks at it, and goes back to the others when the page looks elsewhere.
    const again = setInterval(() => claim(Date.now() + CLAIM), CLAIM / 2);
    return () => {
      stop();
      clearInterval(again);
      if (!done.current) claim(null);
    };
  }, []);
  const give = (value: unknown): void => {
    const seconds = (Date.now() - began.current) / 1000;
    done.current = true;
    tell({ say: "answer", room, query, pass, item: item.id, value, seconds });
    answered(question);
  };
  // The space bar plays what sounds; of two, one after the other.
  const turn = useRef(0);
  const shown = useRef<HTMLDivElement>(null);
  // Before the question is seen: who is quick may answer at once.
  useLayoutEffect(() => {
    const sounds = [item.show, ...(item.against ? [item.against] : [])].flatMap((show, at) => {
      if (show.notes) return [() => void play(show)];
      const audio = shown.current?.children[at]?.querySelector("audio");
      return audio ? [() => void (audio.paused ? audio.play() : audio.pause())] : [];
    });
    const listener = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (typing && event.key === "Escape") (event.target as HTMLElement).blur();
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const value = byKey(event.key, question.answer);
      if (value !== undefined) give(value);
      else if (event.key === "s" && question.skip) give(null);
      else if (event.key === " " && sounds.length > 0) {
        event.preventDefault();
        sounds[turn.current % sounds.length]?.();
        turn.current += 1;
      }
    };
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
  return (
    <article class="asked" data-item={item.id}>
      <header>
        <span class="from">{question.from} asks</span>
        <h2>{question.question}</h2>
        <Deadline at={question.deadline} />
      </header>
      <div class={item.against ? "pair" : "item"} ref={shown}>
        <Show show={item.show} />
        {item.against && <Show show={item.against} />}
      </div>
      <Answers answer={question.answer} give={give} />
      {question.skip && (
        <button class="small skip" onClick={() => give(null)}>
          Skip <kbd>S</kbd>
        </button>
      )}
    </article>
  );
}

/** Numbers choose: 1 the first option, 0 to 9 a rating; the arrows choose of a pair. */
function byKey(key: string, answer: Answer): unknown {
  const digit = /^\d$/.test(key) ? Number(key) : null;
  if (answer.type === "choice" && digit !== null) return answer.options[digit - 1];
  if (answer.type === "rating" && digit !== null && ratings(answer)?.includes(digit)) return digit;
  if (answer.type === "pair") {
    if (key === "ArrowLeft" || key === "1") return "first";
    if (key === "ArrowRight" || key === "2") return "second";
    if (key === "ArrowDown" || key === "0") return "equal";
  }
  return undefined;
}

function Answers({ answer, give }: { answer: Answer; give: (value: unknown) => void }) {
  switch (answer.type) {
    case "choice":
      return <Buttons options={answer.options.map((option, at) => [option, at < 9 ? String(at + 1) : "", option])} give={give} />;
    case "rating": {
      const values = ratings(answer);
      // More than fit beside one another are written.
      if (values === null) return <Written answer={{ type: "number", min: answer.min, max: answer.max, unit: "" }} give={give} />;
      const key = (value: number): string => (Number.isInteger(value) && value >= 0 && value < 10 ? String(value) : "");
      return <Buttons options={values.map((value) => [value, key(value), answer.labels[String(value)] ?? String(value)])} give={give} />;
    }
    case "pair":
      return (
        <Buttons
          options={[
            ["first", "←", "The left"],
            ["equal", "↓", "Equal"],
            ["second", "→", "The right"],
          ]}
          give={give}
        />
      );
    default:
      return <Written answer={answer} give={give} />;
  }
}

function Buttons({ options, give }: { options: [unknown, string, string][]; give: (value: unknown) => void }) {
  return (
    <div class="answers">
      {options.map(([value, key, label]) => (
        <button key={label} onClick={() => give(value)}>
          <span>{label}</span>
          {key !== "" && <kbd>{key}</kbd>}
        </button>
      ))}
    </div>
  );
}

type Typed = Extract<Answer, { type: "number" | "text" }>;

function Written({ answer, give }: { answer: Typed; give: (value: unknown) => void }) {
  const [text, setText] = useState("");
  // `autofocus` would work once: of the next question the first letters would be taken for keys.
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const number = answer.type === "number";
  const value = number ? Number(text) : text;
  const within =
    text.trim() !== "" &&
    (!number || (Number.isFinite(Number(text)) && Number(text) >= (answer.min ?? -Infinity) && Number(text) <= (answer.max ?? Infinity)));
  const submit = (event: Event): void => {
    event.preventDefault();
    if (within) give(value);
  };
  return (
    <form class="answers" onSubmit={submit}>
      {!number && answer.lines ? (
        <textarea ref={field} rows={4} aria-label="answer" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      ) : (
        <input ref={field} inputMode={number ? "decimal" : "text"} aria-label="answer" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      )}
      {number && <span class="hint">{range(answer)}</span>}
      <button disabled={!within}>
        Answer <kbd>↵</kbd>
      </button>
    </form>
  );
}

function range(answer: Extract<Answer, { type: "number" }>): string {
  const { min, max, unit } = answer;
  const bounds = min !== null && max !== null ? `${min} to ${max}` : min !== null ? `from ${min}` : max !== null ? `up to ${max}` : "";
  return `${bounds} ${unit}`.trim();
}

function Deadline({ at }: { at: number | null }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (at === null) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [at]);
  if (at === null) return null;
  return <span class="deadline">{Math.max(0, Math.ceil((at - now) / 1000))} s left</span>;
}
