import type { Project } from '../../api/types.ts';
import { time } from '../../studio/words.ts';

/** How a project stands, for its row: "12 songs", "41:05", "2 at work", "1 failed". */
export function standing({ songs }: Project): string[] {
  return [
    songs.count === 1 ? '' : songs.count === 0 ? 'no songs yet' : `${songs.count} songs`,
    songs.duration_s > 0 ? time(songs.duration_s, 0) : '',
    songs.at_work > 0 ? `${songs.at_work} at work` : '',
    songs.failed > 0 ? `${songs.failed} failed` : '',
  ].filter(Boolean);
}
