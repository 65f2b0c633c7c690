/** What the pictures show of a version's curves: lines, ranges, and a sentence for who does not see them. */

import type { Curves, OverTime, Side } from '../api/types.ts';
import { number, signed, time } from './words.ts';

export interface Line {
  name: string;
  token: string;
  values: readonly (number | null)[];
  fill?: boolean;
  dashed?: boolean;
}

export interface Picture {
  name: string;
  unit: string;
  x: readonly number[];
  lines: readonly Line[];
  log: boolean;
  range: [number, number];
  summary: string;
  note: string;
  /** x is time: a click goes there. */
  overTime: boolean;
}

const BEFORE = { name: 'Mix', token: '--mix' };
const AFTER = { name: 'Master', token: '--master' };

export function pictures(curves: Curves): Picture[] {
  return [spectrum(curves), loudness(curves), stereo(curves), reduction(curves)].filter(
    (picture) => picture !== null,
  );
}

/** Both at the same loudness, so that what is seen is tone and not level. */
function spectrum({ before, after }: Curves): Picture {
  const level = (side: Side) =>
    side.spectrum.level_db.map((db) =>
      db === null || side.integrated_lufs === null ? null : db - side.integrated_lufs,
    );
  const lines = [
    { ...BEFORE, values: level(before) },
    { ...AFTER, values: level(after) },
  ];
  const changes = before.spectrum.centre_hz.map((hz, n) => ({
    hz,
    db: (lines[1]?.values[n] ?? 0) - (lines[0]?.values[n] ?? 0),
  }));
  const most = changes.reduce((a, b) => (Math.abs(b.db) > Math.abs(a.db) ? b : a), { hz: 0, db: 0 });
  return {
    name: 'Spectrum',
    unit: 'dB to the loudness',
    x: before.spectrum.centre_hz,
    lines,
    log: true,
    range: span(lines, 6, 48),
    summary: `Spectrum of mix and master at the same loudness. The largest change is ${signed(most.db)} dB at ${hertz(most.hz)}.`,
    note: `Thirds of an octave, both at the same loudness. Largest change: ${signed(most.db)} dB at ${hertz(most.hz)}.`,
    overTime: false,
  };
}

function loudness({ before, after }: Curves): Picture {
  const lines = [
    { ...BEFORE, values: before.short_term_lufs.high },
    { ...AFTER, values: resampled(after.short_term_lufs, before.short_term_lufs) },
  ];
  return {
    name: 'Loudness',
    unit: 'LUFS, short-term',
    x: times(before.short_term_lufs),
    lines,
    log: false,
    range: span(lines, 3, 30),
    summary: `Short-term loudness over time. The mix is at ${number(before.integrated_lufs)} LUFS in all, the master at ${number(after.integrated_lufs)}.`,
    note: 'Over 3 s each. A click goes there.',
    overTime: true,
  };
}

function stereo({ before, after }: Curves): Picture | null {
  if (!before.stereo || !after.stereo) return null;
  const lines = [
    { ...BEFORE, values: before.stereo.width_db },
    { ...AFTER, values: after.stereo.width_db },
  ];
  return {
    name: 'Stereo',
    unit: 'dB, side to mid',
    x: before.stereo.centre_hz,
    lines,
    log: true,
    range: span(lines, 3, 42),
    summary: `Level of the sides against the middle by frequency. Correlation in all: mix ${number(before.stereo.overall_correlation, 2)}, master ${number(after.stereo.overall_correlation, 2)}.`,
    note: `Correlation ${number(before.stereo.overall_correlation, 2)} before, ${number(after.stereo.overall_correlation, 2)} after.`,
    overTime: false,
  };
}

function reduction({ gain_reduction_db }: Curves): Picture | null {
  if (!gain_reduction_db) return null;
  const values = gain_reduction_db.low;
  const deepest = values.reduce<number>((least, value) => Math.min(least, value ?? 0), 0);
  const busy = values.filter((value) => (value ?? 0) < -0.5).length / Math.max(1, values.length);
  return {
    name: 'Limiting',
    unit: 'dB taken off peaks',
    x: times(gain_reduction_db),
    lines: [{ name: 'Gain reduction', token: '--warn', values, fill: true }],
    log: false,
    range: [Math.min(-6, Math.floor(deepest - 1)), 0],
    summary: `How far the maximiser took peaks down: at most ${number(-deepest)} dB, more than half a dB in ${number(100 * busy, 0)} % of the time.`,
    note: `At most ${number(-deepest)} dB. A click goes there.`,
    overTime: true,
  };
}

function times({ start_s, hop_s, low }: OverTime): number[] {
  return low.map((_, n) => start_s + n * hop_s);
}

/** One curve at the times of another; both usually have the same. */
function resampled(curve: OverTime, like: OverTime): (number | null)[] {
  if (curve.hop_s === like.hop_s && curve.start_s === like.start_s) return curve.high;
  return times(like).map((at) => curve.high[Math.round((at - curve.start_s) / curve.hop_s)] ?? null);
}

/** From the highest value up a little, and not so deep that silence flattens the rest. */
function span(lines: readonly Line[], room: number, deepest: number): [number, number] {
  const values = lines.flatMap((line) => line.values).filter((value) => value !== null);
  if (values.length === 0) return [-deepest, 0];
  const top = Math.max(...values) + room;
  return [Math.max(Math.min(...values) - room, top - deepest), top];
}

export function hertz(value: number): string {
  return value >= 1000 ? `${Number((value / 1000).toPrecision(2))} kHz` : `${Math.round(value)} Hz`;
}

/** On an axis. */
export function mark(picture: Picture, value: number): string {
  if (!picture.log) return time(value, 0);
  return value >= 1000 ? `${Math.round(value / 1000)}k` : `${Math.round(value)}`;
}
