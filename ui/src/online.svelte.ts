/** Whether the service can be reached, as far as this page knows. */

class Online {
  // tests of what talks to the service run without a browser
  value = $state(globalThis.navigator?.onLine ?? true);

  constructor() {
    globalThis.addEventListener?.('online', () => this.set(true));
    globalThis.addEventListener?.('offline', () => this.set(false));
  }

  /** Called by what talks to the service: a request that got an answer, or none. */
  set(value: boolean): void {
    if (this.value !== value) this.value = value;
  }
}

export const online = new Online();
