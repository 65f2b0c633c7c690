import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256, sha256Here } from './sha256.ts';

function noise(length: number): Uint8Array<ArrayBuffer> {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test.each([0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 70_001])('%i bytes as another has it', (length) => {
  const data = noise(length);
  expect(hex(sha256Here(data))).toBe(createHash('sha256').update(data).digest('hex'));
});

test('the standard’s own example, by whatever there is', async () => {
  const data = new TextEncoder().encode('abc');
  expect(await sha256(data.buffer)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a slice of a larger buffer is only that slice', () => {
  const data = noise(300);
  expect(hex(sha256Here(data.subarray(7, 200)))).toBe(hex(sha256Here(data.slice(7, 200))));
});
