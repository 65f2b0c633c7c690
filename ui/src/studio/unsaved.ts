/** What was set by hand and not saved, kept in this browser: a reload or a closed window does not lose it. */

import type { Choices } from './choices.ts';

export type ByHand = Pick<Choices, 'own' | 'bypass'>;

interface Kept extends ByHand {
  /** The version that it was set on. */
  version: string;
}

const place = (songId: string) => `tonewright.unsaved.${songId}`;

/** Keep it, in place of what was kept of this song before; nothing set forgets that. Without storage it goes. */
export function keep(songId: string, version: string, { own, bypass }: ByHand): void {
  try {
    if (Object.keys(own).length === 0 && bypass.length === 0) localStorage.removeItem(place(songId));
    else localStorage.setItem(place(songId), JSON.stringify({ version, own, bypass } satisfies Kept));
  } catch {
    // full or forbidden: then it lasts as long as the page
  }
}

/** What was set by hand on this version of a song; null where nothing was, or on another version. */
export function kept(songId: string, version: string): ByHand | null {
  try {
    const found = JSON.parse(localStorage.getItem(place(songId)) ?? 'null') as Kept | null;
    return found?.version === version ? { own: found.own, bypass: found.bypass } : null;
  } catch {
    return null;
  }
}
