import { CODES } from "../../protocol/code.ts";
import { COLUMNS } from "./columns.ts";
import { History, type When } from "./history.ts";
import { OTHER } from "./wire.ts";

/** What a series is of. Each report adds to one of each kind. */
export type Of =
  /** Calls of one service to a version of another, as one side sees them. */
  | {
      readonly kind: "edge";
      readonly side: "client" | "server";
      readonly caller: string;
      readonly callee: string;
      /** Empty where the caller knew none: the broker chose, or nobody was there. */
      readonly version: string;
    }
  /** Calls that one instance got, or made. */
  | {
      readonly kind: "instance";
      readonly side: "client" | "server";
      readonly service: string;
      readonly instance: string;
    }
  /** Calls to a service that one rule took, as callers see them. */
  | { readonly kind: "route"; readonly callee: string; readonly route: string };

export class Series {
  readonly of: Of;
  readonly counts = new History(COLUMNS);
  /** Those that the mesh ended, by code. */
  readonly codes = new Map<string, History>();
  /** When something was counted last, by the clock that never jumps. */
  heardAt: number;

  constructor(of: Of, now: number) {
    this.of = of;
    this.heardAt = now;
  }

  /** Codes of a later version of the mesh are counted together: the list is closed, and so bounded. */
  addCode(when: When, code: string, count: number): void {
    const name = Object.hasOwn(CODES, code) ? code : OTHER;
    const history = this.codes.get(name) ?? new History(1);
    this.codes.set(name, history);
    history.add(when, 0, count);
  }
}

/** One string for each thing that a series can be of. Names are tokens, and the route, which is last, has no NUL. */
export function keyOf(of: Of): string {
  switch (of.kind) {
    case "edge":
      return `e ${of.side} ${of.caller} ${of.callee} ${of.version}`;
    case "instance":
      return `i ${of.side} ${of.service} ${of.instance}`;
    case "route":
      return `r ${of.callee} ${of.route}`;
  }
}
