//! Makes a film of a clip: one frame after another by the match's time, however long each takes. The same clip gives the same
//! frames on every run, since whatever moves in the picture takes the film's time and seeded random numbers.

import {
  AudioBufferSource,
  CanvasSource,
  Mp4OutputFormat,
  Output,
  Quality,
  WebMOutputFormat,
} from "mediabunny";
import { Frame } from "../../core/frame.ts";
import { Stage } from "../../view/stage.ts";
import { type FreeCamera, neededWidth } from "../player.ts";
import { RemoteReplay, type Turned } from "../remote.ts";
import type { Encoding } from "./codecs.ts";
import {
  bitrateOf,
  type FilmOptions,
  frameCount,
  pixelsOf,
  SHAPES,
  SOUND_BITS_PER_SECOND,
} from "./format.ts";
import { FilmLabels } from "./labels.ts";
import { Soundtrack } from "./soundtrack.ts";
import type { Destination } from "./target.ts";

/** The sound is rendered in parts of this length. */
const SOUND_BLOCK_SECONDS = 5;
/** The match runs this long before the first frame, so that trails and sparks are there. */
const LEAD_SECONDS = 1;

export interface FilmJob {
  core: WebAssembly.Module;
  /** A recording of the ticks of the film, and up to `LEAD_SECONDS` before. */
  clip: Uint8Array<ArrayBuffer>;
  title: string;
  /** The film's first tick. */
  from: number;
  /** The tick from which the clock counts. */
  zeroTick: number;
  /** The player followed. */
  follow: number;
  /** Where the picture stays if nobody is followed. */
  free: FreeCamera | undefined;
  options: FilmOptions;
  encoding: Encoding;
  /** No shake, no flashes. */
  calm: boolean;
}

/** How many ticks before its first one a film needs. */
export function leadTicks(tickRate: number): number {
  return LEAD_SECONDS * tickRate;
}

/**
 * Makes a film. `canvas` becomes its picture; `progress` is called after each frame. When `signal` aborts, nothing is left of it.
 */
export async function makeFilm(
  job: FilmJob,
  canvas: HTMLCanvasElement,
  destination: Destination,
  progress: (done: number, frames: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { options, encoding } = job;
  const output = new Output({
    format: encoding.container === "mp4" ? new Mp4OutputFormat() : new WebMOutputFormat(),
    target: destination.target,
  });
  Object.assign(canvas, pixelsOf(options.shape));
  const picture = new CanvasSource(canvas, {
    codec: encoding.video,
    quality: new Quality({ bitrate: bitrateOf(options) }),
  });
  output.addVideoTrack(picture, { frameRate: options.rate });
  const sound =
    options.sound && encoding.audio
      ? new AudioBufferSource({
          codec: encoding.audio,
          quality: new Quality({ bitrate: SOUND_BITS_PER_SECOND }),
        })
      : undefined;
  if (sound) output.addAudioTrack(sound);
  output.setMetadataTags({ title: job.title });
  try {
    await output.start();
    const studio = await Studio.open(job, canvas, signal);
    try {
      const soundtrack = new Soundtrack();
      const { frames } = studio;
      for (let index = 0; index < frames; index += 1) {
        await studio.draw(index);
        const [at, next] = [index / options.rate, (index + 1) / options.rate];
        if (sound) soundtrack.add(at, studio.frame, studio.camera);
        await picture.add(at, 1 / options.rate);
        const endsBlock = (index + 1) % (SOUND_BLOCK_SECONDS * options.rate) === 0;
        if (sound && (endsBlock || index + 1 === frames)) await sound.add(await soundtrack.render(next));
        signal.throwIfAborted();
        progress(index + 1, frames);
      }
    } finally {
      studio.close();
    }
    await output.finalize();
    signal.throwIfAborted();
  } catch (error) {
    await destination.discard();
    await output.cancel();
    throw error;
  }
  destination.finish();
}

/** The match and the picture of a film. */
class Studio {
  readonly frame = new Frame();
  private constructor(
    private readonly job: FilmJob,
    private readonly replay: RemoteReplay,
    private readonly stage: Stage,
    private readonly pen: CanvasRenderingContext2D,
    private readonly labels: FilmLabels,
    /** Frames before the film's first one. */
    private readonly lead: number,
    readonly frames: number,
    private readonly signal: AbortSignal,
  ) {}

  static async open(job: FilmJob, canvas: HTMLCanvasElement, signal: AbortSignal): Promise<Studio> {
    const pen = canvas.getContext("2d", { alpha: false });
    if (!pen) throw new Error("the browser has no 2D canvas");
    // A name that is drawn before its font is there would look different in the next film.
    await Promise.all(["A", "Я"].map((sample) => document.fonts.load("600 22px Tektur", sample)));
    const { core, clip, options, from, zeroTick } = job;
    const replay = await RemoteReplay.open(core, new File([clip], "clip.belt"), () => {}, signal);
    try {
      const { mode, tickRate, firstTick, ticks } = replay.info;
      const shape = SHAPES[options.shape];
      const stage = await Stage.open(shape);
      stage.camera.reducedMotion = job.calm;
      const labels = new FilmLabels({ mode, tickRate, zeroTick }, shape);
      for (const player of replay.info.players) labels.names.set(player.id, player.name);
      const frames = frameCount(ticks - from, tickRate, options.rate);
      const lead = from > firstTick ? frameCount(from - firstTick, tickRate, options.rate) : 0;
      const studio = new Studio(job, replay, stage, pen, labels, lead, frames, signal);
      for (let index = -lead; index < 0; index += 1) await studio.draw(index);
      return studio;
    } catch (error) {
      replay.close();
      throw error;
    }
  }

  get camera(): Stage["camera"] {
    return this.stage.camera;
  }

  /** Draws a frame; each in its turn, from the first of the lead. */
  async draw(index: number): Promise<void> {
    const { stage, frame, labels, pen } = this;
    const { options, follow, free } = this.job;
    const turn = index + this.lead;
    const nowMs = (turn * 1000) / options.rate;
    const { camera } = stage;
    if (free) camera.look(free.x, free.y, free.width, Number.POSITIVE_INFINITY);
    if (turn === 0) this.replay.wish({ playing: true, follow });
    if (turn === 0 && free) this.replay.wish({ camera: { ...free, width: neededWidth(camera) } });
    const { words } = await this.turn(nowMs);
    frame.attach(words, 0);
    const seconds = nowMs / 1000;
    for (let notice = this.replay.pollNotice(); notice; notice = this.replay.pollNotice())
      labels.take(notice, seconds);
    const nameOf = (player: number) => (options.labelled ? (labels.names.get(player) ?? "") : "");
    stage.draw(frame, { aim: undefined, follow: !free, nameOf, unseen: index < 0 }, nowMs);
    if (index < 0) return;
    // The renderer's picture is gone once the browser has composed the page.
    pen.drawImage(stage.canvas, 0, 0);
    if (options.labelled) labels.draw(pen, frame, seconds);
  }

  close(): void {
    this.replay.close();
    this.stage.close();
  }

  private turn(nowMs: number): Promise<Turned> {
    const { replay, signal } = this;
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      replay.failed = reject;
      replay.arrived = () => {
        signal.removeEventListener("abort", abort);
        const turned = replay.takeFrame();
        if (turned) resolve(turned);
      };
      replay.turn(nowMs);
    });
  }
}
