import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "../src/bus/bus.ts";
import { BusError } from "../src/bus/connection.ts";
import type { Credentials } from "../src/bus/credentials.ts";
import { connectBus } from "../src/bus/nats-bus.ts";
import { MAX_WISH_BYTES, readWish, WITHIN_MS } from "../src/control/renew/wire.ts";
import type { PlatformTicket } from "../src/identity/authority/platform/ticket.ts";
import { AuthorityError } from "../src/identity/member/authority-client.ts";
import { enrol, renewIdentity, reuseIdentity } from "../src/identity/member/enrol.ts";
import { type Identity, keptIdentity } from "../src/identity/member/identity.ts";
import { Renewal } from "../src/identity/member/renewal.ts";
import { registry } from "../src/subjects/subjects.ts";
import type { Say } from "./options.ts";

/** The folder of an identity is somebody else's. */
export class IdentityInUseError extends Error {
  override readonly name = "IdentityInUseError";
}

export interface JoinOptions {
  readonly service: string;
  readonly version: string;
  /** Where the identity is kept, so that a restart needs no new token; nowhere when absent. */
  readonly folder?: string | undefined;
  /** The authority's URL where it is known: an identity that was kept from another one is not used. */
  readonly authority?: string | undefined;
  /** Asked only when there is no identity to go on with. */
  readonly token: () => Promise<string | PlatformTicket>;
  readonly say?: Say;
}

/** An instance's place in the mesh: who it is, its connection, and what keeps both good. */
export interface Membership {
  readonly identity: Identity;
  readonly bus: Bus;
  /** When the credentials end, in Unix ms. */
  readonly expiry: () => { readonly jwtExpiresAt: number; readonly leafExpiresAt: number };
  /** Stops the renewal and closes the bus. */
  close(): Promise<void>;
}

/**
 * Gets an identity, kept or by token, connects to the broker and renews both for as long as it lasts. Waits for a
 * broker that is away.
 * @throws JoinTokenError, AuthorityError, BusError, SecretFileError, IdentityInUseError with the cure
 */
export async function joinMesh(options: JoinOptions): Promise<Membership> {
  const { say = () => {}, service, version, folder } = options;
  const kept = await reuse(options, say);
  const identity =
    kept ??
    (await enrol(await options.token(), { service, version, ...(folder === undefined ? {} : { folder }) }));
  const bus = await connectPatiently(identity, kept !== undefined, say);
  const renewal = new Renewal(identity, {
    onRenewed: () => bus.renew(),
    onFailed: (error) => say("warn", `the identity was not renewed: ${error.message}`, "not-renewed"),
  });
  const wishes = bus.subscribe(registry.renewEvent, undefined, ({ data }) => {
    const wish = data.length > MAX_WISH_BYTES ? undefined : readWish(data);
    if (wish !== undefined && (wish.services?.includes(service) ?? true))
      renewal.renewSoon(wish.issuedBefore, wish.withinMs ?? WITHIN_MS);
  });
  return {
    identity,
    bus,
    expiry: () => ({ jwtExpiresAt: identity.jwtExpiresAt, leafExpiresAt: identity.certExpiresAt }),
    async close() {
      wishes.unsubscribe();
      renewal.stop();
      await bus.close();
    },
  };
}

/** The credentials to connect with: without TLS where the authority names brokers by `nats://`, as for measurements. */
export function fitted(credentials: Credentials): Credentials {
  const plain = () => credentials.servers().every((server) => server.startsWith("nats://"));
  return { ...credentials, tls: () => (plain() ? undefined : credentials.tls()) };
}

async function reuse(options: JoinOptions, say: Say): Promise<Identity | undefined> {
  const { folder, service, version, authority } = options;
  if (folder === undefined) return undefined;
  const kept = keptIdentity(folder);
  if (kept === undefined) return undefined;
  if (kept.service !== service)
    throw new IdentityInUseError(
      `${folder} has the identity of ${kept.service}: give ${service} another folder with --identity DIR`,
    );
  if ((authority ?? kept.authority) !== kept.authority) return undefined;
  for (let tries = 0; ; tries++)
    try {
      return await reuseIdentity(folder, { service, version });
    } catch (error) {
      if (!(error instanceof AuthorityError)) throw error;
      if (error.code !== "unreachable") {
        say(
          "warn",
          `the identity in ${folder} is no longer good (${error.message}): a token is used instead`,
          "identity-unusable",
        );
        return undefined;
      }
      if (tries === 0) say("warn", `${error.message}: trying again until it answers`, "authority-away");
      await pause(tries);
    }
}

async function connectPatiently(identity: Identity, kept: boolean, say: Say): Promise<Bus> {
  const credentials = fitted(identity.credentials);
  let told = false;
  for (let tries = 0; ; tries++)
    try {
      const bus = await connectBus(credentials, `${identity.service} ${identity.instance}`);
      if (told) say("info", "the broker is there", "broker-connected");
      return bus;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      const refused = /authorization|expired|revoked/i.test(error.message);
      // What was kept may name an old address of the broker, or a user it no longer knows.
      const mended =
        kept &&
        tries === 0 &&
        (await renewIdentity(identity).then(
          () => true,
          () => false,
        ));
      if (mended) continue;
      if (refused) throw error;
      if (!told) say("warn", `${error.message} Trying again until it is there`, "broker-away");
      told = true;
      await pause(tries);
    }
}

/** From a quarter of a second to five, each between half and one and a half times that. */
const pause = (tries: number): Promise<void> =>
  delay(Math.min(5000, 250 * 2 ** Math.min(tries, 10)) * (0.5 + Math.random()));
