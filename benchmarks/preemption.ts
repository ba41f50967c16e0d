/**
 * What preemptions of spot GPUs cost an exploration of three days, simulated: checkpoints by the clock, each epoch, never.
 *
 *     npm run bench:preemption [-- --repetitions 200]
 *
 * Rates come from public traces (benchmarks/preemption/rates.ts), waits from bench:recovery. Takes about a minute.
 */
import { parseArgs } from 'node:util';
import { byClock, byEpoch, fromScratch } from './preemption/arms.js';
import { textOf, type Cell } from './preemption/page.js';
import { perHour, RATES } from './preemption/rates.js';
import { simulate, type Workload } from './preemption/simulate.js';
import { drawWait, readWaits } from './preemption/waits.js';
import { writeSection } from './page.js';

const { values } = parseArgs({ options: { repetitions: { type: 'string', default: '200' } } });
const ARMS = [byClock(30), byClock(300), byEpoch, fromScratch];
const HOUR = 3600;
const FLEET = { days: 3, workers: 4 };
const EVALUATION: Workload['evaluation'] = [300, 900];
/** Of a model of some billions of parameters from a disk of the cloud. */
const LOAD_SECONDS = 60;
const TRAININGS: readonly (readonly [string, Workload['training']])[] = [
  ['½ to 1½ h', [0.5 * HOUR, 1.5 * HOUR]],
  ['2 to 6 h', [2 * HOUR, 6 * HOUR]],
];
/** The share of preemptions with notice: none, as when a machine is lost; all, as AWS promises two minutes. */
const NOTICED = [0, 1];

const waits = readWaits();
const seeds = Array.from({ length: Number(values.repetitions) }, (_, seed) => seed);
const cells: Cell[] = [];
for (const [trainings, training] of TRAININGS)
  for (const rate of RATES)
    for (const arm of ARMS)
      for (const noticed of arm.heedsNotice ? NOTICED : [0]) {
        const weather = { rate: perHour(rate) / HOUR, noticed, waitSeconds: drawWait(waits, LOAD_SECONDS) };
        const workload = { ...FLEET, training, evaluation: EVALUATION };
        const runs = seeds.map((seed) => simulate(workload, { arm, weather, seed }));
        cells.push({ arm, rate, noticed, trainings, runs });
      }
const text = textOf({ cells, workload: FLEET, evaluation: EVALUATION, waits, loadSeconds: LOAD_SECONDS });
console.log(text);
writeSection({
  id: 'preemption',
  title: 'Three days on spot GPUs, simulated',
  command: `npm run bench:preemption -- --repetitions ${values.repetitions}`,
  text,
});
