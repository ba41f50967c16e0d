import type { Estimate } from '../../domain/result.js';

/** 0.3945 → "39.5". Scores are shown in percent. */
export function percent(value: number | null): string {
  return value === null ? '–' : (100 * value).toFixed(1);
}

/** "39.5 [36.1, 42.8]". */
export function estimateText({ value, low, high }: Estimate): string {
  return `${percent(value)} [${percent(low)}, ${percent(high)}]`;
}

/** "39.5 ± 2.8": one standard error. */
export function scoreText(score: number | null, standardError: number | null): string {
  return score === null ? '–' : `${percent(score)} ± ${percent(standardError)}`;
}

/** "3 m 12 s". */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${String(minutes)} m ${(seconds % 60).toFixed(0)} s`
    : `${(seconds / 3600).toFixed(1)} h`;
}

export function settingsText(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}

/** At most so many characters, the last one `…` where something was cut. */
export function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
