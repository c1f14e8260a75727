import { useEffect } from "preact/hooks";
import type { Graph } from "./data/answers.ts";
import { useNews } from "./data/live.ts";
import { Here, usePlace } from "./data/place.ts";
import { News, useAnswer } from "./data/use-answer.ts";
import { type Session, useSession } from "./data/use-session.ts";
import { requestIdOf } from "./model/trace-filter.ts";
import { Header } from "./parts/header.tsx";
import { Empty } from "./parts/shown.tsx";
import { ExplainPage } from "./views/explain.tsx";
import { Identities } from "./views/identities.tsx";
import { Overview } from "./views/overview.tsx";
import { PolicyPage } from "./views/policy.tsx";
import { ServicePage } from "./views/service.tsx";
import { TracePage } from "./views/trace.tsx";
import { TracesPage } from "./views/traces.tsx";

export function App() {
  const news = useNews();
  return (
    <News.Provider value={news}>
      <Pages />
    </News.Provider>
  );
}

function Pages() {
  const place = usePlace();
  const session = useSession();
  const graph = useAnswer<Graph>("/v1/graph?window=1m");
  const service = /^\/services\/([^/]+)$/.exec(place.path)?.[1];
  const about = traceIdOf(place.path)?.slice(0, 8) ?? requestIdOf(place.path);
  const title = service === undefined ? (TITLES[place.path] ?? about) : decodeURIComponent(service);
  useEffect(() => {
    document.title = title === undefined ? "Weft" : `${title} – Weft`;
  }, [title]);
  return (
    <Here.Provider value={place}>
      <Header graph={graph} session={session} />
      <main id="main" tabIndex={-1}>
        {service === undefined ? (
          <Page path={place.path} graph={graph} session={session} />
        ) : (
          <ServicePage key={service} service={decodeURIComponent(service)} graph={graph.value} />
        )}
      </main>
    </Here.Provider>
  );
}

const traceIdOf = (path: string): string | undefined => /^\/traces\/([0-9a-f]{32})$/.exec(path)?.[1];

const TITLES: Readonly<Record<string, string>> = {
  "/traces": "Traces",
  "/policy": "Policy",
  "/identities": "Identities",
};

function Page(props: {
  readonly path: string;
  readonly graph: ReturnType<typeof useAnswer<Graph>>;
  readonly session: Session;
}) {
  const traceId = traceIdOf(props.path);
  if (traceId !== undefined) return <TracePage traceId={traceId} session={props.session} />;
  const requestId = requestIdOf(props.path);
  if (requestId !== undefined) return <ExplainPage requestId={requestId} session={props.session} />;
  switch (props.path) {
    case "/":
      return <Overview live={props.graph} />;
    case "/traces":
      return <TracesPage graph={props.graph.value} />;
    case "/policy":
      return <PolicyPage session={props.session} />;
    case "/identities":
      return <Identities session={props.session} />;
    default:
      return <Empty title="There is no such page" />;
  }
}
