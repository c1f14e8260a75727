/** One file for each kind, for the reference page; a test reads them. */
export const EXAMPLES = {
  HTTPRoute: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders }
spec:
  parentRefs: [{ group: "", kind: Service, name: orders }]
  rules:
    - name: canary
      matches: [{ headers: [{ name: x-canary, value: "1" }] }]
      backendRefs: [{ name: orders, version: "2" }]
      timeouts: { request: 2s, backendRequest: 500ms }
    - name: split
      backendRefs:
        - { name: orders, version: "1", weight: 90 }
        - { name: orders, version: "2", weight: 10 }
      filters:
        - type: RequestMirror
          requestMirror: { backendRef: { name: orders, version: "3" }, percent: 1 }
`,
  ServicePolicy: `apiVersion: weft.dev/v1
kind: ServicePolicy
metadata: { name: orders }
spec:
  timeouts: { request: 5s }
  sticky: { header: x-user }
  faults:
    - matches: [{ headers: [{ name: x-chaos, value: "1" }] }]
      delay: { percent: 50, duration: 300ms }
      abort: { percent: 5, status: 503 }
`,
} as const;
