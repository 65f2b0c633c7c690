/** The arithmetic of a blind test: how likely so many right answers are for who only guesses. */

export interface Trial {
  x: 'a' | 'b';
  answer: 'a' | 'b';
}

/** P(at least `right` of `trials`) by guessing. */
export function chance(right: number, trials: number): number {
  let sum = 0;
  let ways = 1; // trials choose k
  for (let k = 0; k <= trials; k++) {
    if (k >= right) sum += ways;
    ways = (ways * (trials - k)) / (k + 1);
  }
  return sum / 2 ** trials;
}

/** What the result means, in words that claim no more than it shows. */
export function verdict(right: number, trials: number): string {
  if (trials < 5) return 'Too few to tell: go on to at least 5.';
  const p = chance(right, trials);
  if (p <= 0.01) return 'You hear a difference: guessing would do this less than once in a hundred times.';
  if (p <= 0.05) return 'You very likely hear a difference.';
  if (trials < 10) return 'Nothing shown yet: more tries would tell.';
  return 'No difference shown: guessing does as well. Choose by other reasons.';
}

export function score(trials: readonly Trial[]): number {
  return trials.filter((trial) => trial.x === trial.answer).length;
}
