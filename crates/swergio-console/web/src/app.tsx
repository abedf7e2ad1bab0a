// App: the frame around the five views.

import { useEffect, useState } from "preact/hooks";
import { connect, lookAt, useHash, useStanding } from "./desk";
import type { Standing, View } from "./port";
import { rate } from "./ui/figures";
import { Icon } from "./ui/icon";
import { GraphView } from "./views/graph";
import { InboxView } from "./views/inbox";
import { KpisView } from "./views/kpis";
import { PassesView } from "./views/passes";
import { TrafficView } from "./views/traffic";

const VIEWS: [View, string][] = [
  ["graph", "Graph"],
  ["traffic", "Traffic"],
  ["passes", "Passes"],
  ["kpis", "KPIs"],
  ["inbox", "Feedback"],
];

type Theme = "auto" | "light" | "dark";
const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

export function App() {
  const [view, detail] = useHash();
  const standing = useStanding();
  const [theme, setTheme] = useState<Theme>((localStorage.getItem("swergio.theme") as Theme | null) ?? "auto");
  useEffect(() => connect(sessionStorage.getItem("swergio.token")), []);
  useEffect(() => lookAt({ view, pass: view === "passes" ? detail : null }), [view, detail]);
  useEffect(() => {
    localStorage.setItem("swergio.theme", theme);
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <div class="frame">
      <header class="bar">
        <a class="brand" href="#graph">
          <img src="./icon.svg" alt="" width="24" height="24" />
          <b>swergio</b>
        </a>
        <nav>
          {VIEWS.map(([id, title]) => (
            <a key={id} href={`#${id}`} aria-current={view === id ? "page" : undefined}>
              <Icon name={id} />
              <span>{title}</span>
              {id === "inbox" && standing !== null && standing.questions > 0 && (
                <em class="badge">{standing.questions}</em>
              )}
            </a>
          ))}
        </nav>
        <Link standing={standing} />
        <button class="icon" title={`Theme: ${theme}`} aria-label={`Theme: ${theme}`} onClick={() => setTheme(NEXT[theme])}>
          <Icon name={theme} />
        </button>
      </header>
      <main>
        {standing && (standing.link === "lost" || standing.link === "refused") && <Apart standing={standing} />}
        {view === "graph" && <GraphView />}
        {view === "traffic" && <TrafficView />}
        {view === "passes" && <PassesView id={detail} />}
        {view === "kpis" && <KpisView />}
        {view === "inbox" && <InboxView />}
      </main>
    </div>
  );
}

function Link({ standing }: { standing: Standing | null }) {
  if (!standing) return <div class="link" />;
  const { total, share, missed } = standing;
  return (
    <div class="link" data-link={standing.link}>
      <span class="flow forward" title="forward messages a second">
        {rate(total.forward)}
      </span>
      <span class="flow backward" title="backward messages a second">
        {rate(total.backward)}
      </span>
      {share < 1 && (
        <span class="hint" title="Counts are of all messages; of the messages themselves this share of the passes is shown.">
          {(100 * share).toPrecision(2)} % shown
        </span>
      )}
      {missed > 0 && (
        <span class="hint" title="Messages that this page was not told, because it or the broker had no room for them.">
          {missed} missed
        </span>
      )}
      <i class="dot" title={standing.link === "open" ? `connected to ${standing.node}` : standing.link} />
    </div>
  );
}

/** Says that there is no link, and takes a token where one is wanted. */
function Apart({ standing }: { standing: Standing }) {
  const [token, setToken] = useState("");
  const submit = (event: Event): void => {
    event.preventDefault();
    sessionStorage.setItem("swergio.token", token);
    location.reload();
  };
  return (
    <div class="apart" role="status">
      <span>
        {standing.link === "refused" ? "The broker refused this page" : "No link to the broker"}: {standing.reason}
        {standing.link === "lost" && ". Trying again."}
      </span>
      <form onSubmit={submit}>
        <input
          type="password"
          placeholder="token"
          aria-label="token"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button>Use token</button>
      </form>
    </div>
  );
}
