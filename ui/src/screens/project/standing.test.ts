import { expect, test } from 'vitest';
import type { Project } from '../../api/types.ts';
import { standing } from './standing.ts';

function standingOf(songs: Partial<Project['songs']>): string[] {
  const none = { count: 0, ready: 0, at_work: 0, failed: 0, duration_s: 0 };
  return standing({ songs: { ...none, ...songs } } as Project);
}

test('a row says how many songs there are, how long, and what is going on', () => {
  expect(standingOf({})).toEqual(['no songs yet']);
  expect(standingOf({ count: 1, ready: 1, duration_s: 185.4 })).toEqual(['3:05']);
  expect(standingOf({ count: 12, ready: 9, at_work: 2, failed: 1, duration_s: 2465 })).toEqual([
    '12 songs',
    '41:05',
    '2 at work',
    '1 failed',
  ]);
});
