//! Saves bytes as a file.

/** How long the browser may take to read them. */
const SAVE_LIMIT_MS = 60_000;

export function save(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVE_LIMIT_MS);
}
