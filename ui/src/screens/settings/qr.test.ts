import { describe, expect, test } from 'vitest';
import { checked, path, qr, remainder } from './qr.ts';

describe('the standard’s own sums', () => {
  test('Reed-Solomon of the worked example (annex I, version 1-M, "01234567")', () => {
    const data = [0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11];
    expect(remainder(data, 10)).toEqual([0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55]);
  });

  test('format and version information (annexes C and D)', () => {
    expect((checked(0b01_000, 10, 0x537) ^ 0x5412).toString(2)).toBe('111011111000100');
    expect((checked(0b01_100, 10, 0x537) ^ 0x5412).toString(2)).toBe('110011000101111');
    expect(checked(7, 12, 0x1f25).toString(2).padStart(18, '0')).toBe('000111110010010100');
  });
});

describe('a code', () => {
  test('is as large as its text needs', () => {
    expect(qr('a'.repeat(17))).toHaveLength(21);
    expect(qr('a'.repeat(18))).toHaveLength(25);
    expect(qr('a'.repeat(154))).toHaveLength(17 + 4 * 7);
    expect(qr('a'.repeat(271))).toHaveLength(17 + 4 * 10);
    expect(qr('a'.repeat(425))).toHaveLength(17 + 4 * 13);
    expect(() => qr('a'.repeat(426))).toThrow(RangeError);
  });

  test('has its finders, its timing and its dark module', () => {
    const code = qr('otpauth://totp/Tonewright:a@example.org?secret=ABCDEFGH&issuer=Tonewright');
    const size = code.length;
    const finder = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111'];
    const read = (top: number, left: number) =>
      Array.from({ length: 7 }, (_, y) =>
        Array.from({ length: 7 }, (_, x) => Number(code[top + y]?.[left + x])).join(''),
      );
    expect(read(0, 0)).toEqual(finder);
    expect(read(0, size - 7)).toEqual(finder);
    expect(read(size - 7, 0)).toEqual(finder);
    for (let at = 8; at < size - 8; at += 1) expect(code[6]?.[at]).toBe(at % 2 === 0);
    expect(code[size - 8]?.[8]).toBe(true);
  });

  test('says the same with itself: two texts differ, one text does not', () => {
    expect(qr('one')).toEqual(qr('one'));
    expect(qr('one')).not.toEqual(qr('two'));
  });
});

test('it is drawn with a margin', () => {
  expect(
    path([
      [true, false],
      [false, true],
    ]),
  ).toBe('M4 4h1v1h-1zM5 5h1v1h-1z');
});
