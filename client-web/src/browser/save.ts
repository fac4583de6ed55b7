//! Saves bytes as a file.

/** How long the browser may take to read them. */
const SAVE_LIMIT_MS = 60_000;

export function save(
  bytes: Uint8Array<ArrayBuffer> | ArrayBuffer,
  name: string,
  type = "application/octet-stream",
): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVE_LIMIT_MS);
}
