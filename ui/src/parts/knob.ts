/** What a knob needs to know about its number: place on the scale, steps, words. No browser in here. */

import type { KnobSpec } from '../api/types.ts';

const MINUS = '−';

/** Where a value lies between low and high, 0..1. */
export function toPosition(spec: KnobSpec, value: number): number {
  const [low, high, at] = spec.scale === 'log' ? logs(spec, value) : [spec.low, spec.high, value];
  return clamp((at - low) / (high - low), 0, 1);
}

/** The value at a place 0..1, on a step. */
export function fromPosition(spec: KnobSpec, position: number): number {
  const at = clamp(position, 0, 1);
  if (at === 0) return spec.low;
  if (at === 1) return spec.high;
  if (spec.scale !== 'log') return snap(spec, spec.low + at * (spec.high - spec.low));
  const [low, high] = logs(spec, spec.low);
  return snap(spec, Math.exp(low + at * (high - low)));
}

/** The nearest step within the range, without the noise of binary fractions. */
export function snap(spec: KnobSpec, value: number): number {
  const steps = Math.round((value - spec.low) / spec.step);
  return clamp(Number((spec.low + steps * spec.step).toFixed(decimals(spec) + 2)), spec.low, spec.high);
}

/** One press of an arrow key (count = 1 or -1), or a page (10). On a log scale a hundredth of the way, at least a step. */
export function nudge(spec: KnobSpec, value: number, count: number): number {
  const byStep = snap(spec, value + count * spec.step);
  if (spec.scale !== 'log') return byStep;
  const byPlace = fromPosition(spec, toPosition(spec, value) + count / 100);
  return Math.abs(byPlace - value) > Math.abs(byStep - value) ? byPlace : byStep;
}

/** As it is read on the screen: "+20", "−1.0 dBTP", "2.93 kHz". */
export function format(spec: KnobSpec, value: number): string {
  if (spec.unit === 'Hz' && Math.abs(value) >= 1000) return `${Number((value / 1000).toPrecision(3))} kHz`;
  const digits = value.toFixed(decimals(spec));
  const plain = Number(digits) === 0 ? digits.replace('-', '') : digits.replace('-', MINUS);
  const signed = spec.low < 0 && spec.high > 0 && Number(digits) > 0 ? `+${plain}` : plain;
  if (spec.unit === '') return signed;
  return spec.unit === ':1' ? `${signed}:1` : `${signed} ${spec.unit}`;
}

/** A number that a person typed, or null: "2.9k", "2,9 kHz", "−3 dB". Held within the range. */
export function parse(spec: KnobSpec, text: string): number | null {
  const found = /^\s*([+\-−]?\d*(?:[.,]\d+)?\d*)\s*(k?)/iu.exec(text);
  if (!found?.[1] || !/\d/.test(found[1])) return null;
  const value = Number(found[1].replace(MINUS, '-').replace(',', '.')) * (found[2] ? 1000 : 1);
  return Number.isFinite(value) ? clamp(snap(spec, value), spec.low, spec.high) : null;
}

/** The name as a person reads it: low_end -> "Low end", ceiling_dbtp -> "Ceiling". */
export function label(spec: Pick<KnobSpec, 'name'>): string {
  const bare = spec.name.replace(/_(db|dbtp|dbfs|hz|ms|s|pct|db_per_s|lufs)$/, '');
  const text = bare === 'q' ? 'Q' : bare.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function decimals(spec: KnobSpec): number {
  const text = String(spec.step);
  const dot = text.indexOf('.');
  return dot < 0 ? 0 : text.length - dot - 1;
}

function logs(spec: KnobSpec, value: number): [number, number, number] {
  const floor = spec.low > 0 ? spec.low : spec.step / 2; // a log scale that names 0 has its first step just above it
  return [Math.log(floor), Math.log(spec.high), Math.log(Math.max(value, floor))];
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
