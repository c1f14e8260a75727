import { useContext } from "preact/hooks";
import type { Graph } from "../data/answers.ts";
import { useNow } from "../data/live.ts";
import { Here } from "../data/place.ts";
import type { Answer } from "../data/use-answer.ts";
import type { Session } from "../data/use-session.ts";
import { agoText } from "../model/format.ts";
import { ThemeButton } from "./theme.tsx";

const PAGES = [
  ["/", "Mesh"],
  ["/traces", "Traces"],
  ["/policy", "Policy"],
  ["/identities", "Identities"],
] as const;

/** News come every five seconds: with three of them missing, what is shown is old. */
const STALE_MS = 15_000;

export function Header({ graph, session }: { readonly graph: Answer<Graph>; readonly session: Session }) {
  const { path } = useContext(Here);
  const current = path.replace(/^\/services\/.*/, "/").replace(/^\/(?:traces|explain)\/.*/, "/traces");
  return (
    <header>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <a class="brand" href="/" aria-label="Weft, start page">
        <img src="/icon.svg" alt="" width="22" height="22" /> Weft
      </a>
      <nav aria-label="Pages">
        {PAGES.map(([href, name]) => (
          <a key={href} href={href} aria-current={current === href ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <Freshness answer={graph} />
      {session.signedIn && (
        <button type="button" class="plain" onClick={() => session.signOut()}>
          Sign out
        </button>
      )}
      <ThemeButton />
    </header>
  );
}

function Freshness({ answer: { at, trouble } }: { readonly answer: Answer<Graph> }) {
  const now = useNow();
  const isStale = at !== undefined && (now - at > STALE_MS || trouble !== undefined);
  const [tone, mark, text] =
    at === undefined
      ? trouble
        ? (["bad", "✕", "No data"] as const)
        : (["idle", "○", "Connecting"] as const)
      : isStale
        ? (["fair", "▲", `Last data ${agoText(at, now)}`] as const)
        : (["ok", "●", "Live"] as const);
  return (
    <span class={`freshness sign ${tone}`} role="status">
      <span aria-hidden="true">{mark}</span> {text}
    </span>
  );
}
