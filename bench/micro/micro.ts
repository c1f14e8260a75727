import { HEAD_LIMITS, parseRequestHead, requestHeadText } from "../../sidecar/http/request-head.ts";
import { createTracer, type Tracer } from "../../sidecar/observe/tracer.ts";
import { decode } from "../../src/protocol/decode.ts";
import { encodeOpen } from "../../src/protocol/encode.ts";
import { CallMeter } from "../../src/telemetry/call-meter.ts";
import { goalsText, grid } from "../report/text.ts";
import { repeat } from "./cases.ts";
import { type Case, timeCases } from "./clock.ts";
import { HEADERS, REQUEST_BYTES } from "./heads.ts";
import { layerCases } from "./layer-cases.ts";
import { loadLlhttp } from "./llhttp.ts";
import { observeCases } from "./observe-cases.ts";
import { policyCases } from "./policy-cases.ts";
import { flatness, ruleCases } from "./rule-cases.ts";
import { tokenCases } from "./token-cases.ts";

/**
 * Times the functions that every call passes through, alone. Gives the exit code.
 * @param check exit code 1 when a goal is missed
 */
export async function runMicro(check = false, print = (text: string) => console.log(text)): Promise<number> {
  const llhttp = await loadLlhttp();
  const tracer = await createTracer({ service: "web", instance: "i", version: "1", ratio: 0.01, env: {} });
  const cases = [
    ...frameCases(),
    ...headCases(),
    ...(llhttp ? [repeat("head: llhttp (WebAssembly), for comparison", () => llhttp(REQUEST_BYTES))] : []),
    ...(await layerCases(tracer)),
    ...(await observeCases(tracer)),
    ...(await policyCases(tracer)),
    ...tokenCases(),
    ...(await ruleCases()),
    ...telemetryCases(tracer),
  ];
  const timed = await timeCases(cases);
  const lines = timed.map(({ name, nsPerCall, spread }) => [
    name,
    String(Math.round(nsPerCall)),
    `${Math.round(spread * 100)} %`,
  ]);
  print(grid([["function", "ns", "±"], ...lines]));
  const goals = flatness(timed);
  print(`\n${goalsText(goals)}`);
  if (!llhttp) print("left out: llhttp, because the package undici is not installed");
  return check && goals.some(({ verdict }) => verdict === "missed") ? 1 : 0;
}

function frameCases(): Case[] {
  const text = `GET /v2/orders/42\n${HEADERS}`;
  const body = Buffer.alloc(0);
  const frame = encodeOpen(0, 1, 15_000, 65_536, text, body);
  const json = (): unknown => JSON.parse(JSON.stringify({ attempt: 1, remainingMs: 15_000, text, body: "" }));
  return [
    repeat("frame: OPEN with 15 fields, written", () => encodeOpen(0, 1, 15_000, 65_536, text, body)),
    repeat("frame: OPEN with 15 fields, read", () => decode(frame)),
    repeat("frame: the same as JSON, both, for comparison", json),
  ];
}

function headCases(): Case[] {
  const ours = (): unknown => {
    const text = requestHeadText(REQUEST_BYTES, HEAD_LIMITS);
    return typeof text === "string" ? parseRequestHead(text) : text;
  };
  return [repeat("head: 15 fields, found, checked and read", ours)];
}

function telemetryCases(tracer: Tracer): Case[] {
  const meter = new CallMeter({ side: "client", service: "web" });
  const incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
  const counted = (): void => {
    meter.started();
    meter.ended({
      method: "GET",
      status: 200,
      peer: "orders",
      version: "1",
      route: "",
      errorCode: undefined,
      injected: "",
      durationMs: 1,
    });
  };
  return [
    repeat("telemetry: a call counted and timed", counted),
    repeat("telemetry: a trace context passed on", () => tracer.next(incoming)),
    repeat("telemetry: a trace context made", () => tracer.next(undefined)),
  ];
}
