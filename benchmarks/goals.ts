/** A figure beside what it should be. */
export interface Goal {
  /** What was measured, in a few words. */
  readonly what: string;
  readonly value: number;
  /** The figure holds when it is at most, or at least, this. */
  readonly bound: { readonly atMost: number } | { readonly atLeast: number };
  /** How a value of it is written: with its unit. */
  readonly text: (value: number) => string;
  /** Why it is missed, as far as the measurement tells; shown only then. */
  readonly cause: string;
}

/** A figure that could not be had is missed. */
export function holds({ value, bound }: Pick<Goal, 'value' | 'bound'>): boolean {
  return 'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
}

/** Every goal beside its figure, as a table in Markdown, then a line for each that is missed. */
export function goalTable(goals: readonly Goal[]): string {
  const lines = goals.map((goal) => {
    const verdict = holds(goal) ? 'holds' : '**missed**';
    return `| ${goal.what} | ${figureText(goal)} | ${boundText(goal)} | ${verdict} |`;
  });
  const missed = goals.filter((goal) => !holds(goal)).map(({ what, cause }) => `- Missed: ${what}. ${cause}`);
  const table = ['| goal | figure | wanted | |', '| --- | --- | --- | --- |', ...lines].join('\n');
  return missed.length === 0 ? table : `${table}\n\n${missed.join('\n')}`;
}

function figureText({ value, text }: Goal): string {
  return Number.isFinite(value) ? text(value) : 'none';
}

function boundText({ bound, text }: Goal): string {
  return 'atMost' in bound ? `at most ${text(bound.atMost)}` : `at least ${text(bound.atLeast)}`;
}
