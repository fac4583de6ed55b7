//! What this browser can encode.

import { type AudioCodec, canEncodeAudio, canEncodeVideo, type VideoCodec } from "mediabunny";
import { pixelsOf, type ShapeName, SOUND_BITS_PER_SECOND } from "./format.ts";
import { CHANNELS, SAMPLE_RATE } from "./soundtrack.ts";

/** How a film is encoded. */
export interface Encoding {
  container: "mp4" | "webm";
  video: VideoCodec;
  /** undefined if the browser encodes no sound. */
  audio: AudioCodec | undefined;
}

/** Why there can be no film: the page is not secure, or the browser has no WebCodecs or none of the codecs. */
export type Lack = "insecure" | "webCodecs" | "codecs";

const CHOICES = [
  { container: "mp4", videos: ["avc"], audio: "aac" },
  { container: "webm", videos: ["vp9", "vp8"], audio: "opus" },
] as const;

/** MP4 with H.264 and AAC where the browser has both, else WebM; the latter also for H.264 alone if it is WebM that has sound. */
export async function chooseEncoding(shape: ShapeName): Promise<Encoding | Lack> {
  if (!("VideoEncoder" in globalThis)) return isSecureContext ? "webCodecs" : "insecure";
  const possible: Encoding[] = [];
  for (const { container, videos, audio } of CHOICES) {
    const sounds = "AudioEncoder" in globalThis && (await canEncodeAudio(audio, soundOptions));
    for (const video of videos) {
      if (!(await canEncodeVideo(video, pixelsOf(shape)))) continue;
      possible.push({ container, video, audio: sounds ? audio : undefined });
    }
  }
  return possible.find(({ audio }) => audio !== undefined) ?? possible[0] ?? "codecs";
}

const soundOptions = {
  numberOfChannels: CHANNELS,
  sampleRate: SAMPLE_RATE,
  bitrate: SOUND_BITS_PER_SECOND,
};
