/** Where to go once somebody is signed in. Only places of this site: an address from outside is no promise. */

/** The path after `next=`, or the start. */
export function nextPath(search: string): string {
  const asked = new URLSearchParams(search).get('next') ?? '';
  // "//host" and "/\host" are other sites to a browser
  return /^\/(?![/\\])[^\s\\]*$/.test(asked) ? asked : '/';
}

export function withNext(path: string, next: string): string {
  return next === '/' ? path : `${path}?${new URLSearchParams({ next })}`;
}

/** Pages that the service makes by itself, which the router does not show. */
export function isServed(path: string): boolean {
  return /^\/(api|admin|accounts)(\/|$)/.test(path);
}
