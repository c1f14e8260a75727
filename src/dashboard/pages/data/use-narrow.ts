import { useEffect, useState } from "preact/hooks";

const QUERY = "(max-width: 720px)";

/** Whether the screen is that of a phone. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(matchMedia(QUERY).matches);
  useEffect(() => {
    const media = matchMedia(QUERY);
    const changed = () => setNarrow(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, []);
  return narrow;
}
