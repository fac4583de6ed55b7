//! The single sounds, each made of an oscillator or filtered noise with an envelope.

/** Where a sound comes from: −1 left … 1 right, and how loud it still is, 0..1. */
export interface Place {
  pan: number;
  gain: number;
}

const MIDDLE: Place = { pan: 0, gain: 1 };

export class Synth {
  private readonly master: GainNode;
  private readonly noise: AudioBuffer;

  constructor(readonly context: AudioContext) {
    this.master = context.createGain();
    const limiter = context.createDynamicsCompressor();
    limiter.threshold.value = -14;
    limiter.ratio.value = 8;
    this.master.connect(limiter).connect(context.destination);
    this.noise = context.createBuffer(1, context.sampleRate, context.sampleRate);
    const samples = this.noise.getChannelData(0);
    for (let i = 0; i < samples.length; i += 1) samples[i] = Math.random() * 2 - 1;
  }

  get output(): AudioNode {
    return this.master;
  }

  setVolume(volume: number): void {
    this.master.gain.setTargetAtTime(volume * volume * 0.9, this.context.currentTime, 0.02);
  }

  /** Goes on after whatever has stopped it: a browser that awaits a gesture, a call, a locked screen. */
  resume(): void {
    const { state } = this.context;
    if (state === "running" || state === "closed") return;
    this.context.resume().catch(() => {
      // Not yet; the next gesture asks again.
    });
  }

  /** Endless noise, for the engine. */
  noiseSource(): AudioBufferSourceNode {
    const source = this.context.createBufferSource();
    source.buffer = this.noise;
    source.loop = true;
    return source;
  }

  shot(place: Place, own: boolean): void {
    const spread = 1 + (Math.random() - 0.5) * 0.12;
    this.tone("sawtooth", 920 * spread, 170, 0.13, place, own ? 0.16 : 0.1);
    this.tone("square", 1480 * spread, 260, 0.07, place, own ? 0.05 : 0.03);
  }

  hit(place: Place, own: boolean): void {
    this.burst("bandpass", 1900, 500, 0.12, place, own ? 0.5 : 0.28);
    if (own) this.tone("sine", 170, 48, 0.22, place, 0.75);
  }

  /** `size` 0..1 lengthens and lowers it. */
  explosion(place: Place, size: number): void {
    const length = 0.35 + 0.75 * size;
    this.burst("lowpass", 2400, 70, length, place, 0.85);
    this.tone("sine", 130 - 50 * size, 28, length * 0.8, place, 0.8);
    this.burst("highpass", 3000, 1200, 0.09, place, 0.3);
  }

  pickup(place: Place): void {
    this.tone("triangle", 720, 760, 0.07, place, 0.2);
    this.tone("triangle", 1080, 1120, 0.1, place, 0.2, 0.055);
  }

  bank(place: Place): void {
    const step = Math.floor(Math.random() * 4);
    this.tone("sine", [1046, 1175, 1318, 1568][step], [1046, 1175, 1318, 1568][step], 0.16, place, 0.13);
  }

  appear(place: Place): void {
    this.tone("sine", 220, 880, 0.4, place, 0.16);
  }

  upgrade(): void {
    [523, 659, 784, 1046].forEach((pitch, step) => {
      this.tone("triangle", pitch, pitch, 0.22, MIDDLE, 0.2, step * 0.07);
    });
  }

  thud(place: Place, speed: number): void {
    const strength = Math.min(1, speed / 20);
    this.tone("sine", 110, 42, 0.16, place, 0.5 * strength);
    this.burst("lowpass", 500, 120, 0.12, place, 0.35 * strength);
  }

  click(): void {
    this.tone("square", 660, 880, 0.045, MIDDLE, 0.06);
  }

  /** The context's time stands still: whatever began now would sound later, and all of it at once. */
  private get standsStill(): boolean {
    return this.context.state !== "running";
  }

  private tone(
    shape: OscillatorType,
    from: number,
    to: number,
    seconds: number,
    place: Place,
    level: number,
    delay = 0,
  ): void {
    if (this.standsStill) return;
    const at = this.context.currentTime + delay;
    const oscillator = this.context.createOscillator();
    oscillator.type = shape;
    oscillator.frequency.setValueAtTime(from, at);
    oscillator.frequency.exponentialRampToValueAtTime(to, at + seconds);
    this.envelope(oscillator, at, seconds, place, level);
    oscillator.start(at);
    oscillator.stop(at + seconds + 0.02);
  }

  private burst(
    filter: BiquadFilterType,
    from: number,
    to: number,
    seconds: number,
    place: Place,
    level: number,
  ): void {
    if (this.standsStill) return;
    const at = this.context.currentTime;
    const source = this.noiseSource();
    const shape = this.context.createBiquadFilter();
    shape.type = filter;
    shape.frequency.setValueAtTime(from, at);
    shape.frequency.exponentialRampToValueAtTime(to, at + seconds);
    this.envelope(source.connect(shape), at, seconds, place, level);
    source.start(at, Math.random() * 0.8);
    source.stop(at + seconds + 0.02);
  }

  private envelope(node: AudioNode, at: number, seconds: number, place: Place, level: number): void {
    const gain = this.context.createGain();
    gain.gain.setValueAtTime(Math.max(0.0001, level * place.gain), at);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
    const panner = this.context.createStereoPanner();
    panner.pan.value = place.pan;
    node.connect(gain).connect(panner).connect(this.master);
  }
}
