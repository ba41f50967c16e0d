/** Items of one cluster (or one item): the sum of their values, and how many they are. */
export interface Unit {
  readonly sum: number;
  readonly count: number;
}

/** One unit a cluster; without clusters one an item. */
export function unitsOf(values: readonly number[], clusters: readonly string[] | null): readonly Unit[] {
  if (clusters === null) return values.map((sum) => ({ sum, count: 1 }));
  const units = new Map<string, Unit>();
  values.forEach((value, index) => {
    const name = clusters[index] ?? '';
    const { sum, count } = units.get(name) ?? { sum: 0, count: 0 };
    units.set(name, { sum: sum + value, count: count + 1 });
  });
  return [...units.values()];
}
