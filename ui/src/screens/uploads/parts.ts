/** How a file is cut into parts, what of it is still to be sent, and how long that will take. */

import { bytes } from '../../studio/words.ts';

export interface Part {
  /** Counted from 1. */
  number: number;
  start: number;
  end: number;
}

/** The parts of a file: each has partBytes but the last, which has what is left. */
export function partsOf(fileBytes: number, partBytes: number): Part[] {
  const count = Math.ceil(fileBytes / partBytes);
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    start: index * partBytes,
    end: Math.min(fileBytes, (index + 1) * partBytes),
  }));
}

const WINDOW_MS = 8_000;

/** How fast bytes went lately: over a window, so that a figure can be read while it changes. */
export class Speed {
  #marks: { atMs: number; sent: number }[] = [];

  add(atMs: number, sent: number): void {
    const last = this.#marks.at(-1);
    // what is taken back (a part that is sent again) is no speed
    if (last && sent < last.sent) this.#marks = [];
    this.#marks.push({ atMs, sent });
    while (this.#marks.length > 2 && atMs - (this.#marks[0]?.atMs ?? 0) > WINDOW_MS) this.#marks.shift();
  }

  /** Bytes a second; null until there is enough to tell. */
  get now(): number | null {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    if (!first || !last || last.atMs - first.atMs < 500) return null;
    const speed = ((last.sent - first.sent) * 1000) / (last.atMs - first.atMs);
    return speed > 0 ? speed : null;
  }
}

/** "2 min left"; null where nobody can know. */
export function leftWords(bytesLeft: number, bytesPerSecond: number | null): string | null {
  if (bytesPerSecond === null || bytesPerSecond <= 0) return null;
  const seconds = bytesLeft / bytesPerSecond;
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 60) return `${5 * Math.ceil(seconds / 5)} s left`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min left`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.round((seconds % 3600) / 60);
  return minutes ? `${hours} h ${minutes} min left` : `${hours} h left`;
}

/** "12.3 of 48 MB · 5.1 MB/s · 7 s left". */
export function progressWords(sent: number, all: number, bytesPerSecond: number | null): string {
  const left = leftWords(all - sent, bytesPerSecond);
  const speed = bytesPerSecond === null ? null : `${bytes(bytesPerSecond)}/s`;
  return [`${bytes(sent)} of ${bytes(all)}`, speed, left].filter((each) => each !== null).join(' · ');
}
