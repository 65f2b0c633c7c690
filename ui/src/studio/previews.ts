/** Previews as they are fetched: a window about what sounds, in pieces, the first of which is soon there. */

import { request } from '../api/client.ts';
import type { Recipe } from '../api/types.ts';
import { previewPieces, previewWindow, type Stretch } from '../player/plan.ts';
import type { Player, PreviewPiece, PreviewSound } from '../player/player.svelte.ts';

const AHEAD_S = 2.5;

/** What is to be heard. mode: as the API names it. */
export interface Wish extends Omit<PreviewSound, keyof PreviewPiece> {
  recipe: Recipe;
  mode: string;
}

export class Previews {
  readonly #player: Player;
  readonly #address: string;
  readonly #headers: Record<string, string>;
  #window: Stretch | null = null;

  constructor(player: Player, songId: string, headers: Record<string, string>) {
    this.#player = player;
    this.#address = `/api/songs/${songId}/preview`;
    this.#headers = headers;
  }

  forget(): void {
    this.#window = null;
  }

  /** Whether what sounds next is there or on its way. */
  covers(): boolean {
    if (this.#window === null) return true;
    const { loop, now, wanted } = this.#aim();
    const loops = loop !== null && wanted.seconds >= loop.end - loop.start;
    const from_s = loops ? loop.start : now;
    const ahead_s = this.#player.playing ? AHEAD_S : 0;
    const to_s = loops ? loop.end : Math.min(this.#player.duration_s, now + ahead_s);
    return from_s >= this.#window.start_s - 0.01 && to_s <= this.#window.start_s + this.#window.seconds + 0.01;
  }

  /** The piece that will be fetched first. */
  get first(): Stretch | undefined {
    const { now, wanted } = this.#aim();
    return previewPieces(wanted, now)[0];
  }

  /** Fetch and play; heard is called when the first piece sounds. */
  async play(wish: Wish, signal: AbortSignal, heard: () => void): Promise<void> {
    const { now, wanted } = this.#aim();
    const [first, ...rest] = previewPieces(wanted, now);
    if (!first) return;
    const { recipe: _, mode: __, ...sound } = wish;
    const piece = await this.#fetch(wish, first, signal);
    if (signal.aborted) return;
    await this.#player.playPreview({ ...piece, ...sound });
    if (signal.aborted) return;
    this.#window = wanted;
    heard();
    for (const stretch of rest) {
      const more = await this.#fetch(wish, stretch, signal);
      if (!signal.aborted) await this.#player.extendPreview(more);
    }
  }

  /** Where it sounds, the loop that it is in, and the window that is wanted there. */
  #aim() {
    const { looping, loop, duration_s } = this.#player;
    const now = this.#player.now();
    const inside = looping && loop !== null && now <= loop.end ? loop : null;
    return { now, loop: inside, wanted: previewWindow(now, inside, duration_s) };
  }

  async #fetch({ recipe, mode }: Wish, stretch: Stretch, signal: AbortSignal): Promise<PreviewPiece> {
    const body = { recipe, ...stretch, mode, bypass: [] };
    const answer = await request('POST', this.#address, body, { signal, headers: this.#headers });
    const frame = Number(answer.headers.get('Tonewright-Start-Frame'));
    const rate_hz = Number(answer.headers.get('Tonewright-Rate-Hz'));
    return { start_s: frame / rate_hz, flac: await answer.arrayBuffer() };
  }
}
