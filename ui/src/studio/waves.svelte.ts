/** The waveforms of a song's tracks, fetched in pieces as they come into view. */

import { api, isAbort } from '../api/client.ts';
import { columnFrames, levelFor, type PeaksHead, parseHead, pixels } from './peaks.ts';
import type { Span } from './view.ts';

const HEAD_BYTES = 512;
const PIECE = 4_096; // columns
const LONGEST_KEPT = 64; // pieces of a track

interface Wave {
  path: string;
  head: PeaksHead | null;
  pieces: Map<string, Int8Array | null>;
}

export class Waves {
  /** Counts up when something new can be drawn. */
  version = $state(0);
  trouble = $state('');
  readonly #waves = new Map<string, Wave>();
  readonly #closed = new AbortController();

  close(): void {
    this.#closed.abort();
  }

  /** Least and greatest of each pixel (peaks.ts) of a track, as far as it is there; asks for what is missing. */
  draw(kind: 'audio' | 'masters', id: string, span: Span, width: number): Float32Array | null {
    const wave = this.#wave(kind, id);
    const { head } = wave;
    if (!head || width <= 0) return null;
    const startFrame = span.start * head.rate_hz;
    const framesPerPixel = ((span.end - span.start) * head.rate_hz) / width;
    const level = levelFor(head, framesPerPixel);
    const size = columnFrames(head, level);
    const total = head.columns[level] ?? 0;
    const first = Math.max(0, Math.floor(startFrame / size));
    const last = Math.min(total, Math.ceil((startFrame + width * framesPerPixel) / size) + 1);
    const from = Math.floor(first / PIECE);
    const to = Math.ceil(last / PIECE);
    const stride = 2 * head.channels;
    const columns = new Int8Array(Math.max(0, to - from) * PIECE * stride);
    let known = false;
    for (let piece = from; piece < to; piece++) {
      const bytes = this.#piece(wave, level, piece);
      if (!bytes) continue;
      known = true;
      columns.set(bytes, (piece - from) * PIECE * stride);
    }
    if (!known) return null;
    const held = columns.subarray(0, (Math.min(total, to * PIECE) - from * PIECE) * stride);
    return pixels(head, level, held, from * PIECE, startFrame, framesPerPixel, width);
  }

  #wave(kind: 'audio' | 'masters', id: string): Wave {
    const known = this.#waves.get(id);
    if (known) return known;
    const wave: Wave = { path: `/api/${kind}/${id}/peaks`, head: null, pieces: new Map() };
    this.#waves.set(id, wave);
    void this.#load(async (signal) => {
      const headers = { Range: `bytes=0-${HEAD_BYTES - 1}` };
      const bytes = await api.bytes('GET', wave.path, undefined, { headers, signal });
      wave.head = parseHead(bytes.slice(0, HEAD_BYTES));
    });
    return wave;
  }

  #piece(wave: Wave, level: number, piece: number): Int8Array | null {
    const key = `${level}:${piece}`;
    const known = wave.pieces.get(key);
    if (known !== undefined) return known;
    wave.pieces.set(key, null); // on its way
    for (const old of wave.pieces.keys()) {
      if (wave.pieces.size <= LONGEST_KEPT) break;
      wave.pieces.delete(old);
    }
    void this.#load(async (signal) => {
      const query = { level, start: piece * PIECE, count: PIECE };
      try {
        wave.pieces.set(key, new Int8Array(await api.bytes('GET', wave.path, undefined, { query, signal })));
      } catch (error) {
        wave.pieces.delete(key); // asked for again when it is next drawn
        throw error;
      }
    });
    return null;
  }

  async #load(fetch: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await fetch(this.#closed.signal);
      this.trouble = '';
      this.version += 1;
    } catch (error) {
      if (!isAbort(error)) this.trouble = error instanceof Error ? error.message : String(error);
    }
  }
}
