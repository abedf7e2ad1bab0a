// Verdict: what went wrong in a pass, in whom, and in one sentence.

export type Code =
  | "AUDIT"
  | "DROPPED"
  | "EXPLODED"
  | "FAULT"
  | "NAN"
  | "QUEUED"
  | "SHAPE"
  | "SIGN"
  | "SLOW"
  | "STALE"
  | "TWICE"
  | "VANISHED";

export interface Verdict {
  component: string;
  code: Code;
  text: string;
  /** Milliseconds since the pass began. */
  at: number;
  /** It was measured by an auditor, and is no guess. */
  sure?: boolean;
}

export function verdict(component: string, code: Code, text: string, at: number): Verdict {
  return { component, code, text, at };
}

/** What is wrong with a pass, most likely: the sentence above its picture. */
export interface Diagnosis {
  component: string;
  code: Code;
  sentence: string;
}

const WORDS: Record<Code, string> = {
  AUDIT: "The gradient is wrong at",
  DROPPED: "The way ends at",
  EXPLODED: "The numbers explode at",
  FAULT: "Refused because of",
  NAN: "NaN or infinity arises at",
  QUEUED: "It waits long before",
  SHAPE: "The shape is wrong from",
  SIGN: "The gradient points the wrong way at",
  SLOW: "Most of the time goes by in",
  STALE: "Old weights are used by",
  TWICE: "The same is said twice by",
  VANISHED: "The gradient vanishes at",
};

/** Among what is found at once, the cause comes before its consequences. */
const RANK: Code[] = ["SHAPE", "NAN", "FAULT", "AUDIT", "SIGN", "EXPLODED", "VANISHED", "STALE", "TWICE", "DROPPED", "QUEUED", "SLOW"];
/** What only costs time explains nothing else that is wrong. */
export const TIMING = new Set<Code>(["QUEUED", "SLOW"]);

/** Names the cause: what broke first. What only took long counts where nothing is broken. */
export function diagnose(verdicts: Verdict[]): Diagnosis | null {
  const broken = verdicts.filter((verdict) => !TIMING.has(verdict.code));
  const candidates = broken.length > 0 ? broken : verdicts;
  const told = candidates.filter((verdict) => verdict.sure);
  const [first] = (told.length > 0 ? told : candidates).toSorted((a, b) => a.at - b.at || RANK.indexOf(a.code) - RANK.indexOf(b.code));
  if (!first) return null;
  const { component, code, text } = first;
  return { component, code, sentence: `${WORDS[code]} ${component}: ${text}.` };
}

/** Leaves out what was said already. */
export function distinct(verdicts: Verdict[]): Verdict[] {
  const seen = new Set<string>();
  return verdicts.filter((verdict) => {
    const key = `${verdict.component}\n${verdict.code}\n${verdict.text}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
