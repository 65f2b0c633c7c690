import { describe, expect, it } from 'vitest';
import { evictable, previewWindow, wanted } from './plan.ts';

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
