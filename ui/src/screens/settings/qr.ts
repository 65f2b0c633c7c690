/**
 * QR codes (ISO/IEC 18004), as far as an authenticator's address needs them: bytes, error correction L, up to version
 * 13 (425 bytes). Drawn here, so that a secret is told to nobody else.
 */

/** For versions 1 to 13 at level L: codewords of error correction a block, and blocks (table 9). */
const CORRECTION = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26];
const BLOCKS = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4];
const LEVEL_L = 0b01;

type Grid = (boolean | null)[][];

/** The modules of the code, dark is true, without a margin. Raises RangeError for a text that is too long. */
export function qr(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text);
  for (let version = 1; version <= CORRECTION.length; version += 1) {
    const grid = frame(version);
    const codewords = Math.floor(grid.flat().filter((module) => module === null).length / 8);
    const correction = CORRECTION[version - 1] as number;
    const blocks = BLOCKS[version - 1] as number;
    const data = packed(bytes, version, codewords - correction * blocks);
    if (data) return best(grid, version, interleaved(data, blocks, correction));
  }
  throw new RangeError('The text is too long for a code.');
}

/** Mode, length and bytes, filled up (7.4); null where they do not fit. */
function packed(bytes: Uint8Array, version: number, capacity: number): number[] | null {
  const bits: number[] = [];
  const push = (value: number, count: number) => {
    for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  push(0b0100, 4);
  push(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) push(byte, 8);
  if (bits.length > 8 * capacity) return null;
  push(0, Math.min(4, 8 * capacity - bits.length));
  push(0, (8 - (bits.length % 8)) % 8);
  const words = Array.from({ length: bits.length / 8 }, (_, at) =>
    bits.slice(8 * at, 8 * at + 8).reduce((word, bit) => 2 * word + bit, 0),
  );
  for (let fill = 0xec; words.length < capacity; fill ^= 0xec ^ 0x11) words.push(fill);
  return words;
}

/** Blocks with their error correction, one codeword of each after another (7.6). */
function interleaved(data: number[], count: number, correction: number): number[] {
  const short = Math.floor(data.length / count);
  const longer = data.length % count;
  const blocks = Array.from({ length: count }, (_, index) => {
    const start = index * short + Math.max(0, index - (count - longer));
    return data.slice(start, start + short + (index >= count - longer ? 1 : 0));
  });
  const checks = blocks.map((block) => remainder(block, correction));
  const mixed: number[] = [];
  for (let at = 0; at <= short; at += 1)
    for (const block of blocks) if (at < block.length) mixed.push(block[at] as number);
  for (let at = 0; at < correction; at += 1) for (const check of checks) mixed.push(check[at] as number);
  return mixed;
}

/** Product in GF(256) with the polynomial 0x11d (annex A). */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ (product & 0x80 ? 0x11d : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** Reed-Solomon: the remainder of the data by the generator of so many codewords. */
export function remainder(data: readonly number[], count: number): number[] {
  let generator = [1];
  for (let power = 0, root = 1; power < count; power += 1, root = times(root, 2)) {
    const next = [...generator, 0];
    for (const [at, factor] of generator.entries()) next[at + 1] = (next[at + 1] as number) ^ times(factor, root);
    generator = next;
  }
  const left = [...data, ...Array<number>(count).fill(0)];
  for (let at = 0; at < data.length; at += 1) {
    const factor = left[at] as number;
    for (const [step, each] of generator.entries())
      left[at + step] = (left[at + step] as number) ^ times(each, factor);
  }
  return left.slice(data.length);
}

/** A value with its check bits (BCH, annexes C and D). */
export function checked(value: number, bits: number, polynomial: number): number {
  let rest = value << bits;
  for (let bit = 31 - Math.clz32(rest); bit >= bits; bit = 31 - Math.clz32(rest))
    rest ^= polynomial << (bit - bits);
  return (value << bits) | rest;
}

/** Everything but the data: finders, timing, alignment, and the places of format and version. Null is free. */
function frame(version: number): Grid {
  const size = 17 + 4 * version;
  const grid: Grid = Array.from({ length: size }, () => Array<boolean | null>(size).fill(null));
  const square = (row: number, column: number, radius: number) => {
    for (let y = -radius; y <= radius; y += 1) {
      for (let x = -radius; x <= radius; x += 1) {
        const ring = Math.max(Math.abs(x), Math.abs(y));
        // dark are the middle and the third ring of a finder, the middle and the second of an alignment
        set(grid, row + y, column + x, radius === 4 ? ring !== 2 && ring !== 4 : ring !== 1);
      }
    }
  };
  for (let at = 0; at < size; at += 1) {
    set(grid, 6, at, at % 2 === 0);
    set(grid, at, 6, at % 2 === 0);
  }
  const places = alignment(version);
  const last = places.length - 1;
  for (const [i, row] of places.entries()) {
    for (const [j, column] of places.entries()) {
      const finder = (i === 0 && (j === 0 || j === last)) || (i === last && j === 0);
      if (!finder) square(row, column, 2);
    }
  }
  square(3, 3, 4);
  square(3, size - 4, 4);
  square(size - 4, 3, 4);
  writeFormat(grid, 0);
  if (version >= 7) {
    const told = checked(version, 12, 0x1f25);
    for (let bit = 0; bit < 18; bit += 1) {
      const dark = ((told >> bit) & 1) === 1;
      set(grid, Math.floor(bit / 3), size - 11 + (bit % 3), dark);
      set(grid, size - 11 + (bit % 3), Math.floor(bit / 3), dark);
    }
  }
  return grid;
}

function set(grid: Grid, row: number, column: number, dark: boolean): void {
  const line = grid[row];
  if (line && column >= 0 && column < line.length) line[column] = dark;
}

/** Rows and columns of the alignment patterns' middles (annex E). */
function alignment(version: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const size = 17 + 4 * version;
  const step = 2 * Math.ceil((size - 13) / (2 * count - 2));
  return [6, ...Array.from({ length: count - 1 }, (_, index) => size - 7 - step * (count - 2 - index))];
}

/** Level and mask, twice (7.9). */
function writeFormat(grid: Grid, mask: number): void {
  const size = grid.length;
  const told = checked((LEVEL_L << 3) | mask, 10, 0x537) ^ 0x5412;
  for (let bit = 0; bit < 15; bit += 1) {
    const dark = ((told >> bit) & 1) === 1;
    const row = bit < 6 ? bit : bit < 8 ? bit + 1 : size - 15 + bit;
    set(grid, row, 8, dark);
    const column = bit < 8 ? size - 1 - bit : bit === 8 ? 7 : 14 - bit;
    set(grid, 8, column, dark);
  }
  set(grid, size - 8, 8, true);
}

const MASKS: ((row: number, column: number) => boolean)[] = [
  (i, j) => (i + j) % 2 === 0,
  (i) => i % 2 === 0,
  (_, j) => j % 3 === 0,
  (i, j) => (i + j) % 3 === 0,
  (i, j) => (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0,
  (i, j) => ((i * j) % 2) + ((i * j) % 3) === 0,
  (i, j) => (((i * j) % 2) + ((i * j) % 3)) % 2 === 0,
  (i, j) => (((i + j) % 2) + ((i * j) % 3)) % 2 === 0,
];

/** The code under the mask that leaves the fewest large areas. Any mask can be read; some are read more easily. */
function best(empty: Grid, version: number, codewords: number[]): boolean[][] {
  let found: boolean[][] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < MASKS.length; mask += 1) {
    const grid = frame(version);
    fill(grid, empty, codewords, MASKS[mask] as (typeof MASKS)[number]);
    writeFormat(grid, mask);
    const drawn = grid.map((line) => line.map((module) => module === true));
    const cost = areas(drawn);
    if (cost < least) {
      least = cost;
      found = drawn;
    }
  }
  return found;
}

/** Two columns at a time, up and down, from the right (7.7.3). */
function fill(grid: Grid, empty: Grid, codewords: number[], mask: (typeof MASKS)[number]): void {
  const size = grid.length;
  let bit = 0;
  let up = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5; // the timing's column is left out
    for (let step = 0; step < size; step += 1) {
      const row = up ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (empty[row]?.[column] !== null) continue;
        const dark = (((codewords[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
        set(grid, row, column, dark !== mask(row, column));
        bit += 1;
      }
    }
    up = !up;
  }
}

/** Runs of five and more, and squares of one colour (7.8.3, the first two features). */
function areas(grid: boolean[][]): number {
  const size = grid.length;
  let cost = 0;
  for (let line = 0; line < size; line += 1) {
    for (const at of [(n: number) => grid[line]?.[n], (n: number) => grid[n]?.[line]]) {
      let run = 1;
      for (let n = 1; n <= size; n += 1) {
        if (n < size && at(n) === at(n - 1)) run += 1;
        else {
          if (run >= 5) cost += run - 2;
          run = 1;
        }
      }
    }
    for (let n = 1; n < size && line > 0; n += 1) {
      const here = grid[line]?.[n];
      if (here === grid[line]?.[n - 1] && here === grid[line - 1]?.[n] && here === grid[line - 1]?.[n - 1])
        cost += 3;
    }
  }
  return cost;
}

/** The dark modules as the path of an SVG whose viewBox is the size plus a margin of four on each side. */
export function path(modules: readonly (readonly boolean[])[]): string {
  return modules.flatMap((line, y) => line.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ''))).join('');
}
