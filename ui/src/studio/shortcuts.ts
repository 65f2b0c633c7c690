/** The studio's keys. Every single key can be turned off (WCAG 2.1.4): some people speak to their machine. */

import { LIVE } from '../player/player.svelte.ts';
import type { Desk } from './desk.svelte.ts';

export interface Actions {
  blind: () => void;
  keys: () => void;
  save: () => void;
  loop: () => void;
}

export const KEYS: readonly (readonly [string, string])[] = [
  ['Space', 'Play, pause'],
  ['1 … 9', 'Mix, versions, references, in their order'],
  ['0', 'The sound of the controls as they stand'],
  ['M', 'Level match on or off'],
  ['L', 'Loop on or off'],
  ['[  ]', 'Begin or end the loop here'],
  ['← →', 'Back or forward 5 s; with Shift 1 s'],
  ['Home', 'To the start'],
  ['X', 'Blind test'],
  ['Ctrl Z', 'Undo; with Shift redo'],
  ['Ctrl S', 'Save as version'],
  ['?', 'These keys'],
];

const STORE = 'tonewright.single-keys';

export function singleKeys(): boolean {
  try {
    return localStorage.getItem(STORE) !== 'off';
  } catch {
    return true;
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    localStorage.setItem(STORE, on ? 'on' : 'off');
  } catch {
    // then it lasts as long as the default
  }
}

/** A button that was clicked keeps the focus; the space bar is then still the transport's. */
let clicked: Element | null = null;

export function onpointerup(): void {
  clicked = document.activeElement;
}

export function onkeydown(event: KeyboardEvent, desk: Desk, actions: Actions): void {
  if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.key === 'Tab') clicked = null;
  const target = event.target as Element;
  if (target.matches('input:not([type="range"]), textarea, select, [contenteditable]')) return;
  const done =
    event.ctrlKey || event.metaKey ? withControl(event, desk, actions) : alone(event, desk, actions, target);
  if (done) event.preventDefault();
}

function withControl(event: KeyboardEvent, desk: Desk, actions: Actions): boolean {
  const key = event.key.toLowerCase();
  if (key === 'z' && event.shiftKey) desk.live?.redo();
  else if (key === 'z') desk.live?.undo();
  else if (key === 'y') desk.live?.redo();
  else if (key === 's') actions.save();
  else return false;
  return true;
}

function alone(event: KeyboardEvent, desk: Desk, actions: Actions, target: Element): boolean {
  const { player } = desk;
  const pressable = target.matches('button, a, summary, [role="switch"], input') && target !== clicked;
  const by = event.shiftKey ? 1 : 5;
  switch (event.key) {
    case ' ':
      if (pressable || event.repeat) return false;
      player.toggle();
      return true;
    case 'ArrowLeft':
    case 'ArrowRight':
      if (target.matches('input')) return false;
      player.seek(player.now() + (event.key === 'ArrowLeft' ? -by : by));
      return true;
    case 'Home':
      player.seek(0);
      return true;
  }
  return singleKeys() && character(event.key, desk, actions);
}

function character(key: string, desk: Desk, actions: Actions): boolean {
  const { player } = desk;
  if (/^[1-9]$/.test(key)) {
    const track = player.tracks[Number(key) - 1];
    if (track) desk.select(track.id);
    return track !== undefined;
  }
  const deeds: Record<string, () => void> = {
    '0': () => {
      if (desk.live?.changed || desk.live?.audition) desk.select(LIVE);
    },
    m: () => player.listen({ kind: player.listening.kind === 'matched' ? 'as_is' : 'matched' }),
    l: actions.loop,
    '[': () =>
      player.setLoop(
        { start: player.now(), end: Math.max(player.loop?.end ?? player.duration_s, player.now() + 1) },
        true,
      ),
    ']': () =>
      player.setLoop({ start: Math.min(player.loop?.start ?? 0, player.now() - 1), end: player.now() }, true),
    x: actions.blind,
    '?': actions.keys,
  };
  const deed = deeds[key.toLowerCase()];
  deed?.();
  return deed !== undefined;
}
