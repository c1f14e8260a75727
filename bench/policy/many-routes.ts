import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ManyRoutes {
  readonly services: number;
  readonly routesEach: number;
}

export const nameOfService = (i: number): string => `svc-${String(i).padStart(3, "0")}`;

/** A path of every service that its first route redirects, so that the answer tells whether the route acts. */
export const MOVED_PATH = "/r0/old";
export const MOVED_STATUS = 301;

/** Writes routes as teams keep them: a file for each service. @returns the folder */
export function writeRoutes(folder: string, { services, routesEach }: ManyRoutes): string {
  const routes = join(folder, "routes");
  mkdirSync(routes);
  for (let i = 0; i < services; i++) {
    const name = nameOfService(i);
    const documents = Array.from({ length: routesEach }, (_, n) => routeText(name, n));
    writeFileSync(join(routes, `${name}.yaml`), documents.join("---\n"));
  }
  return routes;
}

/** A canary by header, a split, and a path that moved. */
const routeText = (service: string, n: number): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${service}-r${n}
  labels: { team: team-${service.at(-1)} }
spec:
  parentRefs:
    - { group: "", kind: Service, name: ${service} }
  rules:
    - name: moved
      matches:
        - path: { type: Exact, value: /r${n}/old }
      filters:
        - type: RequestRedirect
          requestRedirect:
            statusCode: ${MOVED_STATUS}
            path: { type: ReplaceFullPath, replaceFullPath: /r${n}/new }
    - name: canary
      matches:
        - path: { type: PathPrefix, value: /r${n} }
          headers: [{ name: x-canary, value: "1" }]
      backendRefs:
        - { name: ${service}, version: "2" }
    - name: split
      matches:
        - path: { type: PathPrefix, value: /r${n} }
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { set: [{ name: x-route, value: r${n} }] }
      timeouts: { request: 2s, backendRequest: 500ms }
      backendRefs:
        - { name: ${service}, version: "1", weight: 90 }
        - { name: ${service}, version: "2", weight: 10 }
`;
