import { useEffect, useState } from "preact/hooks";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const KEY = "weft-theme";

const stored = (): Theme => {
  const text = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === text) ?? "system";
};

/** Puts the chosen theme on the page; before anything is drawn, so that nothing flashes. */
export function applyTheme(theme: Theme = stored()): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Light, dark, or as the system has it; one button, as there are but three. */
export function ThemeButton() {
  const [theme, setTheme] = useState(stored);
  useEffect(() => {
    localStorage.setItem(KEY, theme);
    applyTheme(theme);
    dispatchEvent(new Event("weft-theme"));
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
  const mark = { system: "◐", light: "☀", dark: "☾" }[theme];
  return (
    <button
      type="button"
      class="plain"
      aria-label={`Theme: ${theme}. Change to ${next}`}
      title={`Theme: ${theme}`}
      onClick={() => setTheme(next)}
    >
      <span aria-hidden="true">{mark}</span>
    </button>
  );
}

/** Counts the changes of what colours mean, for what is painted on a canvas. */
export function useThemeChanges(): number {
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    const changed = () => setChanges((count) => count + 1);
    const media = matchMedia("(prefers-color-scheme: dark)");
    media.addEventListener("change", changed);
    addEventListener("weft-theme", changed);
    return () => {
      media.removeEventListener("change", changed);
      removeEventListener("weft-theme", changed);
    };
  }, []);
  return changes;
}
