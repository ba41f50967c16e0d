import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '..', 'docs', 'benchmarks.md');
const INTRODUCTION = `# Benchmarks

Every section is written by the program that its command names; run it again and the section is written anew. Machines are
noisy: where two things are compared, both were measured in the same run, alternating, and the ratio counts.
`;

export interface Section {
  /** Names the section's place in the page; never changes. */
  readonly id: string;
  readonly title: string;
  readonly command: string;
  /** Markdown: tables and sentences. */
  readonly text: string;
}

/** Writes the section in its place, or at the end; the rest of the page stays as it is. */
export function writeSection(section: Section): void {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : INTRODUCTION;
  writeFileSync(PAGE, withSection(page, section, measuredOn()));
}

/** The page with the section in it. */
export function withSection(page: string, { id, title, command, text }: Section, measured: string): string {
  const [begin, end] = [`<!-- ${id}: begin -->`, `<!-- ${id}: end -->`];
  const block = [begin, `## ${title}`, `\`\`\`sh\n${command}\n\`\`\``, text.trim(), measured, end].join(
    '\n\n',
  );
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) return `${page.trimEnd()}\n\n${block}\n`;
  return page.slice(0, from) + block + page.slice(to + end.length);
}

/** When, and on what. */
function measuredOn(): string {
  const [first] = cpus();
  const cores = `${String(cpus().length)} cores (${first?.model.trim() ?? 'unknown'})`;
  const day = new Date().toISOString().slice(0, 10);
  return `Measured ${day} on ${process.platform} ${process.arch}, ${cores}, Node ${process.versions.node}.`;
}
