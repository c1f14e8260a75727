const MESH_FIELD = /^weft[-_]/im;
const MESH_LINES = /^weft[-_][^:]*:[^\n]*\n/gim;

/**
 * `weft-…` fields mean what the mesh says, so nobody else's travel on; nor do those with `_`, which apps behind CGI,
 * WSGI and PHP read as the same (RFC 3875 section 4.1.18).
 */
export const withoutMeshFields = (headers: string): string =>
  MESH_FIELD.test(headers) ? headers.replace(MESH_LINES, "") : headers;
