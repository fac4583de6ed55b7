//! Where a film goes: into a file of the user's choice while it is made, or into memory and from there to the downloads.

import { BufferTarget, StreamTarget, type StreamTargetChunk, type Target } from "mediabunny";
import { save } from "../../browser/save.ts";
import type { Encoding } from "./codecs.ts";

/** Chromium's; not in the types of TypeScript. */
interface SavePicker {
  showSaveFilePicker?(options: {
    suggestedName: string;
    types: { accept: Record<string, string[]> }[];
  }): Promise<RemovableFile>;
}

type RemovableFile = FileSystemFileHandle & { remove?(): Promise<void> };

/** A film on its way to the user. */
export interface Destination {
  readonly target: Target;
  /** After the film is complete. */
  finish(): void;
  /** Leaves nothing of a film that is not to be finished; to be called before its target is closed. */
  discard(): Promise<void>;
}

/** Whether the browser writes to the disk while the film is made. */
export function streams(): boolean {
  return "showSaveFilePicker" in globalThis;
}

const MIME = { mp4: "video/mp4", webm: "video/webm" } as const;

/** Asks where to save, if the browser can. Rejects with an `AbortError` if the user changes their mind. */
export async function chooseDestination(
  name: string,
  container: Encoding["container"],
): Promise<Destination> {
  const fileName = `${name}.${container}`;
  const { showSaveFilePicker } = globalThis as SavePicker;
  if (!showSaveFilePicker) return inMemory(fileName, MIME[container]);
  const types = [{ accept: { [MIME[container]]: [`.${container}`] } }];
  return inFile(await showSaveFilePicker({ suggestedName: fileName, types }));
}

function inMemory(fileName: string, type: string): Destination {
  const target = new BufferTarget();
  const finish = () => {
    if (target.buffer) save(target.buffer, fileName, type);
  };
  return { target, finish, discard: async () => {} };
}

async function inFile(file: RemovableFile): Promise<Destination> {
  const disk = await file.createWritable();
  let isDiscarded = false;
  const writable = new WritableStream<StreamTargetChunk>({
    write: (chunk) => (isDiscarded ? undefined : disk.write(chunk)),
    // The muxer also closes what it cancels, and closing would keep the part.
    close: () => (isDiscarded ? undefined : disk.close()),
  });
  const discard = async () => {
    isDiscarded = true;
    await disk.abort();
    // Picking a name has made an empty file.
    if ((await file.getFile()).size === 0) await file.remove?.();
  };
  return { target: new StreamTarget(writable, { chunked: true }), finish: () => {}, discard };
}
