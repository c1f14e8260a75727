import type { NKey } from "../../identity/keys/nkey.ts";
import { isHalfRevoked, type LedgerEntry } from "../../identity/records/ledger.ts";
import { openLedger } from "../../identity/records/records.ts";
import { OperatorAwayError, operatorKey } from "../../identity/trust/mesh-account.ts";
import { refuseRenewal, revokeUsers, tellBrokers } from "../../identity/trust/revoke.ts";
import { nameOf } from "../../identity/trust/rotation/stragglers.ts";
import { serviceName, token } from "../../subjects/token.ts";
import { Fault } from "../fault.ts";
import { lockFolder } from "../lock-folder.ts";
import { printLine } from "../policy/print.ts";
import { readUp } from "../up/record.ts";
import type { RevokeFlags } from "../verbs/revoke.ts";
import { needState } from "./need-state.ts";

/**
 * Revokes an instance, or all of a service: first at the authority, which needs nothing, then at the brokers, which are
 * also told of whom they were not told before.
 */
export async function revoke(who: string, { state, operatorSeed }: RevokeFlags): Promise<void> {
  const [service, instance] = parsed(who);
  needState(state);
  const operator = operatorIfHere(state, operatorSeed);
  const now = Date.now();
  const revoked = refuseRenewal(state, service, instance, now);
  if (instance !== undefined && revoked.length === 0)
    throw new Fault(`the authority knows no ${who}`, "weft identities --all lists everybody it let in");
  if (revoked.length === 0)
    throw new Fault(
      `nobody of the name ${service} was ever let in; if there are tokens for it, they have ended`,
      "is it spelt right? weft identities --all lists everybody",
    );
  const by = [...new Set(revoked.map(({ admittedBy }) => admittedBy))].join(", ");
  const ended = instance === undefined ? "its tokens have ended" : `${by} lets nobody in any more`;
  printLine(`${who}: nothing is renewed any more, and ${ended}`);
  const alive = revoked.filter(({ jwtExpiresAt }) => now < jwtExpiresAt);
  if (alive.length === 0) printLine(`${who}: nobody has a JWT that is still good`);
  const others = openLedger(state)
    .list(now)
    .filter((entry) => isHalfRevoked(entry, now) && !revoked.some(({ nkey }) => nkey === entry.nkey));
  const toTell = [...alive, ...others];
  if (toTell.length === 0) return;
  if (operator instanceof OperatorAwayError) throw notTold(operator, toTell);
  if (others.length > 0)
    printLine(`the brokers are also told of ${others.map(nameOf).join(", ")}, revoked before`);
  await cutOffAlive(state, toTell, operator, now);
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
    if (brokers.length === 0) openLedger(state).told(alive, now);
    if (brokers.length === 0)
      return printLine("no broker runs from here: it will know when it starts with this state folder");
    const answers = await tellBrokers(state, brokers, jwt);
    for (const { server, accepted, message } of answers)
      printLine(`broker ${server}: ${accepted ? "cut off whoever was there" : `refused: ${message}`}`);
    if (answers.length === 0 || answers.some(({ accepted }) => !accepted)) throw notByAll(state, alive);
    openLedger(state).told(alive, now);
  } finally {
    unlock();
  }
}

/** @throws SecretFileError for another operator's, before anything is done */
function operatorIfHere(state: string, file: string | undefined): NKey | OperatorAwayError {
  try {
    return operatorKey(state, file);
  } catch (error) {
    if (error instanceof OperatorAwayError) return error;
    throw error;
  }
}

const notTold = ({ message }: OperatorAwayError, alive: readonly LedgerEntry[]): Fault =>
  new Fault(
    `the brokers were not told: ${message.split(":")[0]}; connections go on until ${lastOf(alive)}`,
    "run it again with --operator-seed FILE; weft check fails until then",
  );

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
