/** Fifteen header fields, as a browser behind a gateway sends them. */
export const HEADERS = [
  "Host: orders.mesh",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-US,en;q=0.5",
  "Accept-Encoding: gzip, deflate, br",
  "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=1",
  "Cache-Control: no-cache",
  "Pragma: no-cache",
  "DNT: 1",
  "X-Request-Id: 7b0c7f62-5a55-4a8e-9f3e-0c6d2f1f0a11",
  "X-Forwarded-For: 203.0.113.7",
  "X-Forwarded-Proto: https",
  "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "tracestate: vendor=t61rcWkgMzE",
  "Content-Type: application/json",
]
  .map((line) => `${line}\r\n`)
  .join("");

export const REQUEST_BYTES = Buffer.from(
  `GET /v2/orders/42?expand=items HTTP/1.1\r\n${HEADERS}\r\n`,
  "latin1",
);
