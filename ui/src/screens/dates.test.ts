import { expect, test } from 'vitest';
import { ago, day } from './dates.ts';

const NOW = Date.UTC(2026, 4, 20, 12);
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

test('what is near is told by how near it is, what is far by its day', () => {
  expect(ago(at(-20), NOW)).toBe('just now');
  expect(ago(at(-300), NOW)).toMatch(/5 min/);
  expect(ago(at(3 * 3600 + 5), NOW)).toMatch(/3 hours/);
  expect(ago(at(-30 * 86_400), NOW)).toBe(day(at(-30 * 86_400)));
});
