/** Dark, light, or as the system has it. Remembered in this browser. */

export type Theme = 'system' | 'dark' | 'light';

const KEY = 'tonewright.theme';

function remembered(): Theme {
  const value = read();
  return value === 'dark' || value === 'light' ? value : 'system';
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden; the system's choice then holds
  }
}

class ThemeChoice {
  value = $state<Theme>('system');
  /** Counts up when the colours change, for what draws on a canvas. */
  version = $state(0);

  constructor() {
    this.choose(remembered());
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.version++);
  }

  choose(value: Theme): void {
    this.value = value;
    if (value === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    this.version++;
    try {
      if (value === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, value);
    } catch {
      // the choice then lasts until the page is closed
    }
  }
}

export const theme = new ThemeChoice();

/** The colour that a token stands for now, as a canvas understands it. */
export function colour(token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
