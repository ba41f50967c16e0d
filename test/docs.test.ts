import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const SKIPPED = ['node_modules', '.venv', 'dist', '.cache', '.git'];

/** All Markdown files of the repository. */
function pagesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return SKIPPED.includes(entry.name) || entry.name.startsWith('.lamdagent') ? [] : pagesIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** A page without what stands in code. */
function prose(page: string): string {
  return readFileSync(page, 'utf8')
    .replace(/^( *)(```+|~~~+)[^]*?^\1\2/gm, '')
    .replace(/`[^`\n]*`/g, '`code`');
}

interface Link {
  readonly page: string;
  readonly target: string;
}

/** Links and pictures that lead to a place of the repository. */
function linksOf(page: string): readonly Link[] {
  const inline = [...prose(page).matchAll(/\]\(<?([^()\s>]+)>?(?: "[^"]*")?\)/g)];
  const sources = [...prose(page).matchAll(/<(?:img|a|source)[^>]* (?:src|href|srcset)="([^"]+)"/g)];
  return [...inline, ...sources]
    .map(([, target = '']) => ({ page, target }))
    .filter(({ target }) => !/^[a-z]+:/i.test(target));
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: string): ReadonlySet<string> {
  const text = readFileSync(page, 'utf8').replace(/^( *)(```+|~~~+)[^]*?^\1\2/gm, '');
  const seen = new Map<string, number>();
  const anchors = [...text.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = '']) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${String(before)}`;
  });
  const named = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = '']) => name);
  return new Set([...anchors, ...named]);
}

/** What is wrong with a link; null: it leads somewhere. */
function faultOf({ page, target }: Link): string | null {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : resolve(dirname(page), decodeURIComponent(path));
  const where = `${relative(root, page)}: ${target}`;
  if (!existsSync(file)) return `${where}: no such file`;
  if (anchor === undefined || statSync(file).isDirectory() || !file.endsWith('.md')) return null;
  return anchorsOf(file).has(anchor) ? null : `${where}: no such heading`;
}

describe('the documentation', () => {
  const pages = pagesIn(root);

  it('has no link that leads nowhere, headings included', () => {
    const links = pages.flatMap(linksOf);
    assert.ok(links.length > 80, String(links.length));
    assert.deepEqual(
      links.map(faultOf).filter((fault) => fault !== null),
      [],
    );
  });

  it('would tell of a link that leads nowhere', () => {
    const page = join(root, 'docs/README.md');
    for (const target of ['nowhere.md', 'cli.md#nowhere', '#nowhere'])
      assert.notEqual(faultOf({ page, target }), null, target);
    for (const target of ['cli.md#variables', '#begin', '../README.md'])
      assert.equal(faultOf({ page, target }), null);
  });

  it('links every page of docs/ from its index, with what it is about', () => {
    const index = join(root, 'docs/README.md');
    const linked = linksOf(index).map(({ target }) => target);
    const there = readdirSync(join(root, 'docs')).filter(
      (name) => name.endsWith('.md') && name !== 'README.md',
    );
    assert.deepEqual(
      there.filter((name) => !linked.includes(name)),
      [],
    );
    for (const line of readFileSync(index, 'utf8')
      .split('\n')
      .filter((one) => one.startsWith('- ')))
      assert.match(line, /^- \[.+\]\(.+\): .{20,}/);
  });

  it('numbers its decisions once each, in the name of the file and in its title', () => {
    const names = readdirSync(join(root, 'docs/decisions')).sort();
    const numbers = names.map((name) => Number(/^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1] ?? NaN));
    assert.equal(new Set(numbers).size, numbers.length);
    for (const [index, name] of names.entries()) {
      const [title = ''] = readFileSync(join(root, 'docs/decisions', name), 'utf8').split('\n');
      assert.match(title, new RegExp(`^# 0*${String(numbers[index])}[.:] `), name);
    }
  });

  it('names files of the repository that exist, where it says how to add something', () => {
    const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
    const named = [...text.matchAll(/`((?:[\w.-]+\/)+[\w.*-]*)`/g)].map(([, path = '']) => path);
    assert.ok(named.length > 20, String(named.length));
    const bases = ['', 'activities/decide', 'activities/spec', 'python-gpu', 'python-gpu/lamdagent_gpu'];
    assert.deepEqual(
      named.filter((path) => !bases.some((base) => existsSync(join(root, base, path)))),
      [],
    );
  });
});
