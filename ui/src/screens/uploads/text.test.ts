import { expect, test } from 'vitest';
import { holdsText } from './text.ts';

const blob = (...parts: (string | number[])[]) =>
  new Blob(parts.map((part) => (typeof part === 'string' ? part : new Uint8Array(part))));

test('notes are text, also where a letter is cut at the end of what is looked at', async () => {
  expect(await holdsText(blob('verse, chorus, verse\r\n\tbridge\n'))).toBe(true);
  expect(await holdsText(blob(`${'a'.repeat(4_095)}ü`))).toBe(true);
});

test.each<[string, Blob]>([
  ['WAV', blob('RIFF', [0x24, 0x20, 0x20, 0x20], 'WAVEfmt ', [16, 0, 0, 0, 1, 0, 2, 0])],
  ['FLAC', blob('fLaC', [0, 0, 0, 34])],
  ['MP3 with a tag', blob('ID3', [4, 0, 0, 0, 0, 1, 2])],
  ['MP3', blob([0xff, 0xfb, 0x90, 0x64], 'aaaa')],
  ['nothing at all', blob()],
])('%s is not', async (_, file) => {
  expect(await holdsText(file)).toBe(false);
});
