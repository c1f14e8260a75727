import type { Catalog } from "../../../registry/catalog.ts";
import type { Clock } from "../../../registry/clock.ts";
import type { Ejections } from "../../../registry/registry.ts";
import type { Series } from "../series.ts";
import type { SignalBook } from "../signal-book.ts";
import { heardOf, type Window, windowOf } from "../window.ts";
import { type Dimension, POLICY_BY } from "./dimensions.ts";
import { type Edge, edgesOf, sumOf } from "./edges.ts";
import { healthOf } from "./health.ts";
import { slowOf } from "./slow.ts";
import { slowVersionsOf } from "./slow-versions.ts";
import { type Golden, Sum } from "./sum.ts";

export interface SignalsDeps {
  readonly book: SignalBook;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly ejections: () => Ejections;
}

/** What is kept of the signals, as people and programs ask for it. */
export class Signals {
  readonly #deps: SignalsDeps;

  constructor(deps: SignalsDeps) {
    this.#deps = deps;
  }

  /**
   * Who calls whom, and how that goes. Instances are those of now, so the past is judged by its calls alone.
   * @param at Unix ms; now by default
   */
  graph(windowMs: number, at?: number) {
    const window = this.#window(windowMs, at);
    const edges = edgesOf(this.#deps.book, window);
    return {
      ...headOf(window),
      since: this.#deps.book.since,
      full: this.#deps.book.full(),
      nodes: this.#names(edges).map((service) => this.#node(service, edges, window, at === undefined)),
      edges: edges.map((edge) => this.#edge(edge, window)),
    };
  }

  /** One service from all sides; undefined when nothing was ever heard of it. */
  service(service: string, windowMs: number, by: Dimension, at?: number) {
    const { book } = this.#deps;
    if (!this.#isKnown(service)) return undefined;
    const window = this.#window(windowMs, at);
    const edges = edgesOf(book, window, ({ caller, callee }) => caller === service || callee === service);
    const instances = book.instances.of(service);
    const incoming = edges.filter(({ callee }) => callee === service);
    const outgoing = edges.filter(({ caller }) => caller === service);
    return {
      ...headOf(window),
      service,
      in: charted(this.#incoming(service, incoming, window)),
      out: charted(sumOf(outgoing, this.#sum(window))),
      by: { dimension: by, ...this.#rows(service, by, by === "callee" ? outgoing : incoming, window) },
      instances: instances.map(({ instance, version, inFlight, app, expiry }) => ({
        ...{ instance, version, inFlight },
        ...(app === undefined
          ? {}
          : { app: { running: app.running, waiting: app.waiting, limit: app.limit } }),
        ...(expiry === undefined ? {} : { expiry }),
      })),
    };
  }

  #isKnown(service: string): boolean {
    const { book, catalog } = this.#deps;
    if (catalog.services.has(service) || book.instances.of(service).length > 0) return true;
    return [...book.all()].some(
      ({ of }) => of.kind === "edge" && (of.caller === service || of.callee === service),
    );
  }

  #node(service: string, edges: readonly Edge[], window: Window, isNow: boolean) {
    const { catalog, ejections, book } = this.#deps;
    const known = catalog.services.get(service);
    const incoming = edges.filter(({ callee }) => callee === service);
    const golden = this.#incoming(service, incoming, window).golden();
    const up = [...(known?.instances.values() ?? [])].filter(({ state }) => state === "up");
    const versions = new Map<string, number>();
    for (const { row } of up) versions.set(row.version, (versions.get(row.version) ?? 0) + 1);
    const all = ejections();
    const ejected = up.filter(({ row }) => all.has(`${service}.${row.instance}`)).length;
    const slowness = this.#slowness(incoming, window, versions);
    return {
      service,
      ...healthOf(isNow ? known : undefined, golden, isNow ? ejected : 0, slowness),
      ...slowness,
      isServed: isServed(golden) || (known?.instances.size ?? 0) + book.instances.of(service).length > 0,
      instances: up.length,
      ejected,
      sidecars: book.instances.of(service).length,
      versions: [...versions].map(([version, instances]) => ({ version, instances })),
      in: golden,
      out: sumOf(
        edges.filter(({ caller }) => caller === service),
        this.#sum(window),
      ).golden(),
    };
  }

  /** A version of which no instance is up any more is nobody's trouble. */
  #slowness(incoming: readonly Edge[], window: Window, up: ReadonlyMap<string, number>) {
    const slow = slowOf(
      incoming.flatMap(({ calls }) => calls),
      window,
    );
    const slowVersions = slowVersionsOf(incoming, window).filter(
      ({ version }) => up.size === 0 || up.has(version),
    );
    return { ...(slow === undefined ? {} : { slow }), slowVersions };
  }

  #edge(edge: Edge, window: Window) {
    const { caller, callee, seenBy, other } = edge;
    const ownView = this.#sum(window);
    if (seenBy === "both") for (const series of other) ownView.add(series);
    return {
      ...{ from: caller, to: callee, seenBy },
      ...sumOf([edge], this.#sum(window)).golden(),
      versions: this.#grouped(edge.calls, ({ of }) => (of.kind === "edge" ? of.version : ""), window).map(
        ({ name, sum }) => ({ version: name, ...sum.golden() }),
      ),
      ...(seenBy === "both" ? { atCallee: ownView.golden() } : {}),
    };
  }

  #rows(service: string, by: Dimension, edges: readonly Edge[], window: Window) {
    const rows = this.#groups(service, by, edges, window)
      .filter(({ sum }) => !sum.isEmpty)
      .map(({ name, sum }) => ({ name, ...charted(sum) }))
      .sort((a, b) => b.calls - a.calls);
    return {
      direction: by === "callee" ? ("out" as const) : ("in" as const),
      policy: [...POLICY_BY[by]],
      rows,
    };
  }

  #groups(service: string, by: Dimension, edges: readonly Edge[], window: Window) {
    const all = [...this.#deps.book.all()];
    switch (by) {
      case "version":
        return this.#grouped(
          edges.flatMap(({ calls }) => calls),
          ({ of }) => (of.kind === "edge" ? of.version : ""),
          window,
        );
      case "caller":
      case "callee":
        return edges.map((edge) => ({ name: edge[by], sum: sumOf([edge], this.#sum(window)) }));
      case "route":
        return this.#grouped(
          all.filter(({ of }) => of.kind === "route" && of.callee === service),
          ({ of }) => (of.kind === "route" ? of.route : ""),
          window,
        );
      case "instance":
        return this.#grouped(
          all.filter(({ of }) => of.kind === "instance" && of.service === service && of.side === "server"),
          ({ of }) => (of.kind === "instance" ? of.instance : ""),
          window,
        );
    }
  }

  #grouped(all: readonly Series[], nameOf: (series: Series) => string, window: Window) {
    const groups = new Map<string, Sum>();
    for (const series of all) {
      const sum = groups.get(nameOf(series)) ?? this.#sum(window);
      groups.set(nameOf(series), sum);
      sum.add(series);
    }
    return [...groups].map(([name, sum]) => ({ name, sum })).filter(({ sum }) => sum.calls > 0);
  }

  /** The calls to a service, and what its own instances did with them. */
  #incoming(service: string, edges: readonly Edge[], window: Window): Sum {
    const sum = sumOf(edges, this.#sum(window));
    for (const series of this.#deps.book.all()) {
      const { of } = series;
      if (of.kind === "instance" && of.service === service && of.side === "server") sum.addPolicy(series);
    }
    return sum;
  }

  /** Services of late, and all that calls name. */
  #names(edges: readonly Edge[]): string[] {
    const known = [...this.#deps.catalog.services.values()].filter(({ instances }) => instances.size > 0);
    return [
      ...new Set([
        ...known.map(({ name }) => name),
        ...this.#deps.book.instances.of().map(({ service }) => service),
        ...edges.flatMap(({ caller, callee }) => [caller, callee]),
      ]),
    ].sort();
  }

  #window(windowMs: number, at = this.#deps.clock.unix()): Window {
    return windowOf(windowMs, at, this.#deps.clock.unix());
  }

  /** A rate is over the time in which this registry has listened. */
  #sum(window: Window): Sum {
    const { book, clock } = this.#deps;
    const heard = heardOf(window, book.since);
    const to = Math.min(window.to, clock.unix());
    return new Sum(window, Math.max(window.stepMs, to - Math.max(heard.from, book.since)), heard);
  }
}

/** Whether calls came to somebody, or there were none. */
const isServed = ({ calls, codes }: Golden): boolean =>
  calls === 0 || calls > (codes["no-instance"] ?? 0) + (codes["unknown-backend"] ?? 0);

const headOf = ({ from, to, stepMs }: Window) => ({ from, to, stepMs });

const charted = (sum: Sum) => ({ ...sum.golden(), points: sum.points() });
