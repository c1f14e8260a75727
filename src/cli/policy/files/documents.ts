import { Composer, type Document, Lexer, Parser, type YAMLError } from "yaml";
import { linesOf, type Place } from "./lines.ts";
import type { Complaint } from "./text.ts";

export const MAX_DOCUMENTS = 5000;
/** A resource of the standard is 12 deep in a List, and each level takes two places. */
const MAX_STACK = 64;
/** After the first few errors of one document the rest are their consequences. */
const MAX_ERRORS = 5;
/** They spoil one value, or one entry, and nothing around it. */
const OF_ONE_VALUE: readonly string[] = ["TAG_RESOLVE_FAILED", "NON_STRING_KEY"];
const MAX_OF_VALUES = 20;

/** The documents of a YAML text, those that can be read, and what is wrong with them and the others. */
export interface Parsed {
  readonly documents: readonly Document.Parsed[];
  readonly complaints: readonly Complaint[];
  readonly placeOf: (offset: number) => Place;
}

const OPTIONS = {
  version: "1.2",
  schema: "core",
  merge: false,
  resolveKnownTags: false, // only those of the core schema: a date or a set is no JSON
  stringKeys: true,
  uniqueKeys: false, // its search is quadratic; plain.ts looks for them
  prettyErrors: false,
  logLevel: "silent",
} as const;

/** Parses YAML 1.2 (https://yaml.org/spec/1.2.2), of which JSON is a part. Never throws. */
export function documentsOf(text: string): Parsed {
  const placeOf = linesOf(text);
  const documents: Document.Parsed[] = [];
  const complaints: Complaint[] = [];
  let count = 0;
  try {
    for (const document of new Composer(OPTIONS).compose(tokensOf(text), true, text.length)) {
      if (++count > MAX_DOCUMENTS) throw new Beyond(tooMany(placeOf(document.range[0])));
      const wrong = [...document.errors, ...document.warnings];
      const isReadable = wrong.every(({ code }) => OF_ONE_VALUE.includes(code));
      if (isReadable) documents.push(document);
      for (const error of wrong.slice(0, isReadable ? MAX_OF_VALUES : MAX_ERRORS))
        complaints.push(fromYaml(error, placeOf));
    }
  } catch (error) {
    if (!(error instanceof Beyond)) throw error;
    complaints.push(error.complaint);
  }
  return { documents, complaints, placeOf };

  function* tokensOf(source: string) {
    const parser = new Parser();
    for (const lexeme of new Lexer().lex(source)) {
      yield* parser.next(lexeme);
      // Composing is recursive, and a stack that is too deep can end the process.
      if (parser.stack.length > MAX_STACK) throw new Beyond(tooDeep(placeOf(parser.offset)));
    }
    yield* parser.end();
  }
}

class Beyond extends Error {
  override readonly name = "Beyond";
  readonly complaint: Complaint;

  constructor(complaint: Complaint) {
    super(complaint.message);
    this.complaint = complaint;
  }
}

const tooMany = (place: Place): Complaint => ({
  code: "too-large",
  message: `there are more than ${MAX_DOCUMENTS} documents`,
  cure: "apply them in several steps",
  place,
});

const tooDeep = (place: Place): Complaint => ({
  code: "yaml",
  message: "lists and maps are nested deeper than any resource is",
  cure: "look for brackets that are never closed, or for dashes and colons that are not meant as YAML",
  place,
});

const CURES: Partial<Record<YAMLError["code"], string>> = {
  TAB_AS_INDENT: "indent with spaces",
  TAG_RESOLVE_FAILED: "leave the tag out: resources are made of plain strings, numbers, lists and maps",
  BAD_INDENT: "line up what belongs together, with spaces",
  MISSING_CHAR: "close what was opened",
  NON_STRING_KEY: "give a string as key",
};

function fromYaml({ code, message, pos }: YAMLError, placeOf: (offset: number) => Place): Complaint {
  return {
    code: "yaml",
    message: message.charAt(0).toLowerCase() + message.slice(1),
    cure: CURES[code] ?? "mend the YAML: https://yaml.org/spec/1.2.2 is what is read",
    place: placeOf(pos[0]),
  };
}
