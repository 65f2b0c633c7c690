/** The stretch of time that is shown, and how it moves. Seconds. */

export interface Span {
  start: number;
  end: number;
}

export const SHORTEST_S = 0.5;

/** A span of this length around a time that stays where it is on the screen, within the song. */
export function zoomed(span: Span, factor: number, at: number, duration: number): Span {
  const length = Math.min(duration, Math.max(Math.min(SHORTEST_S, duration), (span.end - span.start) * factor));
  const share = (at - span.start) / (span.end - span.start || 1);
  return placed(at - share * length, length, duration);
}

export function moved(span: Span, by: number, duration: number): Span {
  return placed(span.start + by, span.end - span.start, duration);
}

/** Follow what sounds: when it leaves the view, turn the page. */
export function following(span: Span, at: number, duration: number): Span {
  if (at >= span.start && at < span.end) return span;
  return placed(at - 0.05 * (span.end - span.start), span.end - span.start, duration);
}

/** Show a stretch with some room around it. */
export function framing(stretch: Span, duration: number): Span {
  const length = Math.min(duration, Math.max(1.6 * (stretch.end - stretch.start), 4));
  return placed((stretch.start + stretch.end - length) / 2, length, duration);
}

function placed(start: number, length: number, duration: number): Span {
  const from = Math.min(Math.max(0, start), Math.max(0, duration - length));
  return { start: from, end: from + length };
}

/** Times for the ruler: round steps, not too close. */
export function ticks(span: Span, width: number, apart = 90): { times: number[]; step: number } {
  const least = ((span.end - span.start) / Math.max(1, width)) * apart;
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600];
  const step = steps.find((each) => each >= least) ?? 3600;
  const times: number[] = [];
  for (let n = Math.ceil(span.start / step); n * step <= span.end; n++) times.push(n * step);
  return { times, step };
}
