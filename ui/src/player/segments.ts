/** Fetches and decodes pieces of tracks, the most urgent first, and tells what may go. Owns no sound itself. */

import { AHEAD_SOUNDING, AHEAD_WARM, evictable, type Place, wanted } from './plan.ts';

/** A track that is served in pieces. */
export interface Source {
  id: string;
  rate_hz: number;
  frames: number;
  segment_frames: number;
  /** One piece as a file of its own that decodeAudioData reads. */
  fetch: (segment: number, signal: AbortSignal) => Promise<ArrayBuffer>;
}

export interface Sink {
  decode: (bytes: ArrayBuffer) => Promise<Float32Array[]>;
  put: (id: string, start: number, channels: Float32Array[]) => void;
  drop: (id: string, start: number) => void;
  /** A piece could not be had (error), or one came (null). */
  trouble: (error: unknown) => void;
}

const AT_ONCE = 3;
const RETRY_MS = 1_500;

interface Held {
  source: Source;
  have: Set<number>;
  loading: Map<number, AbortController>;
  /** Not to be tried again before this time. */
  notBefore: Map<number, number>;
}

export class Segments {
  readonly #held = new Map<string, Held>();
  readonly #sink: Sink;
  readonly #rate_hz: number;

  constructor(rate_hz: number, sink: Sink) {
    this.#rate_hz = rate_hz;
    this.#sink = sink;
  }

  add(source: Source): void {
    if (this.#held.has(source.id)) return;
    this.#held.set(source.id, { source, have: new Set(), loading: new Map(), notBefore: new Map() });
  }

  remove(id: string): void {
    for (const loading of this.#held.get(id)?.loading.values() ?? []) loading.abort();
    this.#held.delete(id);
  }

  /** Frames of a track at the context's rate. */
  frames(source: Source): number {
    return Math.round((source.frames * this.#rate_hz) / source.rate_hz);
  }

  #start(source: Source, segment: number): number {
    return Math.round((segment * source.segment_frames * this.#rate_hz) / source.rate_hz);
  }

  /** Load what is missing around a place, let go what is far. first: tracks by urgency; all others keep nothing. */
  tend(position: number, loop: { start: number; end: number } | null, first: readonly string[], now: number): void {
    const queue: { held: Held; segment: number }[] = [];
    for (const held of this.#held.values()) {
      const rank = first.indexOf(held.source.id);
      const place = this.#place(held.source, position, loop);
      const keep = rank < 0 ? [] : wanted(place, rank === 0 ? AHEAD_SOUNDING : AHEAD_WARM);
      for (const segment of evictable(held.have, keep, place)) {
        held.have.delete(segment);
        this.#sink.drop(held.source.id, this.#start(held.source, segment));
      }
      for (const [segment, loading] of held.loading) if (!keep.includes(segment)) loading.abort();
    }
    for (const id of first) {
      const held = this.#held.get(id);
      if (!held) continue;
      const count = id === first[0] ? AHEAD_SOUNDING : AHEAD_WARM;
      for (const segment of wanted(this.#place(held.source, position, loop), count)) {
        const later = (held.notBefore.get(segment) ?? 0) > now;
        if (!held.have.has(segment) && !held.loading.has(segment) && !later) queue.push({ held, segment });
      }
    }
    let busy = [...this.#held.values()].reduce((sum, held) => sum + held.loading.size, 0);
    for (const { held, segment } of queue) {
      if (busy >= AT_ONCE) break;
      busy += 1;
      void this.#load(held, segment);
    }
  }

  #place(source: Source, position: number, loop: { start: number; end: number } | null): Place {
    const segmentFrames = (source.segment_frames * this.#rate_hz) / source.rate_hz;
    return { position, loop, frames: this.frames(source), segmentFrames };
  }

  async #load(held: Held, segment: number): Promise<void> {
    const giveUp = new AbortController();
    held.loading.set(segment, giveUp);
    try {
      const channels = await this.#sink.decode(await held.source.fetch(segment, giveUp.signal));
      if (giveUp.signal.aborted) return;
      held.have.add(segment);
      const start = this.#start(held.source, segment);
      const end = Math.min(this.#start(held.source, segment + 1), this.frames(held.source));
      this.#sink.put(
        held.source.id,
        start,
        channels.map((samples) => fitted(samples, end - start)),
      );
      this.#sink.trouble(null);
    } catch (error) {
      if (giveUp.signal.aborted) return;
      held.notBefore.set(segment, performance.now() + RETRY_MS);
      this.#sink.trouble(error);
    } finally {
      if (held.loading.get(segment) === giveUp) held.loading.delete(segment);
    }
  }
}

/** As many frames as there is room for: a sound of another rate, converted piece by piece, may be one off. */
export function fitted(samples: Float32Array, length: number): Float32Array {
  if (samples.length === length) return samples;
  const out = new Float32Array(length).fill(samples.at(-1) ?? 0);
  out.set(samples.subarray(0, length));
  return out;
}
