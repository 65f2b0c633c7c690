/** A small history router: paths are patterns with :names, screens are loaded when they are first shown. */

import type { Component } from 'svelte';

// biome-ignore lint/suspicious/noExplicitAny: a screen's own props are its business
type Screen = Component<any>;
export type Loader = () => Promise<{ default: Screen }>;

export interface Route {
  pattern: string;
  load: Loader;
  /** Shown to whoever is not signed in, too. */
  open?: boolean;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** The first route whose pattern fits the path. */
export function match(routes: readonly Route[], path: string): Match | null {
  const parts = split(path);
  for (const route of routes) {
    const params = fit(split(route.pattern), parts);
    if (params) return { route, params };
  }
  return null;
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function fit(pattern: string[], parts: string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, name] of pattern.entries()) {
    const part = parts[index] as string;
    if (name.startsWith(':')) {
      try {
        params[name.slice(1)] = decodeURIComponent(part);
      } catch {
        return null; // a path that is not valid percent-encoding names nothing
      }
    } else if (name !== part) return null;
  }
  return params;
}

class Router {
  path = $state(location.pathname);
  search = $state(location.search);

  constructor() {
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  /** Go to a path of this site. replace: without a step to go back to. */
  go(href: string, { replace = false } = {}): void {
    if (replace) history.replaceState(null, '', href);
    else history.pushState(null, '', href);
    this.#read();
    scrollTo(0, 0);
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  /** Links of this site change the screen instead of loading the page, unless asked for a new tab or a download. */
  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (/^\/(api|accounts|static|admin)\//.test(link.pathname)) return;
    if (link.pathname === location.pathname && link.hash) return;
    event.preventDefault();
    this.go(link.pathname + link.search + link.hash);
  }
}

export const router = new Router();
