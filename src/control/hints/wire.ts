import * as z from "zod/mini";
import { name, reader } from "../../registry/frame.ts";

/** On `reg.get.hint.<caller>`: the caller has ejected this instance. Nobody answers. */
export interface Hint {
  readonly service: string;
  readonly instance: string;
}

/** On `reg.ev.hint.<service>.<caller>`: the registry passes it on, to those who call the service as well. */
export interface PassedHint {
  readonly instance: string;
}

/** Two names of 63 characters, and those of the fields. */
export const MAX_HINT_BYTES = 256;

/** Each reader gives undefined for bytes that are not one such message; it never throws. */
export const readHint = reader<Hint>(z.object({ service: name, instance: name }));
export const readPassedHint = reader<PassedHint>(z.object({ instance: name }));
