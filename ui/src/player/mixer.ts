/**
 * What sounds: every track on one position counter, mixed with ramps. Runs in the audio thread; knows no browser.
 *
 * Whatever changes goes by a ramp of a few milliseconds, so nothing clicks: a switch of tracks crosses over linearly
 * (the tracks are the same music, so their amplitudes add), a jump lets the old place fade out while the new one fades
 * in, and a loop's end is such a jump. Where samples are missing it fades out before them, says so, and goes on when
 * they are there.
 */

import { advance, type Block, endOf, find, inside, nextStart, type Ramp, type Track } from './track.ts';

/** How long tracks cross over, and how long a jump, a start or a stop takes. Seconds. */
export const SWITCH_S = 0.015;
export const JUMP_S = 0.01;
/** What has to be there before it goes on after waiting. Seconds. */
const RESUME_S = 0.25;
/** Frames that are mixed at once. */
const RUN = 128;

/** A place that is heard: the head itself, or what fades out after a jump. */
interface Head {
  at: number;
  ramp: Ramp;
}

export interface MixerState {
  /** Frame that sounds next. */
  position: number;
  playing: boolean;
  /** Playing, but the samples are not there yet. */
  waiting: boolean;
  /** The track that sounds, or is coming in. */
  sounding: string | null;
  /** The linear gain it sounds with. */
  gain: number;
  ended: boolean;
}

export class Mixer {
  readonly #tracks = new Map<string, Track>();
  readonly #switchStep: number;
  readonly #jumpFrames: number;
  readonly #resumeFrames: number;
  readonly #volume: Ramp = { now: 1, target: 1 };
  readonly #envelope = new Float32Array(RUN);
  #head: Head = { at: 0, ramp: { now: 0, target: 0 } };
  #tails: Head[] = [];
  #playing = false;
  #waiting = false;
  #ended = false;
  #wanted: string | null = null;
  #sounding: string | null = null;
  #loop: { start: number; end: number } | null = null;
  #frames = 0;

  constructor(rate_hz: number) {
    this.#switchStep = 1 / Math.max(1, Math.round(SWITCH_S * rate_hz));
    this.#jumpFrames = Math.max(1, Math.round(JUMP_S * rate_hz));
    this.#resumeFrames = Math.round(RESUME_S * rate_hz);
  }

  get state(): MixerState {
    const track = this.#sounding === null ? undefined : this.#tracks.get(this.#sounding);
    return {
      position: this.#head.at,
      playing: this.#playing,
      waiting: this.#waiting,
      sounding: this.#sounding,
      gain: track ? track.gain.target : 1,
      ended: this.#ended,
    };
  }

  /** How long the song is: there it stops. */
  setLength(frames: number): void {
    this.#frames = frames;
  }

