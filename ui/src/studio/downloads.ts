/** Files of a version that can be taken away. */

import type { Delivery } from '../api/types.ts';

export interface Form {
  format: string;
  bits: string | null;
  label: string;
  hint: string;
}

export const FORMS: readonly Form[] = [
  { format: 'wav', bits: '24', label: 'WAV, 24 bit', hint: 'for distributors' },
  { format: 'wav', bits: '16', label: 'WAV, 16 bit', hint: 'for CD' },
  { format: 'flac', bits: '24', label: 'FLAC, 24 bit', hint: 'smaller, the same' },
  { format: 'mp3', bits: null, label: 'MP3', hint: 'to send around' },
  { format: 'aac', bits: null, label: 'AAC', hint: 'to send around' },
];

/** Hand a finished file to the browser. */
export function download(delivery: Delivery): void {
  const link = document.createElement('a');
  link.href = `/api/deliveries/${delivery.id}/file`;
  link.download = delivery.filename;
  document.body.append(link);
  link.click();
  link.remove();
}
