import { describe, expect, it } from 'vitest';
import { fitted, Segments, type Source } from './segments.ts';

const flush = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A source whose pieces are told apart by their number, and a sink that writes down what it is given. */
function desk(rate_hz = 1000, source: Partial<Source> = {}, fail = new Set<number>()) {
  const asked: number[] = [];
  const put = new Map<number, number>();
  const dropped: number[] = [];
  const troubles: unknown[] = [];
  const song: Source = {
    id: 'a',
    rate_hz: 1000,
    frames: 10_500,
    segment_frames: 1000,
    fetch: async (segment) => {
      asked.push(segment);
      if (fail.delete(segment)) throw new Error('gone');
      return new ArrayBuffer(segment);
    },
    ...source,
  };
  const segments = new Segments(rate_hz, {
    decode: async () => [new Float32Array(999)],
    put: (_id, start, channels) => put.set(start, channels[0]?.length ?? 0),
    drop: (_id, start) => dropped.push(start),
    trouble: (error) => troubles.push(error),
  });
  segments.add(song);
  return { segments, asked, put, dropped, troubles };
}

describe('pieces', () => {
  it('are fetched a few at once, the most urgent first, and not twice', async () => {
    const { segments, asked, put } = desk();
    segments.tend(2_500, null, ['a'], 0);
    segments.tend(2_500, null, ['a'], 0);
    expect(asked).toEqual([2, 3, 4]);
    await flush();
    segments.tend(2_500, null, ['a'], 0);
    expect(asked).toEqual([2, 3, 4, 5, 6, 7]);
    await flush();
    segments.tend(2_500, null, ['a'], 0);
    expect(asked).toHaveLength(6);
    expect([...put.keys()]).toEqual([2_000, 3_000, 4_000, 5_000, 6_000, 7_000]);
  });

  it('join without a hole whatever their decoder gives', async () => {
    const { segments, put } = desk();
    segments.tend(9_000, null, ['a'], 0);
    await flush();
    expect([...put]).toEqual([
      [9_000, 1000],
      [10_000, 500],
    ]);
    expect([...fitted(Float32Array.of(1, 2, 3), 4)]).toEqual([1, 2, 3, 3]);
    expect([...fitted(Float32Array.of(1, 2, 3), 2)]).toEqual([1, 2]);
  });

  it('of another rate lie where they sound', async () => {
    const { segments, put } = desk(2000);
    segments.tend(0, null, ['a'], 0);
    await flush();
    expect([...put.keys()]).toEqual([0, 2_000, 4_000]);
  });

  it('are let go when they are far, and kept for no track that is not near', async () => {
    const { segments, dropped } = desk();
    segments.tend(0, null, ['a'], 0);
    await flush();
    segments.tend(9_000, null, ['a'], 0);
    expect(dropped).toEqual([0, 1_000, 2_000]);
  });

  it('are tried again, but not at once', async () => {
    const { segments, asked, troubles } = desk(1000, {}, new Set([9]));
    segments.tend(9_000, null, ['a'], performance.now());
    await flush();
    expect(troubles[0]).toBeInstanceOf(Error);
    segments.tend(9_000, null, ['a'], performance.now());
    expect(asked).toEqual([9, 10]);
    segments.tend(9_000, null, ['a'], performance.now() + 5_000);
    expect(asked).toEqual([9, 10, 9]);
    await flush();
    expect(troubles.at(-1)).toBeNull();
  });
});
