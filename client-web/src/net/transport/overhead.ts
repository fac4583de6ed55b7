//! How many bytes the heads of HTTP/1.1 requests and answers take. A page sees the headers of answers but not those
//! that the browser adds to its requests: of these, what every browser sends is counted.

const LINE_END_BYTES = 2;

export function requestHeadBytes(method: string, path: string, bodyBytes: number | undefined): number {
  const { navigator, location } = globalThis;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${location?.host}`,
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
  if (bodyBytes !== undefined) lines.push(`Content-Length: ${bodyBytes}`, `Origin: ${location?.origin}`);
  return lines.reduce((sum, line) => sum + line.length + LINE_END_BYTES, LINE_END_BYTES);
}

export function answerHeadBytes(answer: Response): number {
  let bytes = `HTTP/1.1 ${answer.status} ${answer.statusText}`.length + 2 * LINE_END_BYTES;
  answer.headers.forEach((value, name) => {
    bytes += `${name}: ${value}`.length + LINE_END_BYTES;
  });
  return bytes;
}
