import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { readEnvironment } from '../workers/env.js';
import { BEGIN, END, overview } from './overview.js';

const INTRODUCTION = `# Benchmarks

Every section is written by the program that its command names; run it again and the section is written anew. Machines are
noisy: where two things are compared, both were measured in the same run, alternating, and the ratio counts.
`;
const QUICK = `# Quick benchmarks

Small sizes and few repetitions, to see that the programs work: the figures are rough. docs/benchmarks.md has the whole ones.
`;

export interface Section {
  /** Names the section's place in the page; never changes. */
  readonly id: string;
  readonly title: string;
  readonly command: string;
  /** Markdown: tables and sentences. */
  readonly text: string;
}

/** The page of whole runs; a run in small sizes writes to another. */
export function isWholePage(): boolean {
  const { benchmarksPage, root } = readEnvironment();
  return benchmarksPage === join(root, 'docs', 'benchmarks.md');
}

/** Writes the section in its place, or at the end, and the overview of all goals; the rest of the page stays as it is. */
export function writeSection(section: Section): void {
  const { benchmarksPage: file } = readEnvironment();
  const page = existsSync(file) ? readFileSync(file, 'utf8') : isWholePage() ? INTRODUCTION : QUICK;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, withOverview(withSection(page, section, measuredOn())));
}

/** Every goal of the page beside its figure, before the first section. */
export function withOverview(page: string): string {
  const block = `${BEGIN}\n\n${overview(page)}\n\n${END}`;
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from >= 0 && to > from) return page.slice(0, from) + block + page.slice(to + END.length);
  const first = /^<!-- .*: begin -->$/m.exec(page)?.index ?? page.length;
  return `${page.slice(0, first).trimEnd()}\n\n${block}\n\n${page.slice(first)}`;
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
  const cpuinfo = '/proc/cpuinfo';
  const units = existsSync(cpuinfo) ? vectorUnits(readFileSync(cpuinfo, 'utf8')) : null;
  const model = [first?.model.trim() ?? 'unknown', ...(units === null ? [] : [units])].join(', ');
  const cores = `${String(cpus().length)} cores (${model})`;
  const day = new Date().toISOString().slice(0, 10);
  return `Measured ${day} on ${process.platform} ${process.arch}, ${cores}, Node ${process.versions.node}.`;
}

/** Names in Linux's /proc/cpuinfo of the vector units that matrix kernels tell apart, the widest first. */
const VECTOR_UNITS = { avx512f: 'AVX-512', avx2: 'AVX2', sve: 'SVE', asimd: 'NEON' };

/** The widest vector units of a processor: they decide how fast a small model computes. */
export function vectorUnits(cpuinfo: string): string | null {
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/) ?? [];
  return Object.entries(VECTOR_UNITS).find(([flag]) => flags.includes(flag))?.[1] ?? null;
}
