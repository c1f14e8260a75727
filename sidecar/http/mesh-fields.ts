const MESH_FIELD = /^weft-/im;
const MESH_LINES = /^weft-[^:]*:[^\n]*\n/gim;

/** `weft-…` fields mean what the mesh says, so nobody else's travel on. */
export const withoutMeshFields = (headers: string): string =>
  MESH_FIELD.test(headers) ? headers.replace(MESH_LINES, "") : headers;
