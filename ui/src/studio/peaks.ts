/** Waveform columns from the service's peaks files (server/sound/peaks.py), and how they meet the pixels. */

export interface PeaksHead {
  channels: number;
  rate_hz: number;
  frames: number;
  base_frames: number;
  factor: number;
  /** Columns of each level. */
  columns: number[];
}

const MAGIC = 'TWPK';

/** What a peaks file holds, from its first bytes. Throws for anything else. */
export function parseHead(bytes: ArrayBuffer): PeaksHead {
  const view = new DataView(bytes);
  const magic = bytes.byteLength >= 28 ? String.fromCharCode(...new Uint8Array(bytes, 0, 4)) : '';
  if (magic !== MAGIC || view.getUint16(4, true) !== 1)
    throw new Error('The waveform has a form this page does not know.');
  return {
    channels: view.getUint16(6, true),
    rate_hz: view.getUint32(8, true),
    frames: Number(view.getBigUint64(12, true)),
    base_frames: view.getUint32(20, true),
    factor: view.getUint16(24, true),
    columns: Array.from({ length: view.getUint16(26, true) }, (_, level) => columnsOf(view, level)),
  };
}

function columnsOf(view: DataView, level: number): number {
  return Number(view.getBigUint64(28 + 16 * level + 8, true)); // each level: offset, columns
}

/** Frames in a column of a level. */
export function columnFrames(head: PeaksHead, level: number): number {
  return head.base_frames * head.factor ** level;
}

/** The coarsest level that still has a column for each pixel; else the finest there is. */
export function levelFor(head: PeaksHead, framesPerPixel: number): number {
  let level = 0;
  while (level + 1 < head.columns.length && columnFrames(head, level + 1) <= framesPerPixel) level += 1;
  return level;
}

/**
 * The least and greatest of each pixel, over all channels, -1..1: [least, greatest, least, ...]. NaN where nothing is known.
 * columns: int8 pairs of each channel; first: number of the first column that they hold.
 */
export function pixels(
  head: PeaksHead,
  level: number,
  columns: Int8Array,
  first: number,
  startFrame: number,
  framesPerPixel: number,
  width: number,
): Float32Array {
  const out = new Float32Array(2 * width).fill(Number.NaN);
  const size = columnFrames(head, level);
  const stride = 2 * head.channels;
  const known = columns.length / stride;
  for (let x = 0; x < width; x++) {
    const from = Math.floor((startFrame + x * framesPerPixel) / size) - first;
    const to = Math.max(from + 1, Math.ceil((startFrame + (x + 1) * framesPerPixel) / size) - first);
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let column = Math.max(0, from); column < Math.min(to, known); column++) {
      for (let channel = 0; channel < head.channels; channel++) {
        least = Math.min(least, columns[column * stride + 2 * channel] as number);
        greatest = Math.max(greatest, columns[column * stride + 2 * channel + 1] as number);
      }
    }
    if (least > greatest) continue;
    out[2 * x] = least / 127;
    out[2 * x + 1] = greatest / 127;
  }
  return out;
}
