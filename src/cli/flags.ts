import { type Command, InvalidArgumentError, Option } from "commander";
import { isLoopback } from "../../sidecar/admin/loopback.ts";
import type { Address, Upstream } from "../../sidecar/options.ts";
import { cidrProblem } from "../identity/authority/source-address.ts";
import { parseDuration } from "../protocol/duration.ts";
import { NameError, serviceName, token } from "../subjects/token.ts";

/*
 * How the values of flags are read. Each function throws commander's InvalidArgumentError, whose text follows
 * "option '--x <y>' argument 'z' is invalid.".
 */

/** A flag with a default, which is given, read and shown as a user would write it. */
export function valued<T>(flag: string, text: string, read: (value: string) => T, byDefault: string): Option {
  return new Option(flag, text).argParser(read).default(read(byDefault), byDefault);
}

/** @returns ms */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("Give a duration such as 250ms, 15s or 1m30s.");
  return ms;
}

export function port(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw new InvalidArgumentError("Give a port from 1 to 65535, or 0 for a free one.");
  return value;
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}

export function positive(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("Give a whole number from 1 on.");
  return value;
}

/** A revision of the policy. */
export function revision(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Give a number that weft history lists.");
  return Number(text);
}

export function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/i.test(text)) return text;
  throw new InvalidArgumentError("Give a URL that begins with http:// or https://.");
}

export function httpsUrl(text: string): string {
  if (URL.canParse(text) && /^https:/i.test(text)) return text;
  throw new InvalidArgumentError("Give a URL that begins with https://.");
}

/** SHA-256, base64url. */
export function authorityPin(text: string): string {
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text;
  throw new InvalidArgumentError("Give the 43 characters that weft up prints after pin.");
}

/** A range of addresses. */
export function cidr(text: string): string {
  const problem = cidrProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`${problem[0]!.toUpperCase()}${problem.slice(1)}.`);
}

/** 0 to 1. */
export function ratio(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("Give a number from 0 to 1, such as 0.01.");
  return value;
}

/** `host:port`, `[::1]:port`, or a port alone, which is on loopback. */
export function address(text: string): Address {
  const [, host = "", portText = ""] =
    /^(?:(.*):)?(\d{1,5})$/.exec(text.replace(/^http:\/\//, "").replace(/\/$/, "")) ?? [];
  if (portText === "")
    throw new InvalidArgumentError("Give host:port, such as 127.0.0.1:4140, or a port alone.");
  return { host: host.replace(/^\[|\]$/g, "") || "127.0.0.1", port: port(portText) };
}

/** An address of this machine alone: what listens there asks nobody who he is. */
export function loopbackAddress(text: string): Address {
  const parsed = address(text);
  const host = parsed.host === "localhost" ? "127.0.0.1" : parsed.host;
  if (!isLoopback(host))
    throw new InvalidArgumentError(
      "It asks nobody who he is, so give an address of this machine alone: 127.0.0.1:PORT.",
    );
  return { ...parsed, host };
}

/** `orders=127.0.0.1:7001`, `v2.orders=7002`. */
export function upstream(text: string): Upstream {
  const [, version, service = "", where = ""] = /^(?:v([^.=]+)\.)?([^.=]+)=(.+)$/.exec(text) ?? [];
  if (service === "") throw new InvalidArgumentError("Give SERVICE=ADDRESS, such as orders=127.0.0.1:7001.");
  name("service", service);
  if (version !== undefined) name("version", version);
  return { service, ...(version === undefined ? {} : { version }), ...loopbackAddress(where) };
}

/** For a flag that may be given many times. */
export const many =
  <T>(parse: (text: string) => T) =>
  (text: string, before: readonly T[] | undefined): readonly T[] => [...(before ?? []), parse(text)];

/** A service's, version's or mesh's name. */
export const nameOf =
  (what: string) =>
  (text: string): string =>
    name(what, text);

function name(what: string, text: string): string {
  try {
    return what === "service" ? serviceName(text) : token(what, text);
  } catch (error) {
    if (error instanceof NameError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** `--state DIR`, as every verb has it that needs the state folder. */
export const withState = (command: Command): Command =>
  command.addOption(
    new Option("--state <dir>", "folder with the mesh's trust and state").env("WEFT_STATE").default(".weft"),
  );

/** `--registry`, as every verb has it that asks the registry. */
export const withRegistry = (command: Command): Command =>
  withState(command).option(
    "--registry <url>",
    "URL of the registry's HTTP API (default: of the mesh of --state)",
  );

/** `-o`, as every verb has it that prints data. */
export const withOutput = (command: Command, formats: readonly string[] = ["table", "json"]): Command =>
  command.addOption(
    new Option("-o, --output <format>", "how data is printed").choices(formats).default(formats[0]),
  );

/** `--log-format`, as verbs have it that go on running. */
export const logFormat = (): Option =>
  new Option("--log-format <format>", "lines for people, or an object of JSON each, with its event's name")
    .choices(["text", "json"])
    .default("text");

/** What the registry keeps of the signals: no less than a step, no more than an hour. */
function window(text: string): string {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 5000 || ms > 3_600_000)
    throw new InvalidArgumentError("Give a duration from 5s to 60m, such as 1m.");
  return text;
}

/** `--window`, as every verb has it that shows signals. */
export const withWindow = (command: Command): Command =>
  command.addOption(valued("--window <time>", "how much time it is about, 5s to 60m", window, "1m"));

/** `-f` and `-R`, as verbs have them that read policy files. */
export const withFiles = (command: Command): Command =>
  command
    .option(
      "-f, --filename <file>",
      "a file of YAML or JSON, a folder, or - for stdin; may be repeated",
      many((text) => text),
    )
    .option("-R, --recursive", "also the folders below a folder");
