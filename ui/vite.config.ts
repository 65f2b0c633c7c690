import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// The server puts its own address here while one works on the screens: `npm run dev` beside `tonewright serve`.
const target = process.env.TONEWRIGHT_DEV_SERVER ?? 'http://127.0.0.1:8000';
// the host stays the page's: the service refuses what another page seems to ask for
const server = { target, changeOrigin: false };

/** Beside each script and style the same compressed, as the service then sends it. */
function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir, 'assets');
    },
    closeBundle() {
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css)$/.test(name)) continue;
        const data = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(data));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(data, { level: 9 }));
      }
    },
  };
}

export default defineConfig(({ command }) => ({
  base: command === 'build' ? '/static/ui/' : '/',
  plugins: [svelte(), compressed()],
  build: {
    outDir: '../src/tonewright/server/static/ui',
    emptyOutDir: true,
    manifest: true,
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // light-dark() as it stands
    assetsInlineLimit: 0, // a content security policy without data: URLs
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          // screens that are used together come together, which compresses better than a file each
          groups: [
            {
              // what every page has, so that none of the screens' files is needed for the shell or the studio
              name: 'shell',
              test: /preload-helper|node_modules\/(?!uplot)|src\/(parts|api)\/|src\/(?!main|routes)[^/]+\.ts$|src\/screens\/(uploads\/)?[^/]+\.ts$|studio\/words/,
              priority: 1,
            },
            { name: 'account', test: /src\/screens\/(account|start)\// },
            { name: 'settings', test: /src\/screens\/settings\// },
            // the studio takes references in, too
            { name: 'uploads', test: /src\/screens\/uploads\/.*svelte$/, priority: 1 },
            { name: 'songs', test: /src\/screens\/(project|work)\/.*svelte$/ },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': server, '/accounts': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
}));
