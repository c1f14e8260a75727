import type { RouteOptions } from "fastify";

/** Remembers which methods each path takes, for who asks with another one. */
export class Methods {
  readonly #paths = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  add({ method, url }: Pick<RouteOptions, "method" | "url">): void {
    const path = this.#paths.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) path.methods.add(one);
    this.#paths.set(url, path);
  }

  /** @returns the methods of a URL's path, sorted; none when there is no such path */
  of(url: string): string[] {
    const [path = ""] = url.split("?");
    const found = [...this.#paths.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}

/** Of a route as fastify writes it: `/v1/services/:service`. */
const patternOf = (url: string): RegExp =>
  new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:[A-Za-z]+/g, "[^/]+")}$`);
