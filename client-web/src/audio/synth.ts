//! The single sounds: an oscillator or filtered noise, with an envelope.

/** A sound's direction, −1 left … 1 right, and its loudness after distance, 0..1. */
export interface Panning {
  pan: number;
  gain: number;
}

const MIDDLE: Panning = { pan: 0, gain: 1 };

export class Synth {
  /** When the next sounds start, in seconds of the context, if a film is rendered; without it they start now. */
  startsAt: number | undefined;
  private readonly master: GainNode;
  private readonly music: GainNode;
  private readonly noise: AudioBuffer;

  /** `random` gives 0 up to, not including, 1. */
  constructor(
    readonly context: AudioContext | OfflineAudioContext,
    public random: () => number = Math.random,
  ) {
    this.master = context.createGain();
    const limiter = context.createDynamicsCompressor();
    limiter.threshold.value = -14;
    limiter.ratio.value = 8;
    this.master.connect(limiter).connect(context.destination);
    this.music = context.createGain();
    this.music.connect(limiter);
    this.noise = context.createBuffer(1, context.sampleRate, context.sampleRate);
    const samples = this.noise.getChannelData(0);
    for (let i = 0; i < samples.length; i += 1) samples[i] = this.random() * 2 - 1;
  }

  get output(): AudioNode {
    return this.master;
  }

  get now(): number {
    return this.startsAt ?? this.context.currentTime;
  }

  /** Sets the loudness of effects and music, 0..1. */
  setVolume(effects: number, music: number): void {
    this.master.gain.setTargetAtTime(effects * effects * 0.9, this.now, 0.02);
    this.music.gain.setTargetAtTime(music * music * 0.9, this.now, 0.2);
  }

  /** A note of the music, which begins at `at` and swells for `attack` seconds. */
  note(
    shape: OscillatorType,
    hertz: number,
    at: number,
    seconds: number,
    level: number,
    attack: number,
  ): void {
    const oscillator = this.context.createOscillator();
    oscillator.type = shape;
    oscillator.frequency.setValueAtTime(hertz, at);
    const gain = this.context.createGain();
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(level, at + attack);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
    oscillator.connect(gain).connect(this.music);
    oscillator.start(at);
    oscillator.stop(at + seconds + 0.02);
  }

  /** Resumes after a browser's autoplay policy, a phone call or a locked screen has suspended the context. */
  resume(): void {
    const { state } = this.context;
    if (state === "running" || state === "closed") return;
    this.context.resume().catch(() => {
      // The next gesture tries again.
    });
  }

  /** Endless noise, for the engine. */
  noiseSource(): AudioBufferSourceNode {
    const source = this.context.createBufferSource();
    source.buffer = this.noise;
    source.loop = true;
    return source;
  }

  shot(panning: Panning, own: boolean): void {
    const spread = 1 + (this.random() - 0.5) * 0.12;
    this.tone("sawtooth", 920 * spread, 170, 0.13, panning, own ? 0.16 : 0.1);
    this.tone("square", 1480 * spread, 260, 0.07, panning, own ? 0.05 : 0.03);
  }

  hit(panning: Panning, own: boolean): void {
    this.burst("bandpass", 1900, 500, 0.12, panning, own ? 0.5 : 0.28);
    if (own) this.tone("sine", 170, 48, 0.22, panning, 0.75);
  }

  /** An own bolt has hit: at full loudness from the middle, however far away. */
  confirm(): void {
    this.tone("square", 2100, 2100, 0.035, MIDDLE, 0.09);
    this.tone("sine", 1400, 1400, 0.06, MIDDLE, 0.12, 0.03);
  }

  /** A larger `size`, 0..1, sounds longer and lower. */
  explosion(panning: Panning, size: number): void {
    const length = 0.35 + 0.75 * size;
    this.burst("lowpass", 2400, 70, length, panning, 0.85);
    this.tone("sine", 130 - 50 * size, 28, length * 0.8, panning, 0.8);
    this.burst("highpass", 3000, 1200, 0.09, panning, 0.3);
  }

  pickup(panning: Panning): void {
    this.tone("triangle", 720, 760, 0.07, panning, 0.2);
    this.tone("triangle", 1080, 1120, 0.1, panning, 0.2, 0.055);
  }

  bank(panning: Panning): void {
    const step = Math.floor(this.random() * 4);
    this.tone("sine", [1046, 1175, 1318, 1568][step], [1046, 1175, 1318, 1568][step], 0.16, panning, 0.13);
  }

  appear(panning: Panning): void {
    this.tone("sine", 220, 880, 0.4, panning, 0.16);
  }

  upgrade(): void {
    [523, 659, 784, 1046].forEach((pitch, step) => {
      this.tone("triangle", pitch, pitch, 0.22, MIDDLE, 0.2, step * 0.07);
    });
  }

  thud(panning: Panning, speed: number): void {
    const strength = Math.min(1, speed / 20);
    this.tone("sine", 110, 42, 0.16, panning, 0.5 * strength);
    this.burst("lowpass", 500, 120, 0.12, panning, 0.35 * strength);
  }

  click(): void {
    this.tone("square", 660, 880, 0.045, MIDDLE, 0.06);
  }

  /** While the context is suspended its time stands still: sounds started now would play later, all at once. */
  private get isSuspended(): boolean {
    return this.startsAt === undefined && this.context.state !== "running";
  }

  private tone(
    shape: OscillatorType,
    from: number,
    to: number,
    seconds: number,
    panning: Panning,
    level: number,
    delay = 0,
  ): void {
    if (this.isSuspended) return;
    const at = this.now + delay;
    const oscillator = this.context.createOscillator();
    oscillator.type = shape;
    oscillator.frequency.setValueAtTime(from, at);
    oscillator.frequency.exponentialRampToValueAtTime(to, at + seconds);
    this.envelope(oscillator, at, seconds, panning, level);
    oscillator.start(at);
    oscillator.stop(at + seconds + 0.02);
  }

  private burst(
    filter: BiquadFilterType,
    from: number,
    to: number,
    seconds: number,
    panning: Panning,
    level: number,
  ): void {
    if (this.isSuspended) return;
    const at = this.now;
    const source = this.noiseSource();
    const shape = this.context.createBiquadFilter();
    shape.type = filter;
    shape.frequency.setValueAtTime(from, at);
    shape.frequency.exponentialRampToValueAtTime(to, at + seconds);
    this.envelope(source.connect(shape), at, seconds, panning, level);
    source.start(at, this.random() * 0.8);
    source.stop(at + seconds + 0.02);
  }

  private envelope(node: AudioNode, at: number, seconds: number, panning: Panning, level: number): void {
    const gain = this.context.createGain();
    gain.gain.setValueAtTime(Math.max(0.0001, level * panning.gain), at);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
    const panner = this.context.createStereoPanner();
    panner.pan.value = panning.pan;
    node.connect(gain).connect(panner).connect(this.master);
  }
}
