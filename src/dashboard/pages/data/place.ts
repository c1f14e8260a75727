import { createContext } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Where in the dashboard one is; an address says all of it, so that it can be sent to somebody. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Goes elsewhere; null takes a parameter away. @param replace leaves no step to go back to */
  go(path: string, change?: Readonly<Record<string, string | null>>, replace?: boolean): void;
}

export const Here = createContext<Place>({ path: "/", query: new URLSearchParams(), go: () => {} });

const read = () => ({ path: location.pathname, search: location.search });

export function usePlace(): Place {
  const [{ path, search }, setPlace] = useState(read);
  useEffect(() => {
    const moved = () => setPlace(read());
    const clicked = (event: MouseEvent) => {
      const link = (event.target as Element).closest?.("a[href^='/']");
      if (
        !link ||
        event.defaultPrevented ||
        event.button !== 0 ||
        event.metaKey ||
        event.ctrlKey ||
        event.shiftKey
      )
        return;
      event.preventDefault();
      history.pushState(null, "", link.getAttribute("href"));
      moved();
      scrollTo(0, 0);
    };
    addEventListener("popstate", moved);
    document.addEventListener("click", clicked);
    return () => {
      removeEventListener("popstate", moved);
      document.removeEventListener("click", clicked);
    };
  }, []);
  const query = new URLSearchParams(search);
  return {
    path,
    query,
    go(to, change = {}, replace = false) {
      const next = to === path ? new URLSearchParams(query) : new URLSearchParams();
      for (const [name, value] of Object.entries(change))
        if (value === null) next.delete(name);
        else next.set(name, value);
      const text = next.size === 0 ? to : `${to}?${next}`;
      if (replace) history.replaceState(null, "", text);
      else history.pushState(null, "", text);
      setPlace(read());
    },
  };
}

export const serviceHref = (service: string): string => `/services/${encodeURIComponent(service)}`;