  addTrack(id: string, frames: number, gain: number, under: string | null): void {
    if (this.#tracks.has(id)) return;
    this.#tracks.set(id, {
      blocks: new Map(),
      frames,
      under,
      gain: { now: gain, target: gain },
      gains: new Float32Array(RUN),
      weight: { now: 0, target: 0 },
      retired: false,
    });
  }

  removeTrack(id: string): void {
    this.#tracks.delete(id);
    if (this.#sounding === id) this.#sounding = null;
    if (this.#wanted === id) this.#wanted = null;
  }

  /** Forget a track as soon as it no longer sounds. */
  retire(id: string): void {
    const track = this.#tracks.get(id);
    if (track) track.retired = true;
  }

  putBlock(id: string, block: Block): void {
    this.#tracks.get(id)?.blocks.set(block.start, block);
  }

  dropBlock(id: string, start: number): void {
    this.#tracks.get(id)?.blocks.delete(start);
  }

  /** Switch to a track as soon as its samples are there; until then what sounds goes on. */
  select(id: string): void {
    this.#wanted = id;
  }

  setGain(id: string, gain: number): void {
    const track = this.#tracks.get(id);
    if (!track) return;
    track.gain.target = gain;
    if (track.weight.now === 0) track.gain.now = gain; // unheard: nothing to ramp
  }

  setVolume(gain: number): void {
    this.#volume.target = gain;
  }

  setLoop(loop: { start: number; end: number } | null): void {
    this.#loop = loop;
  }

  play(): void {
    if (this.#playing) return;
    if (this.#head.at >= this.#frames) this.#head.at = 0;
    this.#playing = true;
    this.#ended = false;
    this.#waiting = true; // until the first look at what is there
  }

  pause(): void {
    if (!this.#playing) return;
    this.#playing = false;
    this.#waiting = false;
    this.#fadeOut();
  }

  seek(frame: number): void {
    this.#fadeOut();
    this.#head.at = Math.min(Math.max(0, Math.round(frame)), this.#frames);
    this.#ended = false;
    if (this.#playing) this.#waiting = true;
  }

  /** Mix the next frames into left and right, which it overwrites. */
  process(left: Float32Array, right: Float32Array): void {
    left.fill(0);
    right.fill(0);
    for (let offset = 0; offset < left.length; ) {
      const count = this.#nextRun(left.length - offset);
      this.#mix(left, right, offset, count);
      offset += count;
    }
  }

  /** How many frames may be mixed before something has to be decided anew. */
  #nextRun(most: number): number {
    let count = Math.min(RUN, most);
    this.#comeIn();
    if (!this.#playing) return count;
    if (this.#waiting) {
      if (!this.#has(this.#sounding, this.#head.at, this.#resumeFrames)) return count;
      this.#waiting = false;
      this.#head.ramp = { now: 0, target: 1 };
    }
    if (this.#loop && this.#head.at < this.#loop.end && this.#head.at + count > this.#loop.end) {
      count = this.#loop.end - this.#head.at;
    } else if (this.#loop && this.#head.at === this.#loop.end) {
      this.#jump(this.#loop.start);
      return this.#nextRun(most);
    }
    if (this.#head.at >= this.#frames) {
      this.#fadeOut();
      this.#playing = false;
      this.#ended = true;
      return count;
    }
    count = Math.min(count, this.#frames - this.#head.at);
    if (!this.#has(this.#sounding, this.#head.at, count + this.#jumpFrames)) {
      this.#fadeOut(); // just in time: what is left lasts for the fade
      this.#waiting = true;
    }
    return count;
  }

  /** Let the wanted track come in when it can. */
  #comeIn(): void {
    const id = this.#wanted;
    if (id === null || id === this.#sounding) return;
    const track = this.#tracks.get(id);
    if (!track) return;
    const silent = this.#sounding === null || !this.#playing || this.#waiting;
    if (!silent && !this.#has(id, this.#head.at, this.#resumeFrames)) return;
    this.#sounding = id;
    const heard = this.#head.ramp.now > 0 || this.#tails.length > 0;
    for (const [name, other] of this.#tracks) {
      other.weight.target = name === id ? 1 : 0;
      if (!heard) other.weight.now = other.weight.target;
    }
  }

  #jump(frame: number): void {
    this.#fadeOut();
    this.#head = { at: frame, ramp: { now: 0, target: 1 } };
  }

  /** What sounds at the head goes on as a tail and fades. */
  #fadeOut(): void {
    if (this.#head.ramp.now > 0) {
      this.#tails.push({ at: this.#head.at, ramp: { now: this.#head.ramp.now, target: 0 } });
    }
    this.#head = { at: this.#head.at, ramp: { now: 0, target: 0 } };
  }

  #has(id: string | null, start: number, count: number): boolean {
    const track = id === null ? undefined : this.#tracks.get(id);
    if (!track) return false;
    const end = Math.min(start + count, track.frames, this.#frames);
    let at = start;
    while (at < end) {
      const block = find(track, at);
      if (!block) return track.under !== null && this.#has(track.under, at, end - at);
      at = endOf(block);
    }
    return true;
  }

  #mix(left: Float32Array, right: Float32Array, offset: number, count: number): void {
    const heads = this.#playing && !this.#waiting ? [this.#head, ...this.#tails] : this.#tails;
    const jumpStep = 1 / this.#jumpFrames;
    for (const track of this.#tracks.values()) {
      for (let n = 0; n < count; n++) track.gains[n] = advance(track.gain, this.#switchStep);
    }
    for (const track of this.#tracks.values()) {
      if (track.weight.now === 0 && track.weight.target === 0) continue;
      for (const head of heads) {
        const weight = { ...track.weight };
        const ramp = { ...head.ramp };
        for (let n = 0; n < count; n++) {
          this.#envelope[n] = advance(weight, this.#switchStep) * advance(ramp, jumpStep);
        }
        this.#addTrack(track, head.at, left, right, offset, count);
      }
    }
    this.#goOn(heads, count, jumpStep);
    for (let n = offset; n < offset + count; n++) {
      const gain = advance(this.#volume, this.#switchStep);
      left[n] = (left[n] as number) * gain;
      right[n] = (right[n] as number) * gain;
    }
  }

  /** After a run: places and ramps move, what has faded is forgotten. */
  #goOn(heads: readonly Head[], count: number, jumpStep: number): void {
    for (const head of heads) {
      for (let n = 0; n < count; n++) advance(head.ramp, jumpStep);
      head.at += count;
    }
    this.#tails = this.#tails.filter((tail) => tail.ramp.now > 0);
    for (const [id, track] of this.#tracks) {
      for (let n = 0; n < count; n++) advance(track.weight, this.#switchStep);
      const over = track.weight.now === 0 && id !== this.#wanted && id !== this.#sounding;
      if (track.retired && over) this.#tracks.delete(id);
    }
  }

  /** A track from a frame on; where it has nothing, what lies under it, crossing over at the edges. */
  #addTrack(
    track: Track,
    from: number,
    left: Float32Array,
    right: Float32Array,
    offset: number,
    count: number,
  ): void {
    const under = track.under === null ? undefined : this.#tracks.get(track.under);
    for (let n = 0; n < count; ) {
      const block = find(track, from + n);
      const until = Math.min(count, block ? endOf(block) - from : nextStart(track, from + n) - from);
      for (let k = n; k < until; k++) {
        const share = under && block ? inside(block, from + k, this.#jumpFrames) : block ? 1 : 0;
        if (block) this.#addSample(track, block, from + k, share, k, left, right, offset);
        if (!under || share === 1) continue;
        const beneath = find(under, from + k);
        if (beneath) this.#addSample(under, beneath, from + k, 1 - share, k, left, right, offset);
      }
      n = until;
    }
  }

  #addSample(
    track: Track,
    block: Block,
    at: number,
    share: number,
    n: number,
    left: Float32Array,
    right: Float32Array,
    offset: number,
  ): void {
    const scale = share * (this.#envelope[n] as number) * (track.gains[n] as number);
    const first = block.channels[0] as Float32Array;
    const second = block.channels[1] ?? first;
    left[offset + n] = (left[offset + n] as number) + scale * (first[at - block.start] as number);
    right[offset + n] = (right[offset + n] as number) + scale * (second[at - block.start] as number);
  }
}
