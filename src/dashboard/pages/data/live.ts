import { useEffect, useState } from "preact/hooks";

/** The registry says that there is something new, at most so often, in ms. */
const AT_MOST_EVERY_MS = 1000;
/** Asked anyway: what the streams do not tell (lagging sidecars), and while they are away. */
const ANYWAY_EVERY_MS = 5000;

const STREAMS: readonly (readonly [path: string, events: readonly string[]])[] = [
  ["/api/v1/signals/stream", ["snapshot", "graph", "tick"]],
  ["/api/v1/watch", ["snapshot", "up", "gone"]],
];

/**
 * Calls back whenever there may be something new. A page that nobody sees lets go of its streams, of which a browser
 * grants six to a site.
 * @returns stops it
 */
export function follow(onNews: () => void): () => void {
  let streams: EventSource[] = [];
  let pending: number | undefined;
  let last = 0;
  const news = () => {
    pending ??= window.setTimeout(
      () => {
        pending = undefined;
        last = performance.now();
        onNews();
      },
      Math.max(0, last + AT_MOST_EVERY_MS - performance.now()),
    );
  };
  const look = () => {
    if (document.hidden) {
      for (const stream of streams.splice(0)) stream.close();
      return;
    }
    if (streams.length > 0) return;
    streams = STREAMS.map(([path, events]) => {
      const stream = new EventSource(path);
      for (const event of ["message", ...events]) stream.addEventListener(event, news);
      return stream;
    });
    news();
  };
  const anyway = window.setInterval(() => {
    if (!document.hidden) news();
  }, ANYWAY_EVERY_MS);
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    document.removeEventListener("visibilitychange", look);
    window.clearInterval(anyway);
    window.clearTimeout(pending);
    for (const stream of streams) stream.close();
  };
}

/** Counts the news; what asks for data does so anew with each. */
export function useNews(): number {
  const [news, setNews] = useState(0);
  useEffect(() => follow(() => setNews((count) => count + 1)), []);
  return news;
}

/** Unix ms, anew each second: for what says how long ago something was. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
