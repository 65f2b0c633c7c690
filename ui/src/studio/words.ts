/** Numbers and names as they are read on the desk. */

const MINUS = '−';

/** 83.4 -> "1:23.4". */
export function time(seconds: number, digits = 1): string {
  const scale = 10 ** digits;
  const whole = Math.round(Math.max(0, seconds) * scale) / scale;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = (whole % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

export function number(value: number | null | undefined, digits = 1): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', MINUS);
}

/** With its sign: "+1.2", "−0.4", "0.0". */
export function signed(value: number | null | undefined, digits = 1): string {
  const text = number(value, digits);
  return typeof value === 'number' && Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(unit && value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** over_compression -> "Over compression". */
export function plain(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How much a finding matters, in a word. */
export function weight(severity: number): 'slight' | 'clear' | 'strong' {
  return severity >= 0.66 ? 'strong' : severity >= 0.33 ? 'clear' : 'slight';
}

export function sureness(confidence: number): string {
  return confidence >= 0.9
    ? 'certain'
    : confidence >= 0.7
      ? 'quite sure'
      : confidence >= 0.5
        ? 'likely'
        : 'possible';
}

/** One line of evidence: frequency_hz 2933.8 -> "Frequency", "2934 Hz". */
export function evidence(name: string, value: unknown): [string, string] {
  const found = /^(.*?)_(hz|db|dbtp|dbfs|lufs|lu|s|ms|pct)$/.exec(name);
  const units: Record<string, string> = {
    hz: 'Hz',
    db: 'dB',
    dbtp: 'dBTP',
    dbfs: 'dBFS',
    lufs: 'LUFS',
    lu: 'LU',
    s: 's',
    ms: 'ms',
    pct: '%',
  };
  const unit = found?.[2] ? ` ${units[found[2]]}` : '';
  const one = (each: unknown): string => {
    if (typeof each !== 'number') return Array.isArray(each) ? each.map(one).join(' to ') : String(each);
    return number(each, Number.isInteger(each) || Math.abs(each) >= 100 ? 0 : Math.abs(each) < 1 ? 2 : 1);
  };
  const text = Array.isArray(value)
    ? `${value.slice(0, 6).map(one).join(', ')}${value.length > 6 ? ', …' : ''}`
    : one(value);
  return [plain(found?.[1] ?? name), `${text}${unit}`];
}

const STAGES: Record<string, string> = {
  '': 'Waiting for its turn',
  decode: 'Reading the file',
  listen: 'Listening',
  'set the loudness': 'Finding the loudness',
  'limit and write': 'Rendering',
  render: 'Rendering',
  report: 'Writing the report',
};

export function stage(name: string): string {
  return STAGES[name] ?? plain(name);
}
