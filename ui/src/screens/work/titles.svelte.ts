/** What songs are called, for lists that know only their ids. Each is asked for once. */

import { api } from '../../api/client.ts';
import type { Song } from '../../api/types.ts';

class Titles {
  known = $state.raw<Readonly<Record<string, string>>>({});
  #asked = new Set<string>();

  of(songId: string): string {
    if (!this.#asked.has(songId)) {
      this.#asked.add(songId);
      api.get<Song>(`/api/songs/${songId}`).then(
        (song) => {
          this.known = { ...this.known, [songId]: song.title };
        },
        () => {}, // deleted meanwhile: it has no name any more
      );
    }
    return this.known[songId] ?? 'A song';
  }
}

export const titles = new Titles();
