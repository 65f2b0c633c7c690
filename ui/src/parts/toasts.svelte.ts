/** Short messages at the edge of the screen: something was done, something went wrong, take it back. */

import { words } from '../api/client.ts';

export interface Toast {
  id: number;
  kind: 'info' | 'good' | 'bad';
  message: string;
  detail: string;
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 6_000;

class Toasts {
  items = $state<Toast[]>([]);
  #next = 1;

  /** Show a message. It goes by itself, unless it is bad or offers something to do. */
  show(message: string, options: Partial<Omit<Toast, 'id' | 'message'>> = {}): number {
    const toast: Toast = { id: this.#next++, kind: 'info', message, detail: '', ...options };
    this.items = [...this.items.filter((other) => other.message !== message), toast].slice(-4);
    if (toast.kind !== 'bad') setTimeout(() => this.drop(toast.id), toast.action ? 2 * SHOWN_MS : SHOWN_MS);
    return toast.id;
  }

  good(message: string): void {
    this.show(message, { kind: 'good' });
  }

  /** Show what went wrong, with what to do. */
  error(error: unknown, retry?: () => void): void {
    const { message, remedy } = words(error);
    this.show(message, {
      kind: 'bad',
      detail: remedy,
      action: retry ? { label: 'Try again', run: retry } : undefined,
    });
  }

  drop(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
