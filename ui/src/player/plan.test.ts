import { describe, expect, it } from 'vitest';
import { evictable, previewPieces, previewWindow, wanted } from './plan.ts';

const place = (position: number, loop: { start: number; end: number } | null = null, frames = 1_000) => ({
  position,
  frames,
  segmentFrames: 100,
  loop,
});

describe('the segments to have', () => {
  it('begin where it sounds', () => {
    expect(wanted(place(250), 3)).toEqual([2, 3, 4]);
    expect(wanted(place(950), 3)).toEqual([9]);
    expect(wanted(place(1_000), 3)).toEqual([9]);
    expect(wanted(place(0, null, 0), 3)).toEqual([]);
  });

  it('go round a loop, whose beginning comes early', () => {
    expect(wanted(place(450, { start: 210, end: 480 }), 6)).toEqual([4, 2, 3]);
    expect(wanted(place(450, { start: 210, end: 495 }), 6)).toEqual([4, 2, 5, 3]);
    expect(wanted(place(450, { start: 0, end: 900 }), 2)).toEqual([4, 0]);
    expect(wanted(place(50, { start: 210, end: 480 }), 6)).toEqual([0, 1, 2, 3, 4]);
  });

  it('forget a loop that was left behind', () => {
    expect(wanted(place(650, { start: 210, end: 480 }), 2)).toEqual([6, 7]);
  });

  it('stay few in a long song', () => {
    const long = { position: 3_000 * 44_100, frames: 7_200 * 44_100, segmentFrames: 5 * 44_100, loop: null };
    expect(wanted(long, 6)).toEqual([600, 601, 602, 603, 604, 605]);
  });

  it('let the others go, but not the one just before', () => {
    expect(evictable([0, 1, 2, 3, 9], [2, 3, 4], place(250))).toEqual([0, 9]);
  });
});

describe('a preview', () => {
  it('is of the loop, with what its seam needs', () => {
    const window = previewWindow(33, { start: 30, end: 40 }, 200);
    expect(window.start_s).toBeCloseTo(29.9);
    expect(window.seconds).toBeCloseTo(10.2);
  });
  it('is around the position otherwise, within the song', () => {
    expect(previewWindow(50, null, 200)).toEqual({ start_s: 49, seconds: 10 });
    expect(previewWindow(0, null, 200)).toEqual({ start_s: 0, seconds: 10 });
    expect(previewWindow(199, null, 200)).toEqual({ start_s: 190, seconds: 10 });
    expect(previewWindow(1, null, 4)).toEqual({ start_s: 0, seconds: 4 });
    expect(previewWindow(100, { start: 0, end: 190 }, 200)).toEqual({ start_s: 99, seconds: 10 });
  });
});

describe('the pieces of a preview', () => {
  const end = (piece: { start_s: number; seconds: number }) => piece.start_s + piece.seconds;

  it('begin where it sounds, soon heard, and go round to there', () => {
    const pieces = previewPieces({ start_s: 20, seconds: 16 }, 27.1);
    expect(pieces.map((piece) => piece.start_s)).toEqual([27, 28.98, 20, 21.98]);
    expect(pieces[0]?.seconds).toBeCloseTo(2);
    expect(end(pieces[1] as never)).toBeCloseTo(36);
    expect(end(pieces[3] as never)).toBeCloseTo(27.02);
  });

  it('are one where the window is short', () => {
    expect(previewPieces({ start_s: 4, seconds: 3 }, 4)).toEqual([{ start_s: 4, seconds: 3 }]);
  });

  it.each([0, 20, 20.01, 22, 30, 35.9, 36, 50])('leave no gap and stay in the window (at %d s)', (position) => {
    const window = { start_s: 20, seconds: 16 };
    const pieces = previewPieces(window, position).toSorted((a, b) => a.start_s - b.start_s);
    expect(pieces[0]?.start_s).toBe(20);
    for (const [index, piece] of pieces.entries()) {
      expect(piece.seconds).toBeGreaterThan(0);
      expect(end(piece)).toBeLessThanOrEqual(36);
      const next = pieces[index + 1];
      if (next) expect(next.start_s).toBeLessThanOrEqual(end(piece));
      else expect(end(piece)).toBeCloseTo(36);
    }
  });
});
