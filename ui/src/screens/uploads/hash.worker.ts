/** Reads a part of a file and gives its digest, away from the page, which stays quick meanwhile. */

import { sha256 } from './sha256.ts';

addEventListener('message', async ({ data }: MessageEvent<{ id: number; part: Blob }>) => {
  try {
    postMessage({ id: data.id, digest: await sha256(await data.part.arrayBuffer()) });
  } catch (error) {
    postMessage({ id: data.id, fault: error instanceof Error ? error.name : 'Error' });
  }
});
