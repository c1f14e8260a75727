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
  retry: { attempts: 2, codes: [502, 503], backoff: 25ms }
  retryBudget: { percent: 20, interval: 10s, minRetryRate: 10 }
  hedge: { percentile: 95 }
  balance: { policy: consistent-hash, hash: { cookie: session } }
  breaker:
    consecutiveFailures: 7
    successRate: { below: 0.8, interval: 10s, minCalls: 5 }
    service: { consecutiveFailures: 20 }
  limits:
    maxConcurrency: 64
    queue: { calls: 16, wait: 100ms }
    priority: { header: priority, shedBelow: 5 }
    maxPending: 256
  rateLimit:
    local: { requests: 500, interval: 1s, burst: 50 }
    global: { requests: 10000, interval: 1m }
  park: { maxWait: 2s, maxCalls: 100 }
  authentication:
    exempt: [/healthz]
    providers:
      - name: login
        issuer: https://login.example.com/
        audiences: [orders]
        jwks: { uri: https://login.example.com/jwks.json }
        claimsToHeaders: [{ claim: sub, header: x-user }, { claim: email, header: x-email }]
  egress:
    hosts:
      - { host: api.example.com, ports: [443] }
      - { host: "*.internal.example.com", ports: [8080], methods: [GET], addresses: [10.0.0.0/8] }
  authorization:
    rules:
      - name: no-purges
        action: deny
        to: [{ paths: [{ value: /purge }] }]
      - name: shop-orders
        from: { services: [shop] }
        to: [{ methods: [GET, POST], paths: [{ value: /orders }] }]
  faults:
    - matches: [{ headers: [{ name: x-chaos, value: "1" }] }]
      delay: { percent: 50, duration: 300ms }
      abort: { percent: 5, status: 503 }
`,
  MeshPolicy: `apiVersion: weft.dev/v1
kind: MeshPolicy
metadata: { name: mesh }
spec:
  authorization: { default: deny, mode: shadow }
`,
} as const;
