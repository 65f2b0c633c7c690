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
): Stretch {
  const margin_s = 0.1; // the seam of a loop fades into what follows
  if (loop_s && loop_s.end - loop_s.start <= longest_s) {
    const start_s = Math.max(0, loop_s.start - margin_s);
    return { start_s, seconds: Math.min(duration_s, loop_s.end + margin_s) - start_s };
  }
  const start_s = Math.max(0, Math.min(position_s - 1, duration_s - seconds));
  return { start_s, seconds: Math.min(seconds, duration_s - start_s) };
}

export interface Stretch {
  start_s: number;
  seconds: number;
}

/** So much of a preview is asked for first, to be heard soon; benchmarks/control_to_sound.py measures it. */
const FIRST_S = 2;
/** Pieces overlap a little, so that they join whatever they are rounded to. */
const OVERLAP_S = 0.02;

/**
 * A preview's window in pieces, in the order they will sound: from the position to its end, then, as a loop goes on,
 * from its start to the position.
 */
export function previewPieces(window: Stretch, position_s: number): Stretch[] {
  const end_s = window.start_s + window.seconds;
  const here_s = Math.min(Math.max(window.start_s, position_s - 0.1), Math.max(window.start_s, end_s - 0.2));
  const pieces: Stretch[] = [];
  const add = (from_s: number, to_s: number) => pieces.push({ start_s: from_s, seconds: to_s - from_s });
  for (const [from_s, to_s] of [
    [here_s, end_s],
    [window.start_s, here_s + OVERLAP_S],
  ] as const) {
    if (to_s - from_s <= OVERLAP_S) continue;
    const soon_s = from_s + FIRST_S;
    if (soon_s + FIRST_S / 2 >= to_s) add(from_s, to_s);
    else {
      add(from_s, soon_s);
      add(soon_s - OVERLAP_S, to_s);
    }
  }
  return pieces;
}
