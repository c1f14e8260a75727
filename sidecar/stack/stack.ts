import type { Call, Gate, Layer, Observer, Service } from "./call.ts";
import { failed, type Outcome } from "./outcome.ts";

/** Composes layers, outermost first. A policy that is not configured is undefined, and costs nothing. */
export const stack =
  (...layers: readonly (Layer | undefined)[]): Layer =>
  (leaf) =>
    layers.reduceRight<Service>((inner, layer) => (layer ? layer(inner) : inner), leaf);

/** Folds gates into one layer: a loop, not a promise for each gate. */
export const admit =
  (...gates: readonly Gate[]): Layer =>
  (inner) =>
  (call) => {
    for (const gate of gates) {
      const verdict = gate(call);
      if (verdict) return Promise.resolve(verdict);
    }
    return inner(call);
  };

/** Tells each observer how the call ended. */
export const observe =
  (...observers: readonly Observer[]): Layer =>
  (inner) =>
  async (call) => {
    const outcome = await inner(call);
    for (const observer of observers) observer(call, outcome);
    return outcome;
  };

/** Turns a bug (a throw anywhere inside) into an answer, so that one call fails and not the sidecar. */
export const rescue = (report: (error: unknown) => void): Layer => {
  const answerFor = (error: unknown): Outcome => {
    report(error);
    return failed("internal", "unknown", "the sidecar failed on this call");
  };
  return (inner) => (call) => begun(inner, call).catch(answerFor);
};

/**
 * Calls a service; a bug is a rejection, wherever it is. Layers on the path of every call go on with `then` and functions
 * that are there already: an async function allocates several times as much.
 */
export function begun(inner: Service, call: Call): Promise<Outcome> {
  try {
    return inner(call);
  } catch (bug) {
    return Promise.reject(bug);
  }
}
