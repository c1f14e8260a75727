import type { NKey } from "../../identity/keys/nkey.ts";
import type { LedgerEntry } from "../../identity/records/ledger.ts";
import { OperatorAwayError, operatorKey } from "../../identity/trust/mesh-account.ts";
import { refuseRenewal, revokeUsers, tellBrokers } from "../../identity/trust/revoke.ts";
import { serviceName, token } from "../../subjects/token.ts";
import { Fault } from "../fault.ts";
import { lockFolder } from "../lock-folder.ts";
import { printLine } from "../policy/print.ts";
import { readUp } from "../up/record.ts";
import type { RevokeFlags } from "../verbs/revoke.ts";
import { needState } from "./need-state.ts";

/** Revokes an instance, or all of a service: first at the authority, which needs nothing, then at the brokers. */
export async function revoke(who: string, { state, operatorSeed }: RevokeFlags): Promise<void> {
  const [service, instance] = parsed(who);
  needState(state);
  const now = Date.now();
  const revoked = refuseRenewal(state, service, instance, now);
  if (instance !== undefined && revoked.length === 0)
    throw new Fault(`the authority knows no ${who}`, "weft identities --all lists everybody it let in");
  const by = [...new Set(revoked.map(({ admittedBy }) => admittedBy))].join(", ");
  const ended = instance === undefined ? "its tokens have ended" : `${by} lets nobody in any more`;
  printLine(`${who}: nothing is renewed any more, and ${ended}`);
  if (revoked.length === 0)
    throw new Fault(
      `nobody of the name ${service} was ever let in`,
      "is it spelt right? weft identities --all lists everybody",
    );
  const alive = revoked.filter(({ jwtExpiresAt }) => now < jwtExpiresAt);
  if (alive.length === 0) return printLine(`${who}: nobody has a JWT that is still good`);
  await cutOffAlive(state, alive, operatorOrFault(state, operatorSeed, alive), now);
}

async function cutOffAlive(
  state: string,
  alive: readonly LedgerEntry[],
  operator: NKey,
  now: number,
): Promise<void> {
  const up = readUp(state);
  const unlock = lockFolder(
    state,
    "trust.lock",
    (pid) => new Fault(`process ${pid} changes the trust of this mesh`, "try again when it is done"),
  );
  const nkeys = alive.map(({ nkey }) => nkey);
  const brokers = up?.broker.urls ?? [];
  try {
    const jwt = await revokeUsers(state, operator, nkeys, now);
    if (brokers.length === 0)
      return printLine("no broker runs from here: it will know when it starts with this state folder");
    const answers = await tellBrokers(state, brokers, jwt);
    for (const { server, accepted, message } of answers)
      printLine(`broker ${server}: ${accepted ? "cut off whoever was there" : `refused: ${message}`}`);
    if (answers.length === 0 || answers.some(({ accepted }) => !accepted)) throw notByAll(state, alive);
  } finally {
    unlock();
  }
}

function operatorOrFault(state: string, file: string | undefined, alive: readonly LedgerEntry[]): NKey {
  try {
    return operatorKey(state, file);
  } catch (error) {
    if (!(error instanceof OperatorAwayError)) throw error;
    throw new Fault(
      `the brokers were not told: ${error.message.split(":")[0]}; connections go on until ${lastOf(alive)}`,
      "run it again with --operator-seed FILE",
    );
  }
}

const notByAll = (state: string, alive: readonly LedgerEntry[]): Fault =>
  new Fault(
    `not every broker took it: connections may go on until ${lastOf(alive)}`,
    `a server with "resolver: MEMORY" has to be given ${state}/trust/accounts/MESH.jwt in its resolver_preload, and a reload`,
  );

const lastOf = (alive: readonly LedgerEntry[]): string =>
  new Date(Math.max(...alive.map(({ jwtExpiresAt }) => jwtExpiresAt))).toISOString();

function parsed(who: string): [service: string, instance: string | undefined] {
  const [service = "", instance, ...more] = who.split("/");
  if (more.length > 0) throw new Fault(`${who} is not SERVICE/INSTANCE`, "weft identities lists both", 2);
  serviceName(service);
  return [service, instance === undefined ? undefined : token("instance", instance)];
}
