import assert from 'node:assert/strict';
import { MOST_EVENTS } from '../../domain/longHistory.js';
import { runSideBySide } from './beside.js';
import { runLong } from './long.js';
import { besideText, longText } from './page.js';

const silent = (): void => undefined;

describe('simulated GPU workers on a real server', function () {
  this.timeout(300_000);

  it('take an exploration through its search to its end, while it is asked and paused all the time', async () => {
    const pace = { queryMs: 100, updateMs: 300 };
    const run = await runLong({ trials: 40, pace, say: silent, suggestedEvents: 150 });
    assert.deepEqual(run.findings, []);
    assert.deepEqual(run.probed?.failures, []);
    assert.ok(run.runs.length >= 3, String(run.runs.length)); // it went through continue-as-new meanwhile
    for (const { events, bytes } of run.runs) assert.ok(events > 0 && events < MOST_EVENTS && bytes > 0);
    assert.equal(run.samples.at(-1)?.rows, 42);
    assert.match(longText(run), /\| queries and updates that failed \| 0 \| at most 0 \| holds \|/);
  });

  it('serve explorations side by side', async () => {
    const single = await runLong({ trials: 8, pace: null, say: silent });
    const beside = await runSideBySide(3, 4);
    assert.deepEqual(beside.findings, []);
    assert.ok(beside.cpuMsPerTrial > 0 && beside.firstSeconds <= beside.lastSeconds);
    assert.match(besideText(beside, single), /\| findings of the audits \| 0 \| at most 0 \| holds \|/);
  });
});
