/**
 * How it scales: workers, trials, explorations.
 *
 *     npm run bench:scale [-- --part fleet --part long --part beside] [--workers 1,4,16,64] [--each 16]
 *                          [--trials 10000] [--explorations 20] [--side-trials 50] [--single-trials 300]
 *
 * Real server, orchestrator and workflows; GPU workers whose stages sleep. `fleet`: as many trials in flight as workers,
 * `--each` trials a worker; `long`: one exploration of `--trials` trials; `beside`: many explorations on one orchestrator,
 * against one of `--single-trials` trials in the same run. Takes about 20, 40 and 5 minutes.
 */
import { parseArgs } from 'node:util';
import { runSideBySide } from './scale/beside.js';
import { runFleet, type Fleet } from './scale/fleet.js';
import { runLong } from './scale/long.js';
import { besideText, fleetText, longText } from './scale/page.js';
import { writeSection } from './page.js';

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: ['fleet', 'long', 'beside'] },
    workers: { type: 'string', default: '1,4,16,64' },
    each: { type: 'string', default: '16' },
    trials: { type: 'string', default: '10000' },
    explorations: { type: 'string', default: '20' },
    'side-trials': { type: 'string', default: '50' },
    'single-trials': { type: 'string', default: '300' },
  },
});
const PACE = { queryMs: 200, updateMs: 2000 };
const COMMAND = 'npm run bench:scale --';
const say = (line: string): void => {
  console.error(line);
};

const parts: Readonly<Record<string, () => Promise<void>>> = {
  fleet: async () => {
    const fleets: Fleet[] = [];
    for (const workers of values.workers.split(',').map(Number)) {
      fleets.push(await runFleet(workers, Number(values.each)));
      say(JSON.stringify(fleets.at(-1)));
    }
    write('scale-fleet', 'Many GPU workers', {
      command: `${COMMAND} --part fleet --workers ${values.workers} --each ${values.each}`,
      text: fleetText(fleets),
    });
  },
  long: async () => {
    const run = await runLong({ trials: Number(values.trials), pace: PACE, say });
    write('scale-long', 'Many trials', {
      command: `${COMMAND} --part long --trials ${values.trials}`,
      text: longText(run),
    });
  },
  beside: async () => {
    const single = await runLong({ trials: Number(values['single-trials']), pace: null, say });
    const beside = await runSideBySide(Number(values.explorations), Number(values['side-trials']));
    const counts = `--explorations ${values.explorations} --side-trials ${values['side-trials']}`;
    write('scale-beside', 'Many explorations, and one alone', {
      command: `${COMMAND} --part beside ${counts} --single-trials ${values['single-trials']}`,
      text: `${longText(single)}\n\n${besideText(beside, single)}`,
    });
  },
};

for (const part of values.part) {
  const run = parts[part];
  if (run === undefined)
    throw new Error(`part: expected one of ${Object.keys(parts).join(', ')}, got ${part}.`);
  await run();
}

function write(id: string, title: string, of: { readonly command: string; readonly text: string }): void {
  console.log(of.text);
  writeSection({ id, title, ...of });
}
