// Port: what the page and its worker say to one another.

import type { Layout } from "./layout";
import type { GraphPicture, Rate } from "./store/graph";
import type { Question } from "./store/inbox";
import type { Run, Series } from "./store/kpis";
import type { PassHead, PassPicture } from "./store/passes";
import type { Filter } from "./store/tail";
import type { Sample } from "./wire";

export type View = "graph" | "traffic" | "passes" | "kpis" | "inbox";

/** What the page is looking at: the worker draws that, and nothing else. */
export interface Look {
  view: View;
  filter: Filter;
  paused: boolean;
  pass: string | null;
  apart: boolean;
  /** The page is higher than wide: the graph leads down instead of to the right. */
  tall: boolean;
}

export type ToWorker =
  | { say: "open"; url: string; name: string; token: string | null }
  | { say: "look"; look: Look }
  | { say: "me"; person: string }
  | { say: "claim"; room: string; query: string; item: string; until: number | null }
  | { say: "answer"; room: string; query: string; pass: string; item: string; value: unknown; seconds: number }
  | { say: "near"; time: number };

export interface Standing {
  link: "connecting" | "open" | "lost" | "refused";
  reason: string;
  node: string;
  /** Messages a second of all components. */
  total: Rate;
  /** The share of the passes that is shown. */
  share: number;
  /** Messages that this page was not told, since it was opened. */
  missed: number;
  questions: number;
}

export type FromWorker =
  | { is: "standing"; standing: Standing }
  | { is: "graph"; picture: GraphPicture; layout: Layout | null }
  | { is: "tail"; samples: Sample[] }
  | { is: "passes"; list: PassHead[]; picture: PassPicture | null }
  | { is: "kpis"; series: Series[]; runs: Run[] }
  | { is: "inbox"; questions: Question[] }
  | { is: "near"; pass: string | null };
