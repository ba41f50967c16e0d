/** Lowest, median and highest of some figures. */
export interface Distribution {
  readonly lowest: number;
  readonly median: number;
  readonly highest: number;
}

export function distributionOf(values: readonly number[]): Distribution {
  if (values.length === 0) throw new Error('distribution: expected at least one figure, got none');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (place: number): number => sorted[place] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    lowest: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    highest: at(sorted.length - 1),
  };
}
