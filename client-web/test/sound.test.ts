//! Sounds while the audio context is suspended.

import { expect, test, vi } from "vitest";
import { Synth } from "../src/audio/synth.ts";

/** A context whose nodes do nothing. */
function contextIn(state: AudioContextState) {
  const param = () => ({ value: 0, setValueAtTime() {}, exponentialRampToValueAtTime() {} });
  const node = () => {
    const made = { gain: param(), frequency: param(), pan: param(), threshold: param(), ratio: param() };
    return { ...made, connect: (next: unknown) => next, start() {}, stop() {} };
  };
  return {
    state,
    sampleRate: 8,
    currentTime: 0,
    createGain: node,
    createDynamicsCompressor: node,
    createBiquadFilter: node,
    createStereoPanner: node,
    createBuffer: () => ({ getChannelData: () => new Float32Array(8) }),
    createOscillator: vi.fn(node),
    createBufferSource: vi.fn(node),
    resume: vi.fn(() => Promise.reject(new Error("not now"))),
  };
}

function synthIn(state: AudioContextState) {
  const context = contextIn(state);
  return { context, synth: new Synth(context as unknown as AudioContext) };
}

test("a context that was suspended for any reason is resumed", () => {
  for (const [state, times] of [
    ["suspended", 1],
    ["interrupted", 1],
    ["running", 0],
    ["closed", 0],
  ] as const) {
    const { context, synth } = synthIn(state);
    synth.resume();
    expect([state, context.resume.mock.calls.length]).toEqual([state, times]);
  }
});

test("a suspended context queues no sounds", () => {
  for (const [state, played] of [
    ["interrupted", false],
    ["running", true],
  ] as const) {
    const { context, synth } = synthIn(state);
    synth.explosion({ pan: 0, gain: 1 }, 1);
    expect(context.createOscillator.mock.calls.length > 0).toBe(played);
    expect(context.createBufferSource.mock.calls.length > 0).toBe(played);
  }
});
