import type { Extension, ExtensionParts } from "../registry/start.ts";
import { processFamilies } from "../telemetry/process-families.ts";
import type { Authorities } from "./access/authorities.ts";
import { AuthorityWatch } from "./access/authority-watch.ts";
import { AuthorityTeller } from "./access/teller.ts";
import { worldOf } from "./analyse/world.ts";
import { BrokerDesk } from "./broker/broker-desk.ts";
import { brokerFamilies } from "./broker/families.ts";
import { PolicyEditor } from "./edit/editor.ts";
import { Explainer } from "./explain/explain.ts";
import { HeldPolicy } from "./held-policy.ts";
import { HintDesk } from "./hints/hint-desk.ts";
import { addPolicyRoutes } from "./http/routes.ts";
import { PauseDesk } from "./pause/pause-desk.ts";
import { PolicyPublisher } from "./publisher.ts";
import { RateDesk } from "./rate/rate-desk.ts";
import { registryFamilies } from "./registry-families.ts";
import { RenewalDesk } from "./renew/renewal-desk.ts";
import { Sidecars } from "./sidecars.ts";
import { federated } from "./signals/http/families.ts";
import { addSignalRoutes } from "./signals/http/routes.ts";
import { SignalStream } from "./signals/http/stream.ts";
import { SignalBook } from "./signals/signal-book.ts";
import { SignalDesk } from "./signals/signal-desk.ts";
import { Signals } from "./signals/view/signals.ts";
import { PolicyKeeper } from "./store/keeper.ts";
import type { PolicyStore } from "./store/store.ts";
import { addTapRoutes } from "./tap/routes.ts";
import { TapDesk } from "./tap/tap-desk.ts";
import { TraceBook } from "./traces/trace-book.ts";
import { TraceDesk } from "./traces/trace-desk.ts";

export interface PolicyExtension extends Extension {
  readonly pauses: PauseDesk;
}

/** The policy as what runs in the registry's process besides. `close` closes the store, too. */
export function policyExtension(
  store: PolicyStore,
  adminToken: string,
  authorities?: Authorities,
): (parts: ExtensionParts) => PolicyExtension {
  return ({ bus, catalog, clock, drops, log }) => {
    const held = new HeldPolicy();
    const keeper = new PolicyKeeper(store, held, clock, log);
    const maxPayload = () => bus.maxPayload;
    const sidecars = new Sidecars(clock);
    const world = worldOf(catalog, sidecars);
    const editor = new PolicyEditor({ held, keeper, world, clock, maxPayload });
    const explainer = new Explainer({ bus, clock, drops });
    const publisher = new PolicyPublisher({ bus, policy: held, drops });
    const renewals = new RenewalDesk({ bus, clock });
    const teller = new AuthorityTeller({
      ...{ held, renewals, clock, log, tell: authorities?.tell },
      sidecars: () => sidecars.size,
    });
    const watch = new AuthorityWatch({ look: authorities?.look, clock, log });
    const book = new SignalBook(clock);
    const signals = new Signals({ book, catalog, clock, ejections: () => sidecars.ejections() });
    const traces = new TraceBook(clock);
    const broker = new BrokerDesk({ bus, clock });
    const pauses = new PauseDesk({ bus, clock, sidecars });
    const stream = new SignalStream(signals, clock, drops);
    const families = [
      ...federated(book),
      ...registryFamilies(catalog, drops, () => watch.state),
      ...brokerFamilies(() => broker.servers()),
      ...processFamilies(),
    ];
    const onBus = [
      publisher,
      explainer,
      renewals,
      teller,
      watch,
      new RateDesk({ bus, catalog, clock, drops, policy: held }),
      new HintDesk({ bus, catalog, clock, drops }),
      new SignalDesk({ bus, clock, drops, book }),
      new TraceDesk({ bus, clock, drops, book: traces }),
      broker,
    ];
    return {
      pauses,
      hears: { policyMark: () => publisher.mark, sidecars },
      addRoutes(app) {
        addPolicyRoutes(app, {
          held,
          keeper,
          editor,
          sidecars,
          explainer,
          traces,
          renewals,
          teller,
          watch,
          adminToken,
        });
        addTapRoutes(app, new TapDesk({ bus, clock, log }), adminToken);
        addSignalRoutes(app, { signals, stream, families });
      },
      load: () => keeper.start(),
      start() {
        for (const part of onBus) part.start();
      },
      async close() {
        for (const part of [...onBus, pauses]) part.stop();
        await keeper.close();
      },
    };
  };
}
