/**
 * `npm run bench:agent [-- --decisions 30 --seed 1 --page docs/agent-protocol.md]`: the agent's protocol against the real
 * SmolLM2-135M. Outcomes are made up (world.ts): this is a test of the protocol, not of the choices' quality.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EMBEDDED_LLM } from '../../activities/decide/openLlm.js';
import { createEmbeddedLlm } from '../../workers/embeddedLlm.js';
import { readEnvironment } from '../../workers/env.js';
import { faultsOf, pageOf } from './page.js';
import { runProtocol } from './protocol.js';

const { values } = parseArgs({
  options: {
    decisions: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    page: { type: 'string' },
  },
});
const say = (line: string): void => console.error(line);
const { root, venv } = readEnvironment();
const llm = createEmbeddedLlm({ python: join(venv, 'bin', 'python'), root, say });
const folder = await mkdtemp(join(tmpdir(), 'lamdagent-protocol-'));
try {
  const decisions = Number(values.decisions);
  const { baseUrl } = await llm.open();
  const run = await runProtocol({
    ...{ folder: join(folder, 'store'), baseUrl, model: EMBEDDED_LLM.model, limits: 'embedded', decisions },
    seed: values.seed,
    kills: [
      { from: Math.floor(decisions / 3), calls: 1 },
      { from: Math.floor((2 * decisions) / 3), calls: 2 },
    ],
    say,
  });
  const page = pageOf(run, values.seed);
  if (values.page !== undefined) await writeFile(values.page, page);
  console.log(page);
  const faults = faultsOf(run, decisions);
  for (const fault of faults) say(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await llm.stop();
  await rm(folder, { recursive: true, force: true });
}
