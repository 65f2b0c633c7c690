/** Days and times as people write them where they are. */

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
];

export function day(iso: string): string {
  return DAY.format(new Date(iso));
}

export function moment(iso: string | number): string {
  return MOMENT.format(new Date(iso));
}

/** "5 minutes ago", "in 3 hours"; the day itself when it is more than a week away. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const far = Math.abs(seconds);
  if (far < 60) return seconds <= 0 ? 'just now' : 'in a moment';
  if (far > 7 * 86_400) return day(iso);
  const [unit, length] = STEPS.findLast(([, each]) => far >= each) ?? (['minute', 60] as const);
  return AGO.format(Math.trunc(seconds / length), unit);
}
