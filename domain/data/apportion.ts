/** Rows of each source for the weights: the largest remainders get the rows that are left, earlier ones first. */
export function apportion(weights: readonly number[], total: number): readonly number[] {
  const sum = weights.reduce((all, one) => all + one, 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const counts = exact.map((share) => Math.floor(share + 1e-9));
  const left = total - counts.reduce((all, one) => all + one, 0);
  const order = exact
    .map((share, at) => ({ at, rest: share - (counts[at] ?? 0) }))
    .sort((a, b) => b.rest - a.rest || a.at - b.at);
  const lucky = new Set(order.slice(0, left).map(({ at }) => at));
  return counts.map((count, at) => count + (lucky.has(at) ? 1 : 0));
}

/** The most rows that the weights allow without taking a row twice. */
export function largestMixture(weights: readonly number[], rows: readonly number[]): number {
  const sum = weights.reduce((all, one) => all + one, 0);
  const limits = weights.map((weight, at) => ((rows[at] ?? 0) * sum) / weight);
  let total = Math.floor(Math.min(...limits) + 1e-9);
  while (total > 0 && apportion(weights, total).some((count, at) => count > (rows[at] ?? 0))) total -= 1;
  return total;
}

/** The sources' places in turn so that each is spread evenly: which source gives the next row. */
export function* evenly(counts: readonly number[]): Generator<number> {
  const total = counts.reduce((all, one) => all + one, 0);
  const given = counts.map(() => 0);
  for (let place = 0; place < total; place += 1) {
    const behind = counts.map((count, at) => ((place + 1) * count) / total - (given[at] ?? 0));
    const next = behind.reduce((best, one, at) => (one > (behind[best] ?? 0) + 1e-12 ? at : best), 0);
    given[next] = (given[next] ?? 0) + 1;
    yield next;
  }
}
