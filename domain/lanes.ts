/** Something that one worker did, from `start` to `end`, in any unit of time. */
export interface Span {
  readonly worker: string;
  readonly start: number;
  readonly end: number;
}
/** A line of a timeline, with what happened on it in the order of its start. */
export interface Lane<T extends Span> {
  /** In the order of their first span; several only where the workers outnumber the lanes. */
  readonly workers: readonly string[];
  readonly spans: readonly T[];
}

/**
 * A lane a worker, in the order in which they began. Where that would be more than `most`, workers take turns: each
 * goes to the first lane that is free from its first span to its last (greedy interval partitioning, which needs the
 * fewest lanes: Kleinberg and Tardos 2005, ch. 4.1).
 */
export function lanesOf<T extends Span>(spans: readonly T[], most: number): readonly Lane<T>[] {
  const workers = byWorker(spans);
  if (workers.length <= most) return workers;
  const lanes: Lane<T>[] = [];
  for (const one of workers) {
    const start = one.spans[0]?.start ?? 0;
    const free = lanes.findIndex((lane) => endOf(lane) <= start);
    const lane = lanes[free];
    if (lane === undefined) lanes.push(one);
    else lanes[free] = { workers: [...lane.workers, ...one.workers], spans: [...lane.spans, ...one.spans] };
  }
  return lanes;
}

function byWorker<T extends Span>(spans: readonly T[]): readonly Lane<T>[] {
  const found = new Map<string, T[]>();
  for (const span of [...spans].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const own = found.get(span.worker);
    if (own === undefined) found.set(span.worker, [span]);
    else own.push(span);
  }
  return [...found].map(([worker, own]) => ({ workers: [worker], spans: own }));
}

function endOf({ spans }: Lane<Span>): number {
  return spans.reduce((latest, { end }) => Math.max(latest, end), Number.NEGATIVE_INFINITY);
}
