import type { Mutation } from './code.js';
import { runCrashLoopLeg } from './crashLoopLeg.js';
import type { Promised } from './fault.js';
import { runLlmKills } from './llmLeg.js';
import {
  exploration,
  explorationWith,
  killAfterSteps,
  newCodeForGood,
  type Scenario,
} from './plantScenarios.js';

/** A bug, and the smallest part of the matrix that must find it. */
export interface Plant {
  readonly promise: Promised;
  readonly bug: string;
  /** Made to a copy of the package, never to the package. */
  readonly mutations: readonly Mutation[];
  readonly run: Scenario;
  /** What must be among the things that did not hold: caught for its own sake, not by chance. */
  readonly caughtBy: RegExp;
}

const GPU = 'python-gpu/lamdagent_gpu';

/** At least one for each promise. */
export const PLANTS: readonly Plant[] = [
  {
    promise: 'P1',
    bug: 'the optimizer begins afresh at a resume',
    mutations: [
      {
        file: `${GPU}/train/trainer.py`,
        find: 'super()._load_optimizer_and_scheduler(checkpoint)',
        replace: 'super()._load_optimizer_and_scheduler(None)',
      },
    ],
    run: exploration('kill after a checkpoint'),
    caughtBy: /weightsSha256: expected/,
  },
  {
    promise: 'P2',
    bug: 'no checkpoint when asked to stop',
    mutations: [
      {
        file: `${GPU}/train/progress.py`,
        find: 'if reason is not None or due:',
        replace: 'if due:',
      },
    ],
    run: exploration('SIGTERM to the GPU worker'),
    caughtBy: /expected no step lost after a notice/,
  },
  {
    promise: 'P2',
    bug: 'no checkpoint unless asked to stop',
    mutations: [
      {
        file: `${GPU}/train/progress.py`,
        find: 'due = now - self.saved_at >= after',
        replace: 'due = False',
      },
    ],
    run: explorationWith([killAfterSteps(60)]),
    caughtBy: /expected at most \d+ steps lost/,
  },
  {
    promise: 'P3',
    bug: 'a published object is not looked for',
    mutations: [{ file: `${GPU}/activities.py`, find: 'if existing is not None:', replace: 'if False:' }],
    run: exploration('kill after publishing'),
    caughtBy: /expected no step once its object is there/,
  },
  {
    promise: 'P3',
    bug: 'what an LLM answered is not looked for',
    mutations: [
      { file: 'dist/activities/decide/callLog.js', find: 'if (recorded !== null)', replace: 'if (false)' },
    ],
    run: (planted, _, say) => runLlmKills({ seed: 1, world: planted, say }),
    caughtBy: /expected as many answers billed as booked/,
  },
  {
    promise: 'P3',
    bug: 'who paid for an object is forgotten',
    mutations: [
      {
        file: `${GPU}/publish.py`,
        find: 'return manifest.result.get("madeFor") != requester',
        replace: 'return True',
      },
    ],
    run: exploration('kill after publishing'),
    caughtBy: /paidByMaker/,
  },
  {
    promise: 'P4',
    bug: 'checkpoints are not verified',
    mutations: [
      { file: `${GPU}/checkpoint.py`, find: 'fault = self._fault(folder)', replace: 'fault = None' },
    ],
    run: exploration('a checkpoint with a changed byte'),
    caughtBy: /weightsSha256: expected/,
  },
  {
    promise: 'P5',
    bug: 'the fence lets everybody pass',
    mutations: [{ file: `${GPU}/fence.py`, find: 'if highest != epoch:', replace: 'if False:' }],
    run: exploration('GPU worker stopped before publishing, continued after another took over'),
    caughtBy: /expected the attempt that took over to publish/,
  },
  {
    promise: 'P6',
    bug: 'the exploration never continues-as-new',
    mutations: [
      {
        file: 'dist/workflow-bundle.js',
        find: 'if (!continueAsNewSuggested && !isOutdated && !isLong())',
        replace: 'if (true)',
      },
    ],
    run: explorationWith([], { trials: 16, steps: 4 }),
    caughtBy: /history: expected at most/,
  },
  {
    promise: 'P6',
    bug: 'workflow code that does not fit running histories',
    mutations: [],
    run: explorationWith([newCodeForGood()]),
    caughtBy: /more work of planted: expected within|an answer of planted: expected within/,
  },
  {
    promise: 'P7',
    bug: 'preempted attempts count as failures',
    mutations: [
      {
        file: `${GPU}/attempts.py`,
        find: 'return self.end in ("failed", "lost") and',
        replace: 'return self.end in ("failed", "lost", "preempted") and',
      },
      { file: `${GPU}/attempts.py`, find: 'if record.end == "preempted":', replace: 'if False:' },
      {
        file: `${GPU}/attempts.py`,
        find: 'failed += record.end == "failed"',
        replace: 'failed += record.end != "lost"',
      },
    ],
    run: exploration('SIGTERM at the load of a model, four times in a row'),
    caughtBy: /preemptionIsNoFailure/,
  },
  {
    promise: 'P7',
    bug: 'a crash loop never ends',
    mutations: [
      { file: `${GPU}/supervisor.py`, find: 'if failed >= spec.max_stalled or', replace: 'if False and' },
    ],
    run: (planted, _, say) => runCrashLoopLeg(planted, say),
    caughtBy: /expected an end after 3 attempts/,
  },
];
