import { useEffect, useState } from "preact/hooks";

/** The registry says that there is something new, at most so often, in ms. */
const AT_MOST_EVERY_MS = 1000;
/** Asked anyway: what the streams do not tell (lagging sidecars), and while they are away. */
const ANYWAY_EVERY_MS = 5000;

type Stream = readonly [path: string, events: readonly string[]];
const STREAMS: readonly Stream[] = [
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
    streams = STREAMS.map(open);
    news();
  };
  const open = ([path, events]: Stream): EventSource => {
    const stream = new EventSource(path);
    for (const event of ["message", ...events]) stream.addEventListener(event, news);
    return stream;
  };
  const anyway = window.setInterval(() => {
    if (document.hidden) return;
    // After an answer such as 502 a browser does not try again by itself (WHATWG HTML §9.2.3).
    streams = streams.map((one, i) => (one.readyState === EventSource.CLOSED ? open(STREAMS[i]!) : one));
    news();
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
