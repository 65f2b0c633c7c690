import { describe, expect, it } from 'vitest';
import type { Processor, Recipe } from '../api/types.ts';
import { chance, verdict } from './blind.ts';
import { back, begin, forth, step } from './history.ts';
import { levelFor, parseHead, pixels } from './peaks.ts';
import { applied, entries, expectedLufs } from './recipe.ts';
import { following, framing, moved, ticks, zoomed } from './view.ts';
import { bytes, evidence, number, signed, time } from './words.ts';

describe('peaks', () => {
  function file(levels: number[]): ArrayBuffer {
    const bytes = new ArrayBuffer(512);
    const view = new DataView(bytes);
    [...'TWPK'].forEach((c, n) => {
      view.setUint8(n, c.charCodeAt(0));
    });
    view.setUint16(4, 1, true);
    view.setUint16(6, 2, true);
    view.setUint32(8, 44_100, true);
    view.setBigUint64(12, 1_000_000n, true);
    view.setUint32(20, 256, true);
    view.setUint16(24, 4, true);
    view.setUint16(26, levels.length, true);
    levels.forEach((columns, n) => {
      view.setBigUint64(28 + 16 * n + 8, BigInt(columns), true);
    });
    return bytes;
  }
  const head = parseHead(file([3_907, 977]));

  it('say what they hold', () => {
    expect(head).toEqual({
      channels: 2,
      rate_hz: 44_100,
      frames: 1_000_000,
      base_frames: 256,
      factor: 4,
      columns: [3_907, 977],
    });
    expect(() => parseHead(new ArrayBuffer(4))).toThrow();
    expect(() => parseHead(new ArrayBuffer(512))).toThrow();
  });

  it('are taken from the coarsest level that has a column for each pixel', () => {
    expect(levelFor(head, 100)).toBe(0);
    expect(levelFor(head, 256)).toBe(0);
    expect(levelFor(head, 1_023)).toBe(0);
    expect(levelFor(head, 1_024)).toBe(1);
    expect(levelFor(head, 1e6)).toBe(1);
  });

  it('give each pixel the extremes of all that lies under it', () => {
    // columns 10..13 of level 0: left and right
    const columns = Int8Array.from([-1, 1, -2, 2, -127, 3, 0, 127, 0, 0, 0, 0, -5, 5, -6, 6]);
    const found = pixels(head, 0, columns, 10, 10 * 256, 512, 3);
    expect([...found.slice(0, 4)]).toEqual([-1, 1, expect.closeTo(-6 / 127), expect.closeTo(6 / 127)]);
    expect(found[4]).toBeNaN();
    const near = pixels(head, 0, columns, 10, 10 * 256 + 10, 1, 2);
    expect([...near]).toEqual([
      expect.closeTo(-2 / 127),
      expect.closeTo(2 / 127),
      expect.closeTo(-2 / 127),
      expect.closeTo(2 / 127),
    ]);
  });
});

describe('the view', () => {
  it('keeps what is pointed at in its place when zooming', () => {
    const span = zoomed({ start: 0, end: 100 }, 0.5, 40, 100);
    expect(span).toEqual({ start: 20, end: 70 });
    expect((40 - span.start) / 50).toBe(0.4);
  });
  it('stays within the song', () => {
    expect(zoomed({ start: 0, end: 100 }, 2, 40, 100)).toEqual({ start: 0, end: 100 });
    expect(zoomed({ start: 0, end: 1 }, 0.01, 0, 100).end).toBe(0.5);
    expect(moved({ start: 20, end: 70 }, 100, 100)).toEqual({ start: 50, end: 100 });
    expect(moved({ start: 20, end: 70 }, -100, 100)).toEqual({ start: 0, end: 50 });
    expect(framing({ start: 0, end: 2 }, 3)).toEqual({ start: 0, end: 3 });
  });
  it('turns the page when what sounds leaves it', () => {
    const span = { start: 0, end: 20 };
    expect(following(span, 10, 100)).toBe(span);
    expect(following(span, 20, 100)).toEqual({ start: 19, end: 39 });
    expect(following(span, 99, 100)).toEqual({ start: 80, end: 100 });
  });
  it('marks round times', () => {
    expect(ticks({ start: 12, end: 62 }, 500)).toEqual({ step: 10, times: [20, 30, 40, 50, 60] });
  });
});

