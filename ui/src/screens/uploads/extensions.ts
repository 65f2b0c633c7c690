/** The extensions that the engine reads, as it declares them. */

import { api } from '../../api/client.ts';

interface Formats {
  read: { extensions: string[] }[];
}

let asked: Promise<ReadonlySet<string>> | null = null;

export function extensions(): Promise<ReadonlySet<string>> {
  asked ??= api.get<Formats>('/api/formats').then(
    ({ read }) => new Set(read.flatMap((format) => format.extensions)),
    (error: unknown) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}
