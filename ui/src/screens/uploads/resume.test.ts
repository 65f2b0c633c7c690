import { expect, test } from 'vitest';
import { fits, matching } from './resume.ts';

const here = { id: 'a', filename: 'Song.wav', bytes: 100, lastModified: 5 };
const elsewhere = { id: 'b', filename: 'Song.wav', bytes: 100 };

test('the same file goes on', () => {
  expect(matching([here], { name: 'Song.wav', size: 100, lastModified: 5 })?.id).toBe('a');
});

test('a mix that was exported anew does not', () => {
  expect(matching([here], { name: 'Song.wav', size: 100, lastModified: 6 })).toBeNull();
  expect(matching([here], { name: 'Song.wav', size: 101, lastModified: 5 })).toBeNull();
  expect(matching([here], { name: 'Other.wav', size: 100, lastModified: 5 })).toBeNull();
});

test('of one begun in another browser, name and size have to do', () => {
  expect(matching([elsewhere], { name: 'Song.wav', size: 100, lastModified: 9 })?.id).toBe('b');
  expect(fits(here, { name: 'Song.wav', size: 100, lastModified: 9 })).toBe(true);
});

test('names are compared as they are read, not as they are stored', () => {
  expect(fits({ ...elsewhere, filename: 'Café.wav' }, { name: 'Cafe\u0301.wav', size: 100, lastModified: 0 })).toBe(
    true,
  );
});
