import { describe, expect, it } from 'vitest';
import type { KnobSpec } from '../api/types.ts';
import { format, fromPosition, label, nudge, parse, snap, toPosition } from './knob.ts';

const spec = (over: Partial<KnobSpec>): KnobSpec => ({
  name: 'x',
  default: 0,
  low: -100,
  high: 100,
  unit: '',
  step: 1,
  scale: 'linear',
  help: '',
  ...over,
});

const warmth = spec({ name: 'warmth' });
const corner = spec({ name: 'corner_hz', low: 20, high: 20000, unit: 'Hz', scale: 'log' });
const ceiling = spec({ name: 'ceiling_dbtp', low: -20, high: 0, unit: 'dBTP', step: 0.1 });
const fromZero = spec({ name: 'mono_below_hz', low: 0, high: 300, unit: 'Hz', step: 5, scale: 'log' });

describe('place and value', () => {
  it.each([warmth, corner, ceiling, fromZero])('agree at the ends and on the steps of $name', (each) => {
    expect(fromPosition(each, 0)).toBe(each.low);
    expect(fromPosition(each, 1)).toBe(each.high);
    for (let at = 0.05; at < 1; at += 0.05) {
      const value = fromPosition(each, at);
      expect(snap(each, value)).toBe(value);
      expect(fromPosition(each, toPosition(each, value))).toBe(value);
    }
  });

  it('gives each octave the same way on a log scale', () => {
    const octave = (hz: number) => toPosition(corner, 2 * hz) - toPosition(corner, hz);
    expect(octave(40)).toBeCloseTo(octave(4000), 10);
  });

  it('has no noise of binary fractions', () => {
    expect(snap(ceiling, -1.30000001)).toBe(-1.3);
    expect(nudge(ceiling, -0.3, 1)).toBe(-0.2);
  });

  it('always moves by a key, and stays within the range', () => {
    expect(nudge(corner, 20, 1)).toBeGreaterThan(20);
    expect(nudge(corner, 19990, 1)).toBe(20000);
    expect(nudge(corner, 20000, 1)).toBe(20000);
    expect(nudge(warmth, -100, -10)).toBe(-100);
    expect(nudge(fromZero, 0, 1)).toBe(5);
  });
});

describe('words', () => {
  it('format as they are read', () => {
    expect(format(warmth, 20)).toBe('+20');
    expect(format(warmth, -20)).toBe('−20');
    expect(format(warmth, -0.2)).toBe('0');
    expect(format(ceiling, -1)).toBe('−1.0 dBTP');
    expect(format(corner, 2934)).toBe('2.93 kHz');
    expect(format(corner, 120)).toBe('120 Hz');
    expect(format(spec({ low: 1, high: 20, unit: ':1', step: 0.1 }), 2.5)).toBe('2.5:1');
  });

  it('parse what people type', () => {
    expect(parse(corner, '2.9k')).toBe(2900);
    expect(parse(corner, ' 2,9 kHz')).toBe(2900);
    expect(parse(ceiling, '−1.5 dBTP')).toBe(-1.5);
    expect(parse(ceiling, '-1.5')).toBe(-1.5);
    expect(parse(warmth, '+500')).toBe(100);
    expect(parse(warmth, '.6')).toBe(1);
    for (const nothing of ['', 'loud', '-', 'k']) expect(parse(warmth, nothing)).toBeNull();
  });

  it('come back as they were', () => {
    for (const value of [-100, -7, 0, 42, 100]) expect(parse(warmth, format(warmth, value))).toBe(value);
    for (const value of [20, 440, 2930, 20000]) expect(parse(corner, format(corner, value))).toBe(value);
  });

  it('name a knob', () => {
    expect(label({ name: 'low_end' })).toBe('Low end');
    expect(label({ name: 'ceiling_dbtp' })).toBe('Ceiling');
    expect(label({ name: 'max_slope_db_per_s' })).toBe('Max slope');
    expect(label({ name: 'q' })).toBe('Q');
  });
});
