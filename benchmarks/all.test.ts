import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Plain Node, without types: what the tests use is said here. */
interface BenchAll {
  benchAll(
    args: readonly string[],
    run: (name: string, options: readonly string[], env: Record<string, string>) => Promise<number>,
  ): Promise<number>;
}

interface Ran {
  readonly name: string;
  readonly options: readonly string[];
  readonly page: string;
}

/** What `npm run bench -- ARGS` would run; `failing` programs end with code 1. */
async function ran(args: readonly string[], failing: readonly string[] = []) {
  const { benchAll } = (await import(join(import.meta.dirname, '../setup/benchAll.mjs'))) as BenchAll;
  const programs: Ran[] = [];
  const code = await benchAll(args, (name, options, env) => {
    programs.push({ name, options, page: env['LAMDAGENT_BENCHMARKS_PAGE'] ?? '' });
    return Promise.resolve(failing.includes(name) ? 1 : 0);
  });
  return { code, programs };
}

describe('npm run bench', () => {
  it('runs programs that are there, the same ones quickly or whole', async () => {
    const { programs: whole } = await ran([]);
    const { programs: quick } = await ran(['--quick']);
    for (const { name } of whole) assert.ok(existsSync(join(import.meta.dirname, `${name}.ts`)), name);
    for (const { name } of quick) assert.ok(whole.some((one) => one.name === name));
    assert.ok(whole.length >= 10 && quick.length >= 6);
  });

  it('keeps quick figures away from the page of whole ones', async () => {
    const { programs: whole } = await ran([]);
    const { programs: quick } = await ran(['--quick']);
    assert.ok(whole.every(({ page }) => page.endsWith('docs/benchmarks.md')));
    assert.ok(quick.every(({ page }) => page.endsWith('.cache/benchmarks-quick.md')));
    const { programs: asked } = await ran(['--quick', '--page', '/elsewhere/page.md']);
    assert.ok(asked.every(({ page }) => page === '/elsewhere/page.md'));
  });

  it('goes on after a program that fails, and fails itself', async () => {
    const { code, programs } = await ran(['--only', 'preemption', '--only', 'reuse'], ['preemption']);
    assert.deepEqual(
      programs.map(({ name }) => name),
      ['preemption', 'reuse'],
    );
    assert.equal(code, 1);
    assert.equal((await ran(['--only', 'reuse'])).code, 0);
  });

  it('names the programs where it is asked for another', async () => {
    await assert.rejects(ran(['--only', 'nothing']), /only: expected one of recovery, .*got nothing/);
  });
});
