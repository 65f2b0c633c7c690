/** A track as the mixer holds it: its samples as far as they are here, its gain and how much of it is heard. */

/** Samples of a track from a frame on. One channel sounds on both sides. */
export interface Block {
  start: number;
  channels: Float32Array[];
}

export interface Ramp {
  now: number;
  target: number;
}

export interface Track {
  blocks: Map<number, Block>;
  /** Its length; beyond it there is silence. */
  frames: number;
  /** What sounds where this one has nothing: a preview's song. */
  under: string | null;
  gain: Ramp;
  /** The gain of each frame of this run. */
  gains: Float32Array;
  weight: Ramp;
  /** Forgotten once it no longer sounds. */
  retired: boolean;
}

/** One step towards the target; the value before it. */
export function advance(ramp: Ramp, step: number): number {
  const value = ramp.now;
  if (ramp.now < ramp.target) ramp.now = Math.min(ramp.target, ramp.now + step);
  else if (ramp.now > ramp.target) ramp.now = Math.max(ramp.target, ramp.now - step);
  return value;
}

export function endOf(block: Block): number {
  return block.start + (block.channels[0] as Float32Array).length;
}

export function find(track: Track, at: number): Block | undefined {
  for (const block of track.blocks.values()) if (at >= block.start && at < endOf(block)) return block;
  return undefined;
}

export function nextStart(track: Track, at: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const block of track.blocks.values()) if (block.start > at) next = Math.min(next, block.start);
  return next;
}

/** 1 inside a preview's window, down to 0 at its edges; the song's own beginning is no edge. */
export function inside(block: Block, at: number, fade: number): number {
  const from = block.start === 0 ? 1 : (at - block.start) / fade;
  const to = (endOf(block) - 1 - at) / fade;
  return Math.min(1, from, to);
}

/** Blocks with one more: those that it touches become one with it, and its samples count where both have some. */
export function joined(blocks: readonly Block[], next: Block): Block[] {
  const touches = (block: Block) => block.start <= endOf(next) && endOf(block) >= next.start;
  const parts = [...blocks.filter(touches), next];
  const start = Math.min(...parts.map((part) => part.start));
  const length = Math.max(...parts.map(endOf)) - start;
  const channels = next.channels.map((_, channel) => {
    const samples = new Float32Array(length);
    for (const part of parts) samples.set(part.channels[channel] as Float32Array, part.start - start);
    return samples;
  });
  return [...blocks.filter((block) => !touches(block)), { start, channels }];
}
