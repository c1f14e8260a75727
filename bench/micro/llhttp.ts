import { createRequire } from "node:module";

/** What is used of the global that Node has, and TypeScript only knows of with the types of a browser. */
interface WebAssemblyApi {
  instantiate(module: Buffer, imports: object): Promise<{ instance: { exports: unknown } }>;
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(bytes: number): number;
  llhttp_alloc(type: number): number;
  llhttp_execute(parser: number, at: number, bytes: number): number;
}

/** What a head says, as llhttp hands it over: target, then name and value in turn. */
export type Llhttp = (bytes: Buffer) => string[];

/**
 * llhttp, the parser of Node, as WebAssembly from the package undici, to compare ours with. Each piece is made a
 * string, as a proxy needs them. Undefined when undici is not installed.
 */
export async function loadLlhttp(): Promise<Llhttp | undefined> {
  const module = findModule();
  if (!module) return undefined;
  let pieces: string[] = [];
  let chunk: Buffer = module;
  let from = 0;
  const piece = (_parser: number, at: number, length: number): number => {
    pieces.push(chunk.toString("latin1", at - from, at - from + length));
    return 0;
  };
  const nothing = (): number => 0;
  const { instance } = await WebAssembly.instantiate(module, {
    env: {
      wasm_on_url: piece,
      wasm_on_header_field: piece,
      wasm_on_header_value: piece,
      wasm_on_status: nothing,
      wasm_on_message_begin: nothing,
      wasm_on_headers_complete: nothing,
      wasm_on_body: nothing,
      wasm_on_message_complete: nothing,
    },
  });
  const wasm = instance.exports as Exports;
  const parser = wasm.llhttp_alloc(REQUEST);
  from = wasm.malloc(64 * 1024);
  return (bytes) => {
    pieces = [];
    chunk = bytes;
    new Uint8Array(wasm.memory.buffer, from, bytes.length).set(bytes);
    const error = wasm.llhttp_execute(parser, from, bytes.length);
    if (error !== 0) throw new Error(`llhttp refused the head: error ${error}`);
    return pieces;
  };
}

/** llhttp's enumerator of parser types. */
const REQUEST = 1;

function findModule(): Buffer | undefined {
  try {
    return createRequire(import.meta.url)("undici/lib/llhttp/llhttp_simd-wasm.js") as Buffer;
  } catch {
    return undefined;
  }
}
