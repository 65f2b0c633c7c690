// What the studio costs to load: every script and style that it may ever ask for, compressed. Fails over the budget.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 150_000;
const STUDIO = 'src/studio/Studio.svelte';
const folder = join(import.meta.dirname, process.argv[2] ?? '../src/tonewright/server/static/ui');
const manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8'));

/** The files of a chunk and of all that it needs; with what it loads later, too, where that is asked for. */
function add(name, lazily, files, seen) {
  const chunk = manifest[name];
  if (!chunk || seen.has(name)) return;
  seen.add(name);
  for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
  for (const other of [...(chunk.imports ?? []), ...(lazily ? (chunk.dynamicImports ?? []) : [])]) {
    add(other, lazily, files, seen);
  }
}

const files = new Set(
  readdirSync(join(folder, 'assets'))
    .filter((name) => name.startsWith('worklet'))
    .map((name) => `assets/${name}`),
);
add('index.html', false, files, new Set());
add(STUDIO, true, files, new Set(['index.html']));
let total = 0;
for (const file of [...files].sort()) {
  if (!/\.(js|css)$/.test(file)) continue;
  const bytes = gzipSync(readFileSync(join(folder, file)), { level: 9 }).length;
  total += bytes;
  process.stdout.write(`${String(bytes).padStart(8)}  ${file}\n`);
}
process.stdout.write(`${String(total).padStart(8)}  compressed in all; the budget is ${BUDGET_BYTES}\n`);
if (!manifest[STUDIO]) throw new Error(`the build has no ${STUDIO}`);
process.exitCode = total > BUDGET_BYTES ? 1 : 0;
