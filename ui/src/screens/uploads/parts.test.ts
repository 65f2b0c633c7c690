import { describe, expect, test } from 'vitest';
import { leftWords, partsOf, progressWords, Speed } from './parts.ts';

describe('parts', () => {
  test('cover a file without a gap, the last as long as need be', () => {
    expect(partsOf(20, 8)).toEqual([
      { number: 1, start: 0, end: 8 },
      { number: 2, start: 8, end: 16 },
      { number: 3, start: 16, end: 20 },
    ]);
    expect(partsOf(16, 8).at(-1)).toEqual({ number: 2, start: 8, end: 16 });
    expect(partsOf(1, 8)).toEqual([{ number: 1, start: 0, end: 1 }]);
  });
});

describe('speed', () => {
  test('is told once there is enough to tell', () => {
    const speed = new Speed();
    speed.add(0, 0);
    expect(speed.now).toBeNull();
    speed.add(100, 500);
    expect(speed.now).toBeNull();
    speed.add(1000, 2000);
    expect(speed.now).toBe(2000);
  });

  test('forgets what is long ago', () => {
    const speed = new Speed();
    for (let second = 0; second <= 20; second += 1) speed.add(second * 1000, second < 10 ? 0 : (second - 10) * 100);
    expect(speed.now).toBeCloseTo(100);
  });

  test('is not negative where a part is sent again', () => {
    const speed = new Speed();
    speed.add(0, 5000);
    speed.add(1000, 9000);
    speed.add(2000, 1000);
    expect(speed.now).toBeNull();
  });
});

test('time left in words', () => {
  expect(leftWords(100, null)).toBeNull();
  expect(leftWords(100, 100)).toBe('a few seconds left');
  expect(leftWords(4100, 100)).toBe('45 s left');
  expect(leftWords(13_000, 100)).toBe('3 min left');
  expect(leftWords(3600 * 100 * 2.5, 100)).toBe('2 h 30 min left');
});

test('progress in words', () => {
  expect(progressWords(5_000_000, 48_000_000, 1_000_000)).toBe('5.0 MB of 48 MB · 1.0 MB/s · 45 s left');
  expect(progressWords(0, 900, null)).toBe('0 B of 900 B');
});
