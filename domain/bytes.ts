const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** The bytes of a size such as `50GB`, `1.5 TiB` or `4096`; null when it is none. */
export function parseBytes(text: string): number | null {
  const [, amount = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)\s*$/i.exec(text) ?? [];
  const size = UNITS[unit.toUpperCase()];
  return amount === '' || size === undefined ? null : Math.round(Number(amount) * size);
}

/** A size for people, in decimal units: `1.5 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const amount = bytes / 1000 ** power;
  return `${power === 0 ? String(bytes) : amount.toFixed(1)} ${units[power] ?? ''}`;
}
