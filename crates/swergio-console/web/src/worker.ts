// Worker: owns the link and all that was told, so that the page never waits for either.

import { decode, encode } from "@msgpack/msgpack";
import { type Layout, layOut } from "./layout";
import type { FromWorker, Look, Standing, ToWorker } from "./port";
import { Graph } from "./store/graph";
import { Inbox } from "./store/inbox";
import { Kpis } from "./store/kpis";
import { Passes } from "./store/passes";
import { EVERYTHING, Tail } from "./store/tail";
import { type Wire, flowsOf, isWire, maybe, number, sampleOf, text } from "./wire";

/** Milliseconds between two pictures. */
const SPAN = 250;
/** Milliseconds before the first attempt to come back, and at most. */
const [SOON, LATE] = [500, 10_000];

/** Makes an ID of 32 hex digits; `crypto.randomUUID` is there only for pages from this machine or through TLS. */
function fresh(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const post = (message: FromWorker): void => self.postMessage(message);

class Desk {
  private socket: WebSocket | null = null;
  private delay = SOON;
  private name = "console";
  private person = "";
  private graph = new Graph("");
  private readonly tail = new Tail();
  private readonly passes = new Passes(
    (component) => this.graph.seats(component),
    (room) => this.graph.audience(room),
  );
  private readonly kpis = new Kpis();
  private readonly inbox = new Inbox();
  private readonly joined = new Set<string>();
  private seq = 0;
  /** Milliseconds that this clock is ahead of the broker's, at most. */
  private ahead = Infinity;
  private shape = "";
  private layout: Layout | null = null;
  private drawn = { kpis: -1, inbox: -1, seq: -1, view: "" };
  private look: Look = { view: "graph", filter: EVERYTHING, paused: false, pass: null, apart: false, tall: false };
  private standing: Standing = {
    link: "connecting",
    reason: "",
    node: "",
    total: { forward: 0, backward: 0, control: 0 },
    share: 1,
    missed: 0,
    questions: 0,
  };

  hear(message: ToWorker): void {
    if (message.say === "open") this.open(message.url, message.name, message.token);
    if (message.say === "look") {
      this.look = message.look;
      this.drawn.view = "";
      this.draw();
    }
    if (message.say === "me") this.person = message.person;
    if (message.say === "near") post({ is: "near", pass: this.near(message.time) });
    if (message.say === "claim") {
      const until = message.until === null ? null : message.until / 1000;
      if (!this.inbox.hold(message.query, message.item, until, Date.now())) return;
      const data = { item: message.item, by: this.by(), until };
      this.tell({ TYPE: "DATA/CLAIM", TO_ROOM: message.room, REF: message.query, DATA: data });
    }
    if (message.say === "answer") {
      const { item, value, seconds } = message;
      const answer = value === null ? { item, skip: true } : { item, value };
      const data = { answers: [answer], by: this.by(), seconds };
      this.tell({ TYPE: "DATA/FEEDBACK", ID: message.query, ROOT_ID: message.pass, TO_ROOM: message.room, DATA: data });
      this.inbox.forget(message.query, message.item);
      this.draw();
    }
  }

  private by(): string {
    return this.person === "" ? this.name : this.person;
  }

  private tell(message: Wire): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(encode({ ID: fresh(), ...message }));
  }

  private open(url: string, name: string, token: string | null): void {
    this.name = name;
    this.graph = new Graph(name);
    const offered = ["swergio.v1.msgpack", ...(token === null ? [] : [`swergio.bearer.${token}`])];
    const socket = new WebSocket(url, offered);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.set({ link: "connecting" });
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.delay = SOON;
      this.joined.clear();
      this.tell({ TYPE: "COMMAND/REGISTER", NAME: name });
      for (const room of ["_presence", "_watch"]) this.join(room);
      this.set({ link: "open", reason: "" });
    };
    socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
      try {
        const told: unknown = typeof event.data === "string" ? JSON.parse(event.data) : decode(event.data);
        if (isWire(told)) this.take(told);
      } catch (odd) {
        // One message that cannot be read costs itself.
        this.set({ reason: `a message was passed over: ${odd instanceof Error ? odd.message : String(odd)}` });
      }
    };
    socket.onclose = (event) => {
      const final = event.code >= 4500 && event.code < 5000;
      const reason = event.reason || (opened ? "the link was lost" : "no broker answers here, or it wants a token");
      this.set({ link: final ? "refused" : "lost", reason });
      this.graph.clear();
      if (final) return;
      setTimeout(() => this.open(url, name, token), this.delay * (0.5 + Math.random()));
      this.delay = Math.min(this.delay * 2, LATE);
    };
  }

  private join(room: string): void {
    if (this.joined.has(room)) return;
    this.joined.add(room);
    this.tell({ TYPE: "COMMAND/JOINROOM", ROOM: room });
  }

  /** Takes for the broker's only what nobody has signed: it signs what every component sends. */
  private take(wire: Wire): void {
    if ("SENT_BY" in wire) {
      return this.inbox.hear(text(wire.TYPE), maybe(wire.TO_ROOM), wire, this.by(), text(wire.SENT_BY), Date.now());
    }
    switch (wire.TYPE) {
      case "COMMAND/WELCOME":
        return this.set({ node: text(wire.NODE) });
      case "COMMAND/PRESENCE":
        return this.graph.presence(wire);
      case "LOG/TRAFFIC":
        return this.tick(wire);
      case "LOG/SAMPLE":
        return this.sample(wire);
      case "COMMAND/GAP":
        this.missed(number(wire.COUNT));
        return;
      case "COMMAND/ERROR":
        return this.set({ reason: text(wire.MESSAGE) });
    }
  }

  private tick(wire: Wire): void {
    this.graph.traffic(flowsOf(wire), (wire.SLOW as Wire[]) ?? [], number(wire.SPAN, 0.25));
    const share = number(wire.SHARE, 1);
    // Of a pass that was under way when the share changed only a part may have been shown.
    if (share !== this.standing.share) this.passes.gap(this.now());
    this.standing.share = share;
    this.missed(number(wire.MISSED));
  }

  private missed(count: number): void {
    this.standing.missed += count;
    if (count > 0) this.passes.gap(this.now());
  }

  /** Tells the broker's time. */
  private now(): number {
    return Date.now() - (Number.isFinite(this.ahead) ? this.ahead : 0);
  }

  /** Finds the pass that a figure was about, or else the nearest in time. */
  private near(time: number): string | null {
    const about = this.kpis.about(time);
    return about !== null && this.passes.has(about) ? about : this.passes.nearest(time);
  }

  private sample(wire: Wire): void {
    const sample = sampleOf(wire, ++this.seq);
    this.ahead = Math.min(this.ahead, Date.now() - sample.time);
    this.tail.add(sample);
    this.passes.add(sample);
    this.kpis.add(sample);
    if (sample.kind === "DATA/FORWARD" && sample.id === sample.pass) this.graph.began(sample.from);
    if (sample.kind.startsWith("DATA/Q") || sample.kind === "DATA/FEEDBACK") {
      this.inbox.add(sample, this.by(), Date.now());
      if (sample.kind === "DATA/QUERY" && sample.room !== null) this.join(sample.room);
    }
  }

  private set(change: Partial<Standing>): void {
    this.standing = { ...this.standing, ...change };
    post({ is: "standing", standing: this.standing });
  }

  /** Draws what is looked at, if it has changed. */
  draw(): void {
    const questions = this.inbox.questions(Date.now());
    this.passes.settle(this.now());
    this.set({ total: this.graph.total(), questions: questions.length });
    const fresh = this.drawn.view !== this.look.view;
    this.drawn.view = this.look.view;
    if (this.look.view === "graph") this.drawGraph(this.graph.picture(this.look.apart), fresh);
    if (this.look.view === "traffic" && (!this.look.paused || fresh) && (fresh || this.drawn.seq !== this.seq)) {
      post({ is: "tail", samples: this.tail.newest(this.look.filter, 200) });
    }
    if (this.look.view === "passes" && (!this.look.paused || fresh)) {
      const shown = this.look.pass === null ? null : this.passes.picture(this.look.pass, this.now());
      post({ is: "passes", list: this.passes.list(this.now()), picture: shown });
    }
    if (this.look.view === "kpis" && (fresh || this.drawn.kpis !== this.kpis.version)) {
      this.drawn.kpis = this.kpis.version;
      post({ is: "kpis", series: this.kpis.all(), runs: this.kpis.told() });
    }
    if (this.look.view === "inbox") post({ is: "inbox", questions });
    this.drawn.seq = this.seq;
  }

  private drawGraph(picture: ReturnType<Graph["picture"]>, fresh: boolean): void {
    const shape = `${picture.shape}${this.look.tall}`;
    const changed = shape !== this.shape;
    if (changed) {
      this.shape = shape;
      this.layout = layOut(picture, this.look.tall);
    }
    post({ is: "graph", picture, layout: changed || fresh ? this.layout : null });
  }
}

const desk = new Desk();
self.onmessage = (event: MessageEvent<ToWorker>) => desk.hear(event.data);
setInterval(() => desk.draw(), SPAN);
