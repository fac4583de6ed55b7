//! The hum of the own engine: filtered noise over a low tone, brighter with boost.

import type { Synth } from "./synth.ts";

const FADE_SECONDS = 0.09;
/** Loudness, cutoff (Hz) and pitch (Hz) for off, thrust and boost. */
const LEVELS = [0, 0.11, 0.2] as const;
const CUTOFFS = [160, 420, 1150] as const;
const PITCHES = [46, 58, 82] as const;

export class Engine {
  private readonly gain: GainNode;
  private readonly filter: BiquadFilterNode;
  private readonly tone: OscillatorNode;
  private power = -1;

  constructor(private readonly synth: Synth) {
    const { context } = synth;
    this.gain = context.createGain();
    this.gain.gain.value = 0;
    this.filter = context.createBiquadFilter();
    this.filter.type = "lowpass";
    this.tone = context.createOscillator();
    this.tone.type = "sawtooth";
    const noise = synth.noiseSource();
    noise.connect(this.filter);
    this.tone.connect(this.filter);
    this.filter.connect(this.gain).connect(synth.output);
    noise.start();
    this.tone.start();
  }

  /** 0 off, 1 thrust, 2 boost. */
  set(power: 0 | 1 | 2): void {
    if (power === this.power) return;
    this.power = power;
    const { now } = this.synth;
    this.gain.gain.setTargetAtTime(LEVELS[power], now, FADE_SECONDS);
    this.filter.frequency.setTargetAtTime(CUTOFFS[power], now, FADE_SECONDS);
    this.tone.frequency.setTargetAtTime(PITCHES[power], now, FADE_SECONDS);
  }
}
