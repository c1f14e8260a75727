export const CALLEE = "echo";

/** What the rule that takes the bench's calls writes into `x-rule` of its answers. */
export const ROUTED_BY = "split";

/**
 * A route as a service of some age has it. A request of the bench (`/1024`) is looked up by its path, then refused by
 * the three rules that are about a header, a method and a query, and taken by the last. Both shares of its split go
 * to the one version that there is, so that no call fails.
 */
export const ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${CALLEE} }
spec:
  parentRefs:
    - { group: "", kind: Service, name: ${CALLEE} }
  rules:
    - name: health
      matches: [{ path: { type: Exact, value: /healthz }, method: GET }]
    - name: login
      matches: [{ path: { type: Exact, value: /login }, method: POST }]
      timeouts: { request: 2s }
    - name: orders
      matches: [{ path: { value: /api/v1/orders } }]
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { add: [{ name: x-api, value: "1" }] }
    - name: beta
      matches: [{ path: { value: /api/v2 }, headers: [{ name: x-beta, value: "1" }] }]
    - name: old
      matches: [{ path: { value: /api/v0 } }]
      filters:
        - type: URLRewrite
          urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /api/v1 } }
    - name: files
      matches: [{ path: { value: /static }, method: GET }]
      filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: { set: [{ name: cache-control, value: max-age=3600 }] }
    - name: remove
      matches: [{ method: DELETE, headers: [{ name: x-confirm, value: "yes" }] }]
    - name: canary
      matches: [{ headers: [{ name: x-canary, value: "1" }] }]
      backendRefs: [{ name: ${CALLEE}, version: "1" }]
    - name: debug
      matches: [{ queryParams: [{ name: debug, value: "1" }] }]
    - name: ${ROUTED_BY}
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier:
            set: [{ name: x-from, value: bench }]
            remove: [x-internal]
        - type: ResponseHeaderModifier
          responseHeaderModifier: { set: [{ name: x-rule, value: ${ROUTED_BY} }] }
      timeouts: { request: 10s, backendRequest: 5s }
      backendRefs:
        - { name: ${CALLEE}, version: "1", weight: 90 }
        - { name: ${CALLEE}, version: "1", weight: 10 }
`;
