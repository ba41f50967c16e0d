/** A line of a goals' table (goals.ts): goal, figure, bound, verdict. */
const LINE = /^\| (.+?) \| (.+?) \| (at (?:most|least) .+?) \| (holds|\*\*missed\*\*) \|$/;

/** One table of all goals that the sections of the page show, each with its section. */
export function overview(page: string): string {
  const [before = '', after = ''] = page.includes(BEGIN)
    ? [page.split(BEGIN)[0], page.split(END)[1]]
    : [page];
  let section = '';
  const lines: string[] = [];
  for (const line of `${before}\n${after}`.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const [, goal = '', figure = '', bound = '', verdict = ''] = LINE.exec(line) ?? [];
    if (goal !== '') lines.push(`| ${[section, goal, figure, bound, verdict].join(' | ')} |`);
  }
  if (lines.length === 0) return `${TITLE}\n\nNo section shows a goal.`;
  const missed = lines.filter((line) => line.includes('**missed**')).length;
  const count = `${String(lines.length - missed)} of ${String(lines.length)} hold; why one is missed stands in its section.`;
  const head = ['| section | goal | figure | wanted | |', '| --- | --- | --- | --- | --- |'];
  return [TITLE, count, [...head, ...lines].join('\n')].join('\n\n');
}

/** The overview's own place in the page. */
export const BEGIN = '<!-- goals: begin -->';
export const END = '<!-- goals: end -->';
const TITLE = '## Goals';
