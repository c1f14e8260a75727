import { z } from "zod";

/**
 * What `ExportTraceServiceRequest` says (`otlp.ts`), as JSON: ids in hexadecimal, 64-bit numbers also as decimal strings,
 * enums as numbers, names in lowerCamelCase. What the specification does not allow is refused.
 */
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const uint64 = z.union([z.string().regex(/^\d{1,20}$/), z.int().min(0)]);
const uint32 = z.int().min(0).max(0xffff_ffff);

const attributes = z
  .array(
    z.strictObject({
      key: z.string().min(1),
      // Of the seven kinds of AnyValue, those that a span of ours may have; exactly one.
      value: z.union([
        z.strictObject({ stringValue: z.string() }),
        z.strictObject({ boolValue: z.boolean() }),
        z.strictObject({ intValue: z.union([z.int(), z.string().regex(/^-?\d+$/)]) }),
        z.strictObject({ doubleValue: z.number() }),
        z.strictObject({ arrayValue: z.object({ values: z.array(z.unknown()) }) }),
      ]),
    }),
  )
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, "a key is there twice");
const dropped = { droppedAttributesCount: uint32.optional() };

const span = z
  .strictObject({
    traceId: hex(32),
    spanId: hex(16),
    traceState: z.string().optional(),
    /** Empty or absent for a root. */
    parentSpanId: z.union([hex(16), z.literal("")]).optional(),
    flags: uint32.optional(),
    name: z.string().min(1),
    kind: z.int().min(0).max(5),
    startTimeUnixNano: uint64,
    endTimeUnixNano: uint64,
    attributes,
    ...dropped,
    events: z
      .array(z.strictObject({ timeUnixNano: uint64, name: z.string(), attributes, ...dropped }))
      .optional(),
    droppedEventsCount: uint32.optional(),
    links: z.array(z.unknown()).max(0).optional(),
    droppedLinksCount: uint32.optional(),
    status: z
      .strictObject({ code: z.int().min(0).max(2).optional(), message: z.string().optional() })
      .optional(),
  })
  .refine((one) => BigInt(one.endTimeUnixNano) >= BigInt(one.startTimeUnixNano), "it ends before it began");

export const exportTraceRequest = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes, ...dropped }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({
            name: z.string(),
            version: z.string().optional(),
            attributes: attributes.optional(),
            ...dropped,
          }),
          spans: z.array(span),
          schemaUrl: z.string().optional(),
        }),
      ),
      schemaUrl: z.string().optional(),
    }),
  ),
});

/** Attributes as plain values. */
export const plain = (
  all: z.infer<typeof attributes>,
): Record<string, string | number | boolean | undefined> =>
  Object.fromEntries(
    all.map(({ key, value }) => {
      if ("intValue" in value) return [key, Number(value.intValue)];
      return [key, Object.values(value)[0] as string | number | boolean];
    }),
  );
