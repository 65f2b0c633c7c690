import { expect, test } from 'vitest';
import { AuthError, judged } from './auth.ts';

test('a step that comes next is no error', () => {
  const answer = judged(401, {
    data: { flows: [{ id: 'login' }, { id: 'mfa_authenticate', is_pending: true, types: ['totp'] }] },
    meta: { is_authenticated: false },
  });
  expect(answer.pending).toBe('mfa_authenticate');
  expect(answer.flows[1]?.types).toEqual(['totp']);
});

test('faults stand at their fields, the rest in a message', () => {
  const wrong = () =>
    judged(400, {
      errors: [
        { code: 'too_short', message: 'Too short.', param: 'password' },
        { code: 'mismatch', message: 'Not these two.' },
      ],
    });
  expect(wrong).toThrow(AuthError);
  try {
    wrong();
  } catch (error) {
    expect((error as AuthError).fields).toEqual({ password: 'Too short.' });
    expect((error as AuthError).message).toBe('Not these two.');
  }
});

test('a status without words gets some', () => {
  expect(() => judged(409, {})).toThrow('This step is over.');
  expect(() => judged(500, {})).toThrow('500');
});

test('what is not there yet, but can be made, is no error', () => {
  expect(judged(404, { meta: { secret: 'ABC' } }).meta.secret).toBe('ABC');
  expect(() => judged(404, {})).toThrow();
});
