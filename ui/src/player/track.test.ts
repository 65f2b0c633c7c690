import { describe, expect, it } from 'vitest';
import { type Block, joined } from './track.ts';

function block(start: number, ...samples: number[]): Block {
  return { start, channels: [Float32Array.from(samples), Float32Array.from(samples, (sample) => -sample)] };
}

describe('joined blocks', () => {
  it('become one where they touch or overlap, whichever comes first', () => {
    expect(joined([block(4, 1, 2, 3)], block(7, 4, 5))).toEqual([block(4, 1, 2, 3, 4, 5)]);
    expect(joined([block(4, 1, 2, 3)], block(6, 3, 4))).toEqual([block(4, 1, 2, 3, 4)]);
    expect(joined([block(4, 1, 2, 3)], block(2, 8, 9))).toEqual([block(2, 8, 9, 1, 2, 3)]);
  });

  it('stay apart where something is missing between them, until it comes', () => {
    const apart = joined([block(0, 1)], block(3, 4));
    expect(apart).toEqual([block(0, 1), block(3, 4)]);
    expect(joined(apart, block(1, 2, 3))).toEqual([block(0, 1, 2, 3, 4)]);
  });

  it('leave what they were made of as it was', () => {
    const first = block(0, 1, 2);
    joined([first], block(2, 3));
    expect(first).toEqual(block(0, 1, 2));
  });
});
