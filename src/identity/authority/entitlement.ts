import { Refusal } from "./refusal.ts";
import { refuseElsewhere } from "./source-address.ts";
import type { TokenStore } from "./token-store.ts";

/** What something that an instance showed is good for. */
export interface Entitlement {
  readonly service: string;
  /** What the claim for the instance's keys has to be signed for: this very thing. */
  readonly purpose: string;
  /** For the ledger and the audit log. */
  readonly by: string;
  /** Unix ms: when it was made. */
  readonly since: number;
  /** Takes one use. @returns the instance's id @throws Refusal when none is left */
  take(nkey: string): string;
}

/** By a token of ours. @param address that it comes from @throws Refusal */
export function byToken(
  tokens: TokenStore,
  { id, secret }: { readonly id: string; readonly secret: string },
  address: string,
): Entitlement {
  const record = tokens.find(id, secret);
  refuseElsewhere(record.cidrs ?? [], address);
  return {
    ...{ service: record.service, purpose: `enrol ${id}`, by: `token ${id}`, since: record.createdAt },
    take: (nkey) => tokens.spend(record, nkey),
  };
}

/** @param wanted the service that the sidecar means to be, if it says so @throws Refusal */
export function refuseOther({ service }: Entitlement, wanted: string | undefined): void {
  if (wanted === undefined || wanted === service) return;
  throw new Refusal(
    "token-other",
    `the token is for ${service}, not for ${wanted}`,
    `ask for one with "weft token ${wanted}"; this one is still good for ${service}`,
  );
}