describe('words', () => {
  it('tell times', () => {
    expect(time(83.44)).toBe('1:23.4');
    expect(time(59.96)).toBe('1:00.0');
    expect(time(7_325, 0)).toBe('2:02:05');
  });
  it('tell numbers', () => {
    expect(number(-0.04)).toBe('0.0');
    expect(number(null)).toBe('–');
    expect(signed(1.24)).toBe('+1.2');
    expect(signed(-1.24)).toBe('−1.2');
    expect(signed(0.01)).toBe('0.0');
    expect(bytes(39_690_860)).toBe('40 MB');
  });
  it('tell evidence with its unit', () => {
    expect(evidence('frequency_hz', 2933.8)).toEqual(['Frequency', '2934 Hz']);
    expect(evidence('offsets_db', [-4.27])).toEqual(['Offsets', '−4.3 dB']);
    expect(evidence('flat_tops', 412)).toEqual(['Flat tops', '412']);
  });
});

describe('a blind test', () => {
  it('knows what guessing would do', () => {
    expect(chance(0, 10)).toBe(1);
    expect(chance(10, 10)).toBeCloseTo(1 / 1024, 12);
    expect(chance(9, 10)).toBeCloseTo(11 / 1024, 12);
    expect(chance(12, 16)).toBeCloseTo(0.0384, 4);
  });
  it('claims no more than was shown', () => {
    expect(verdict(4, 4)).toMatch(/Too few/);
    expect(verdict(10, 10)).toMatch(/You hear/);
    expect(verdict(5, 10)).toMatch(/No difference/);
  });
});

describe('history', () => {
  it('goes back and forth, and forgets the future when something new is done', () => {
    let history = begin(0);
    history = step(step(history, 1), 2);
    history = step(history, 3, true);
    expect(back(history).now).toBe(1);
    expect(forth(back(history)).now).toBe(3);
    expect(step(back(history), 9).future).toEqual([]);
    expect(back(begin(0)).now).toBe(0);
  });
});

describe('a recipe', () => {
  const because = [{ text: '', finding: null, evidence: { lufs: -14 } }];
  const recipe: Recipe = {
    version: 1,
    engine: '',
    input: null,
    steps: [
      { id: 'tone', kind: 'equaliser', params: { phase: 'linear', bands: [] }, because: [], enabled: true },
      { id: 'loud', kind: 'maximiser', params: { drive_db: 6, ceiling_dbtp: -1 }, because, enabled: true },
    ],
  };
  it('takes a person’s own settings and leaves the others', () => {
    const now = applied(recipe, { tone: { phase: 'minimum' }, gone: { x: 1 } }, ['loud']);
    expect(now.steps[0]?.params).toEqual({ phase: 'minimum', bands: [] });
    expect(now.steps.map((each) => each.enabled)).toEqual([true, false]);
    expect(recipe.steps[1]?.enabled).toBe(true);
  });
  it('is expected to be as loud as it was driven, and as it was changed since', () => {
    expect(expectedLufs(null, recipe, recipe, null)).toBe(-14);
    expect(expectedLufs(null, recipe, applied(recipe, { loud: { drive_db: 8 } }, []), null)).toBe(-12);
    expect(expectedLufs(null, recipe, applied(recipe, {}, ['loud']), null)).toBeNull();
    const driven = applied(recipe, { loud: { drive_db: 7 } }, []);
    expect(expectedLufs({ recipe, integrated_lufs: -13.5 }, recipe, driven, null)).toBe(-12.5);
  });
  it('is laid out from its processors’ declarations', () => {
    const processor: Processor = {
      kind: 'equaliser',
      title: 'Equaliser',
      help: '',
      knobs: [],
      schema: {
        properties: {
          phase: { enum: ['linear', 'minimum'], default: 'minimum' },
          on: { type: 'boolean' },
          bands: { type: 'array', items: { $ref: '#/$defs/Band' } },
        },
        $defs: {
          Band: {
            properties: { gain_db: { low: -24, high: 24, step: 0.1, unit: 'dB', scale: 'linear', default: 0 } },
          },
        },
      },
    };
    const [phase, on, bands] = entries(processor);
    expect(phase).toMatchObject({ is: 'choice', options: ['linear', 'minimum'] });
    expect(on).toMatchObject({ is: 'switch' });
    expect(bands).toMatchObject({
      is: 'list',
      fresh: { gain_db: 0 },
      entries: [{ is: 'knob', spec: { unit: 'dB' } }],
    });
  });
});
