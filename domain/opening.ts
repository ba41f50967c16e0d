/** The test split was opened. The first record is the proper one; any later one was forced. */
export interface Opening {
  readonly schemaVersion: 1;
  /** From 0. */
  readonly number: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The run id of the workflow, or who asked. */
  readonly by: string;
  readonly models: readonly { readonly trial: number; readonly stageId: string }[];
  /** It had been opened before, for other models. */
  readonly forced: boolean;
}

/** `opened once, at 2026-01-01T00:00:00.000Z by 3f2a…`; a forced second look is named. */
export function openingsText(openings: readonly Opening[]): string {
  const [first] = openings;
  if (first === undefined) return 'no record of its opening';
  const again = openings.filter(({ forced }) => forced).length;
  const once = `opened at ${first.at} by ${first.by}`;
  return again === 0 ? `${once}, once` : `${once}, and ${String(again)} more by force: its figures flatter`;
}
