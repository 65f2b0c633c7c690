/**
 * Momentary loudness and peaks of what sounds, block by block.
 *
 * ITU-R BS.1770-5: K-weighting (a shelf, then a high-pass), power of both channels summed, over 400 ms. The two filters
 * are given there for 48 kHz; here they are made anew for other rates from the analogue prototypes that those came from.
 */

interface Section {
  b0: number;
  b1: number;
  b2: number;
  a1: number;
  a2: number;
}

const BLOCKS = 12; // 400 ms in steps of a thirtieth of a second
const OFFSET_LUFS = -0.691;

/** The two sections of K-weighting at a rate. */
export function kWeighting(rate_hz: number): [Section, Section] {
  return [
    shelf(1681.974450955533, 3.999843853973347, 0.7071752369554196, rate_hz),
    highPass(38.13547087602444, 0.5003270373238773, rate_hz),
  ];
}

function shelf(frequency_hz: number, gain_db: number, q: number, rate_hz: number): Section {
  const k = Math.tan((Math.PI * frequency_hz) / rate_hz);
  const high = 10 ** (gain_db / 20);
  const band = high ** 0.4996667741545416;
  const a0 = 1 + k / q + k * k;
  return {
    b0: (high + (band * k) / q + k * k) / a0,
    b1: (2 * (k * k - high)) / a0,
    b2: (high - (band * k) / q + k * k) / a0,
    a1: (2 * (k * k - 1)) / a0,
    a2: (1 - k / q + k * k) / a0,
  };
}

function highPass(frequency_hz: number, q: number, rate_hz: number): Section {
  const k = Math.tan((Math.PI * frequency_hz) / rate_hz);
  const a0 = 1 + k / q + k * k;
  return { b0: 1, b1: -2, b2: 1, a1: (2 * (k * k - 1)) / a0, a2: (1 - k / q + k * k) / a0 };
}

export interface Reading {
  /** LUFS over the last 400 ms; null for silence. */
  momentary_lufs: number | null;
  /** dBFS of samples since the last reading, left and right; null for silence. */
  peak_dbfs: [number | null, number | null];
}

export class LoudnessMeter {
  readonly #sections: [Section, Section];
  /** Four numbers of state for each channel: two for each section. */
  readonly #state = [new Float64Array(4), new Float64Array(4)] as const;
  readonly #powers = new Float64Array(BLOCKS);
  readonly #blockFrames: number;
  readonly #peaks: [number, number] = [0, 0];
  #sum = 0;
  #count = 0;
  #at = 0;

  constructor(rate_hz: number) {
    this.#sections = kWeighting(rate_hz);
    this.#blockFrames = Math.round(rate_hz * (0.4 / BLOCKS));
  }

  add(left: Float32Array, right: Float32Array): void {
    for (let n = 0; n < left.length; n++) {
      this.#sum += this.#power(0, left[n] as number) + this.#power(1, right[n] as number);
      this.#count += 1;
      if (this.#count === this.#blockFrames) {
        this.#powers[this.#at] = this.#sum / this.#count;
        this.#at = (this.#at + 1) % BLOCKS;
        this.#sum = 0;
        this.#count = 0;
      }
    }
  }

  /** What was heard since the last reading. */
  read(): Reading {
    const power = this.#powers.reduce((sum, each) => sum + each, 0) / BLOCKS;
    const peaks = this.#peaks.map((peak) => (peak > 0 ? 20 * Math.log10(peak) : null)) as Reading['peak_dbfs'];
    this.#peaks.fill(0);
    return { momentary_lufs: power > 1e-12 ? OFFSET_LUFS + 10 * Math.log10(power) : null, peak_dbfs: peaks };
  }

  #power(channel: 0 | 1, sample: number): number {
    const state = this.#state[channel];
    this.#peaks[channel] = Math.max(this.#peaks[channel], Math.abs(sample));
    let value = sample;
    for (let stage = 0; stage < 2; stage++) {
      const s = this.#sections[stage] as Section;
      const input = value;
      value = s.b0 * input + (state[2 * stage] as number);
      state[2 * stage] = s.b1 * input - s.a1 * value + (state[2 * stage + 1] as number);
      state[2 * stage + 1] = s.b2 * input - s.a2 * value;
    }
    return value * value;
  }
}
