import { describe, expect, it } from 'vitest';
import type { Target } from '../api/types.ts';
import { gainsDb, onPlatform } from './gains.ts';

const target = (over: Partial<Target>): Target => ({
  name: 'x',
  title: 'X',
  lufs: -14,
  ceiling_dbtp: -1,
  loud_ceiling_dbtp: null,
  normalises: 'track',
  plays_at_lufs: -14,
  raises: 'no',
  note: '',
  source: '',
  as_of: '2026-11',
  confidence: '',
  ...over,
});
const level = (id: string, integrated_lufs: number | null, true_peak_dbtp = -1) => ({
  id,
  integrated_lufs,
  true_peak_dbtp,
});

describe('level matching', () => {
  it('goes down to the quietest', () => {
    const gains = gainsDb([level('mix', -20), level('v1', -14), level('ref', -8)], { kind: 'matched' });
    expect([...gains]).toEqual([
      ['mix', 0],
      ['v1', -6],
      ['ref', -12],
    ]);
  });

  it('leaves alone what has no loudness, and everything when it is off', () => {
    expect(gainsDb([level('a', null), level('b', -14)], { kind: 'matched' }).get('a')).toBe(0);
    expect(gainsDb([level('a', -8), level('b', -14)], { kind: 'as_is' }).get('a')).toBe(0);
    expect(gainsDb([], { kind: 'matched' }).size).toBe(0);
  });
});

describe('a platform', () => {
  it('turns down what is louder', () => {
    expect(onPlatform(target({}), -9, -1)).toMatchObject({ gain_db: -5, plays_at_lufs: -14, over_ceiling_db: 0 });
  });
  it('raises only where it does, and only into its headroom', () => {
    expect(onPlatform(target({}), -20, -9).gain_db).toBe(0);
    const raises = target({ raises: 'within peak headroom, no limiter' });
    expect(onPlatform(raises, -20, -9).gain_db).toBe(6);
    expect(onPlatform(raises, -20, -3).gain_db).toBe(2);
    expect(onPlatform(raises, -20, 0).gain_db).toBe(0);
  });
  it('asks louder masters for a lower ceiling where it says so', () => {
    const spotify = target({ loud_ceiling_dbtp: -2 });
    expect(onPlatform(spotify, -14, -1).over_ceiling_db).toBe(0);
    expect(onPlatform(spotify, -9, -1).over_ceiling_db).toBe(1);
  });
  it('changes nothing where nobody knows', () => {
    expect(onPlatform(target({ plays_at_lufs: null }), -9, -1)).toMatchObject({
      gain_db: null,
      plays_at_lufs: null,
    });
    const gains = gainsDb([level('a', -9)], { kind: 'platform', target: target({ plays_at_lufs: null }) });
    expect(gains.get('a')).toBe(0);
  });
});
