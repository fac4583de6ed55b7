//! Counts what a transport sends and receives. The transport itself does not know. What a browser hides of its requests is
//! estimated.

import { openTransport } from "../net/transport/open.ts";
import type { ServerAddress, Transport, TransportEvents, TransportKind } from "../net/transport/transport.ts";
import { LENGTH_BYTES } from "../wasm/schema.ts";

/** Bytes of the mask in each frame of a client (RFC 6455 §5.3). */
const MASK_BYTES = 4;
const LINE_END_BYTES = 2;

/** Totals so far. */
export interface Counts {
  requests: number;
  messages: number;
  /** Bytes of messages. */
  payloadBytes: number;
  /** Bytes of everything around them: headers and framing. */
  overheadBytes: number;
}

/** A transport and what it has sent and received. */
export interface CountedTransport {
  transport: Transport;
  counts: Readonly<Counts>;
}

export function openCounted(
  kind: TransportKind,
  server: ServerAddress,
  events: TransportEvents,
): CountedTransport {
  const counts: Counts = {
    requests: kind === "websocket" ? 1 : 0,
    messages: 0,
    payloadBytes: 0,
    overheadBytes: 0,
  };
  const count = (bytes: number, maskBytes: number) => {
    counts.messages += 1;
    counts.payloadBytes += bytes;
    counts.overheadBytes += kind === "websocket" ? frameHeadBytes(bytes) + maskBytes : LENGTH_BYTES;
  };
  const received = (message: Uint8Array) => {
    count(message.length, 0);
    events.received(message);
  };
  const opened = openTransport(kind, server, { ...events, received }, countRequests(counts));
  const transport: Transport = {
    kind,
    get isOpen() {
      return opened.isOpen;
    },
    get reached() {
      return opened.reached;
    },
    send: (message) => {
      if (opened.isOpen) count(message.length, MASK_BYTES);
      opened.send(message);
    },
    close: (code, reason) => opened.close(code, reason),
  };
  return { transport, counts };
}

function frameHeadBytes(payloadBytes: number): number {
  return 2 + (payloadBytes < 126 ? 0 : payloadBytes < 65_536 ? 2 : 8);
}

function countRequests(counts: Counts): typeof fetch {
  return async (input, init = {}) => {
    counts.requests += 1;
    counts.overheadBytes += requestHeadBytes(init.method ?? "GET", new URL(String(input)), init.body);
    const answer = await fetch(input, init);
    counts.overheadBytes += answerHeadBytes(answer);
    return answer;
  };
}

/** Bytes of an HTTP/1.1 request's head. A page does not see the headers that its browser adds: those that all send count. */
function requestHeadBytes(method: string, url: URL, body: BodyInit | null | undefined): number {
  const { navigator, location } = globalThis;
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Connection: keep-alive",
    `User-Agent: ${navigator?.userAgent}`,
    "Accept: */*",
    "Accept-Encoding: gzip, deflate, br, zstd",
    `Accept-Language: ${navigator?.languages?.join(",")}`,
    "Cache-Control: no-cache",
    "Pragma: no-cache",
    "Sec-Fetch-Dest: empty",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Site: same-origin",
  ];
  if (body instanceof Uint8Array) lines.push(`Content-Length: ${body.length}`, `Origin: ${location?.origin}`);
  return lines.reduce((sum, line) => sum + line.length + LINE_END_BYTES, LINE_END_BYTES);
}

function answerHeadBytes(answer: Response): number {
  let bytes = `HTTP/1.1 ${answer.status} ${answer.statusText}`.length + 2 * LINE_END_BYTES;
  answer.headers.forEach((value, name) => {
    bytes += `${name}: ${value}`.length + LINE_END_BYTES;
  });
  return bytes;
}
