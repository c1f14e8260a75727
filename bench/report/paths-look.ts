/** How each path is drawn, the same in every plot: the mesh in front, the ends of the scale in grey. */
export interface Look {
  readonly light: string;
  readonly dark: string;
  readonly dash?: string;
  readonly width: number;
}

export const LOOKS: Readonly<Record<string, Look>> = {
  mesh: { light: "#0b5cd5", dark: "#6db1ff", width: 2.6 },
  "mesh-plain": { light: "#0b5cd5", dark: "#6db1ff", width: 2.6, dash: "7 4" },
  "mesh-routed": { light: "#0e7490", dark: "#5ed3e8", width: 2.2, dash: "3 3" },
  "mesh-usual": { light: "#0e7490", dark: "#5ed3e8", width: 2.2, dash: "8 2" },
  "mesh-logged": { light: "#0e7490", dark: "#5ed3e8", width: 2.2, dash: "1 3" },
  "mesh-traced": { light: "#0e7490", dark: "#5ed3e8", width: 2.2, dash: "5 2" },
  "mesh-tapped": { light: "#0e7490", dark: "#5ed3e8", width: 2.2, dash: "5 2 1 2" },
  haproxy: { light: "#c2410c", dark: "#ff9a5c", width: 1.8 },
  nginx: { light: "#15803d", dark: "#5fd38a", width: 1.8 },
  envoy: { light: "#9333ea", dark: "#c79bff", width: 1.8 },
  floor: { light: "#6b7280", dark: "#9aa3b2", width: 1.6, dash: "6 4" },
  nats: { light: "#6b7280", dark: "#9aa3b2", width: 1.6, dash: "2 3" },
  direct: { light: "#6b7280", dark: "#9aa3b2", width: 1.6 },
};

/** The class of a path's strokes and fills. */
export const classOf = (path: string): string => `p-${path.replace(/[^a-z0-9-]/g, "")}`;
