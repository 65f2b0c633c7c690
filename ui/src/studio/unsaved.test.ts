import { beforeEach, expect, test, vi } from 'vitest';
import { keep, kept } from './unsaved.ts';

const byHand = { own: { tone: { gain_db: 1.5 } }, bypass: ['width'] };

beforeEach(() => {
  const store = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => store.get(name) ?? null,
    setItem: (name: string, text: string) => store.set(name, text),
    removeItem: (name: string) => store.delete(name),
  });
});

test('what was set by hand comes back for its song and version alone', () => {
  keep('song', 'first', byHand);
  expect(kept('song', 'first')).toEqual(byHand);
  expect(kept('song', 'second')).toBeNull();
  expect(kept('other', 'first')).toBeNull();
});

test('nothing set by hand is nothing kept', () => {
  keep('song', 'first', byHand);
  keep('song', 'first', { own: {}, bypass: [] });
  expect(kept('song', 'first')).toBeNull();
});

test('where storage is forbidden or broken, nothing is', () => {
  vi.stubGlobal('localStorage', {
    getItem: () => '{',
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
  });
  expect(() => keep('song', 'first', byHand)).not.toThrow();
  expect(kept('song', 'first')).toBeNull();
});
