import { expect, test } from 'vitest';
import { fromBase64Url, inBytes, toBase64Url } from './webauthn.ts';

test('base64url there and back, without padding', () => {
  const bytes = Uint8Array.of(251, 255, 190, 0, 7);
  expect(toBase64Url(bytes.buffer)).toBe('-_--AAc');
  expect([...fromBase64Url('-_--AAc')]).toEqual([...bytes]);
});

test('what is asked of a device is bytes, and nothing else changes', () => {
  const made = inBytes({
    challenge: 'AQI',
    rp: { name: 'Tonewright' },
    user: { id: 'Aw', name: 'a' },
    excludeCredentials: [{ id: 'BA', type: 'public-key' }],
  });
  expect([...(made.challenge as Uint8Array)]).toEqual([1, 2]);
  expect(made.rp).toEqual({ name: 'Tonewright' });
  expect(made.user).toEqual({ id: Uint8Array.of(3), name: 'a' });
  expect(made.excludeCredentials).toEqual([{ id: Uint8Array.of(4), type: 'public-key' }]);
  expect(made.allowCredentials).toBeUndefined();
});
