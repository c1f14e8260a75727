/** Which end of a call: the caller's or the callee's sidecar. */
export type Side = "client" | "server";
