import { expect, test } from 'vitest';
import { isServed, nextPath, withNext } from './next.ts';

test('only paths of this site are gone to', () => {
  expect(nextPath('?next=%2Fsongs%2F1%3Fa%3Db')).toBe('/songs/1?a=b');
  expect(nextPath('')).toBe('/');
  for (const evil of [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/ /evil',
    '/\t/e',
  ]) {
    expect(nextPath(`?${new URLSearchParams({ next: evil })}`)).toBe('/');
  }
});

test('the way there and back', () => {
  expect(withNext('/signin', '/')).toBe('/signin');
  expect(nextPath(withNext('', '/songs/1'))).toBe('/songs/1');
});

test('pages that are not the router’s', () => {
  expect(isServed('/admin/')).toBe(true);
  expect(isServed('/administrate')).toBe(false);
});
