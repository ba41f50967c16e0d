const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `30m`, `2h`, `1.5d`, `1h 30m`. */
export const DURATION = /^(?:[0-9]+(?:\.[0-9]+)?[smhd] ?)+$/;

/** The seconds of a duration such as `1h 30m`. */
export function secondsOf(duration: string): number {
  return [...duration.matchAll(/([0-9.]+)([smhd])/g)].reduce(
    (total, [, amount = '0', unit = 's']) => total + Number(amount) * (UNITS[unit] ?? 1),
    0,
  );
}
