/** Which pieces of a track have to be at hand. */

export interface Place {
  /** Frame that sounds next. */
  position: number;
  /** Frames of the whole. */
  frames: number;
  segmentFrames: number;
  loop: { start: number; end: number } | null;
}

/** Pieces a track that sounds keeps ahead, and one that might be switched to. */
export const AHEAD_SOUNDING = 6;
export const AHEAD_WARM = 2;

/**
 * The segments to have, the most urgent first: from the position on, round the loop where there is one. The loop's
 * beginning is needed early, since its end leads there; the piece after its end too, since the seam fades into it.
 */
export function wanted(place: Place, count: number): number[] {
  const last = Math.ceil(place.frames / place.segmentFrames) - 1;
  if (last < 0) return [];
  const of = (frame: number) => Math.min(last, Math.max(0, Math.floor(frame / place.segmentFrames)));
  const found: number[] = [];
  const add = (segment: number) => {
    if (found.length < count && !found.includes(segment)) found.push(segment);
  };
  const { loop } = place;
  const looping = loop !== null && place.position <= loop.end;
  const end = looping ? of(loop.end) : last;
  const here = of(place.position);
  add(here);
  if (looping) add(of(Math.min(loop.start, place.position)));
  for (let segment = here + 1; segment <= end; segment++) add(segment);
  if (looping) {
    add(of(loop.end + place.segmentFrames / 10));
    for (let segment = of(loop.start); segment <= end; segment++) add(segment);
  }
  return found;
}

/** What may go: everything not wanted, except the piece just before the position, for who steps back a little. */
export function evictable(have: Iterable<number>, keep: readonly number[], place: Place): number[] {
  const before = Math.floor(place.position / place.segmentFrames) - 1;
  return [...have].filter((segment) => segment !== before && !keep.includes(segment));
}

/** Where a preview is rendered: the loop, or `seconds` around the position; never beyond the song, never too long. */
export function previewWindow(
  position_s: number,
  loop_s: { start: number; end: number } | null,
  duration_s: number,
  seconds = 10,
  longest_s = 20,
): { start_s: number; seconds: number } {
  const margin_s = 0.1; // the seam of a loop fades into what follows
  if (loop_s && loop_s.end - loop_s.start <= longest_s) {
    const start_s = Math.max(0, loop_s.start - margin_s);
    return { start_s, seconds: Math.min(duration_s, loop_s.end + margin_s) - start_s };
  }
  const start_s = Math.max(0, Math.min(position_s - 1, duration_s - seconds));
  return { start_s, seconds: Math.min(seconds, duration_s - start_s) };
}
