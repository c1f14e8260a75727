import * as z from "zod/mini";

/** What a schema knows beyond its type: used for findings, and never part of the JSON Schema. */
export interface Notes {
  /** What to write instead of a value that does not fit: a sentence that begins with a verb. */
  readonly cure?: string;
  /** Fields of the standard that Weft does not carry, with what to do instead. */
  readonly unsupportedFields?: Readonly<Record<string, string>>;
  /** The cure for a value that the standard allows and Weft does not carry; undefined for any other. */
  readonly unsupportedValue?: (value: string | undefined) => string | undefined;
  /** What it means to leave this field out, when that is not possible. */
  readonly missing?: string;
}

const NOTES = z.registry<Notes>();

/**
 * Gives a schema its description (JSON Schema, reference page) and its notes (findings).
 * @param id name of an object type; it becomes a section of the reference page and a `$defs` entry
 * @returns a copy, so that one scalar can be described differently in each place
 */
export function described<T extends z.ZodMiniType>(
  schema: T,
  description: string,
  notes: Notes & { readonly id?: string } = {},
): T {
  const { id, ...rest } = notes;
  const own = schema.clone();
  z.globalRegistry.add(own, id === undefined ? { description } : { description, id });
  NOTES.add(own, rest);
  return own;
}

const notesOf = (schema: z.core.$ZodType): Notes => NOTES.get(schema) ?? {};

type Wrapper = z.core.$ZodTypeDef & { innerType?: z.core.$ZodType; in?: z.core.$ZodType };

/** The schema inside of optional, default and pipe. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const def: Wrapper = schema._zod.def;
  const inner = def.innerType ?? def.in;
  return inner === undefined ? schema : unwrapped(inner);
}

/** Notes of a schema and of what it wraps; the outermost word counts. */
export function allNotesOf(schema: z.core.$ZodType): Notes {
  const def: Wrapper = schema._zod.def;
  const inner = def.innerType ?? def.in;
  return inner === undefined ? notesOf(schema) : { ...allNotesOf(inner), ...notesOf(schema) };
}
