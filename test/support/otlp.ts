import assert from "node:assert/strict";
import protobuf from "protobufjs";

/**
 * `ExportTraceServiceRequest` of opentelemetry-proto 1.x (collector/trace/v1, trace/v1, resource/v1, common/v1), written after
 * the specification: it knows nothing of what sends it.
 */
const PROTO = `
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
  message InstrumentationScope {
    string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
  }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; fixed32 flags = 16;
    string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
    repeated Event events = 11; uint32 dropped_events_count = 12;
    repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15;
    message Event {
      fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
    }
    message Link { bytes trace_id = 1; bytes span_id = 2; }
  }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message ArrayValue { repeated AnyValue values = 1; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5;
    }
  }
`;
const request = protobuf.parse(PROTO).root.lookupType("ExportTraceServiceRequest");

/** Reads a request, and gives it as OTLP has it in JSON. Fields that the specification does not have are an error. */
export function readRequest(bytes: Buffer): unknown {
  const message = request.decode(bytes);
  assert.equal(request.encode(message).finish().length, bytes.length, "there is what no field says");
  return JSON.parse(
    JSON.stringify(request.toObject(message, { longs: String, bytes: Array, arrays: true }), (name, value) =>
      /(?:trace|span)Id$/i.test(name) ? Buffer.from(value).toString("hex") : value,
    ),
  );
}
