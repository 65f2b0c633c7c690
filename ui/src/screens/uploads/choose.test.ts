import { expect, test } from 'vitest';
import { inOrder, type Picked, someOf, sorted, soundsLikeSound } from './choose.ts';

const KNOWN = new Set(['.wav', '.flac']);
const picked = (name: string, folder = '', type = ''): Picked => ({ file: { name, type } as File, folder });

test('2 comes before 10', () => {
  expect(inOrder(['10 b.wav', '2 a.wav', '1 c.wav'], (name) => name)).toEqual(['1 c.wav', '2 a.wav', '10 b.wav']);
});

test('a folder’s pictures and hidden files stay where they are', () => {
  const { picked: kept, left } = sorted(
    [
      picked('02 B.WAV', 'Album'),
      picked('cover.jpg', 'Album', 'image/jpeg'),
      picked('.DS_Store', 'Album'),
      picked('01 A.wav', 'Album'),
    ],
    KNOWN,
  );
  expect(kept.map((each) => each.file.name)).toEqual(['01 A.wav', '02 B.WAV']);
  expect(left).toEqual(['cover.jpg']);
});

test('a file by itself is tried whatever it is called', () => {
  expect(sorted([picked('cover.jpg', '', 'image/jpeg')], KNOWN).picked).toHaveLength(1);
});

test('a browser that knows a sound is believed', () => {
  expect(soundsLikeSound({ name: 'a.xyz', type: 'audio/x-new' }, KNOWN)).toBe(true);
  expect(soundsLikeSound({ name: 'wav', type: '' }, KNOWN)).toBe(false);
});

test('names in a few words', () => {
  expect(someOf(['a', 'b'])).toBe('a, b');
  expect(someOf(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
});
