import type { StartPath } from "./path.ts";

/** The mesh as a user runs it. */
export const startMesh: StartPath = async () => ({ name: "mesh", reason: "not wired yet" });
export const startPlainMesh: StartPath = async () => ({ name: "mesh-plain", reason: "not wired yet" });
