//! The sound of a film, rendered from the cues of its frames in blocks. A block is rendered from a little before its start, so that
//! sounds that began in the one before go on, and fades in from that one's end.

import { type Cue, cuesOf, enginePower, playCue } from "../../audio/cues.ts";
import { Engine } from "../../audio/engine.ts";
import { Synth } from "../../audio/synth.ts";
import type { Frame } from "../../core/frame.ts";
import type { Camera } from "../../view/camera.ts";
import { Random } from "../../view/random.ts";

export const SAMPLE_RATE = 48_000;
export const CHANNELS = 2;
/** Longer than any sound. */
const LEAD_SECONDS = 2;
const FADE_SAMPLES = 960;
const VOLUME = 0.9;

/** The sounds of one frame. */
interface Beat {
  atSeconds: number;
  /** Of the random numbers: a sound is the same in each block. */
  seed: number;
  power: 0 | 1 | 2;
  cues: Cue[];
}

export class Soundtrack {
  private beats: Beat[] = [];
  private seed = 0;
  /** The first sample of the next block. */
  private from = 0;
  /** What was rendered beyond the end of the last block. */
  private tail: Float32Array[] = [];

  /** Notes the sounds of a frame. */
  add(atSeconds: number, frame: Frame, camera: Camera): void {
    this.seed += 1;
    this.beats.push({
      atSeconds,
      seed: this.seed,
      power: enginePower(frame),
      cues: cuesOf(frame, camera),
    });
  }

  /** Renders the sound up to a time, from where the last block ended. */
  async render(untilSeconds: number): Promise<AudioBuffer> {
    const until = Math.round(untilSeconds * SAMPLE_RATE);
    const start = Math.max(0, this.from - LEAD_SECONDS * SAMPLE_RATE);
    const context = new OfflineAudioContext(CHANNELS, until - start + FADE_SAMPLES, SAMPLE_RATE);
    const noise = new Random(7);
    const synth = new Synth(context, () => noise.next());
    const engine = new Engine(synth);
    synth.setVolume(VOLUME, 0);
    this.beats = this.beats.filter(({ atSeconds }) => atSeconds * SAMPLE_RATE >= start);
    for (const { atSeconds, seed, power, cues } of this.beats) {
      const random = new Random(seed);
      synth.random = () => random.next();
      synth.startsAt = atSeconds - start / SAMPLE_RATE;
      engine.set(power);
      for (const cue of cues) playCue(synth, cue);
    }
    const rendered = await context.startRendering();
    const block = this.cut(rendered, this.from - start, until - this.from);
    this.from = until;
    return block;
  }

  private cut(rendered: AudioBuffer, skip: number, length: number): AudioBuffer {
    const block = new AudioBuffer({ numberOfChannels: CHANNELS, length, sampleRate: SAMPLE_RATE });
    const tails: Float32Array[] = [];
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      const samples = rendered.getChannelData(channel);
      const out = samples.slice(skip, skip + length);
      const before = this.tail[channel] ?? [];
      for (let i = 0; i < Math.min(before.length, length); i += 1) {
        const share = i / before.length;
        out[i] = out[i] * share + before[i] * (1 - share);
      }
      block.copyToChannel(out, channel);
      tails.push(samples.slice(skip + length));
    }
    this.tail = tails;
    return block;
  }
}
