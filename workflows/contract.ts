/** Queues, timeouts and retries of everything that crosses Temporal: one table. Durations in Temporal's notation. */

export const QUEUES = {
  /** Workflows and TypeScript activities. */
  orchestrator: 'lamdagent',
  /** One activity at a time per GPU. */
  gpu: 'lamdagent-gpu',
  /** Small questions to a GPU worker that never wait behind training. */
  gpuControl: 'lamdagent-gpu-control',
} as const;

/** The queue of a class of GPU workers, as `lamdagent-gpu-worker --gpu-class` has it; null: of workers without a class. */
export function gpuQueue(gpuClass: string | null): string {
  return gpuClass === null ? QUEUES.gpu : `${QUEUES.gpu}-${gpuClass}`;
}

/** Beside it, polled by busy workers too. `any`: the one that workers of all classes poll. */
export function gpuControlQueue(gpuClass: string | null): string {
  return `${gpuQueue(gpuClass)}-control`;
}

export const WORKFLOW_TYPES = { explore: 'explore', pipeline: 'pipeline', scale: 'scale' } as const;

/** Workflow ids are made here only. */
export const workflowIds = {
  exploration: (name: string): string => `explore/${name}`,
  trial: (name: string, trialName: string, shortStageId: string): string =>
    `explore/${name}/${trialName}-${shortStageId}`,
  scale: (name: string, label: string): string => `explore/${name}/scale-${label}`,
  /** Under the study's own id, whatever a person called it. */
  scaled: (study: string, job: string): string => `${study}/${job}`,
  final: (name: string, split: string, trialName: string): string => `explore/${name}/${split}-${trialName}`,
} as const;

/**
 * Our search attributes; only those the namespace has registered are written. Most wanted first: a namespace on SQLite
 * takes 10 of type Keyword and 3 each of Double and Int, those of others included.
 */
export const SEARCH_ATTRIBUTES = {
  /** Of an exploration, its trials, its scale studies and their models. */
  ExplorationName: 'KEYWORD',
  /** Of an exploration: preparing, baselines, searching, confirming, testing, finished. */
  Phase: 'KEYWORD',
  /** Of an exploration: the best feasible trial's score on the search split. */
  BestScore: 'DOUBLE',
  /** What was paid: by an exploration so far, by a trial once it has ended. */
  GpuSeconds: 'DOUBLE',
  /** Of an exploration: trials that have ended, baselines included. */
  NumTrials: 'INT',
  /** Of a trial: 7 of t0007. */
  TrialNumber: 'INT',
  /** Of a trial: its last step, e.g. dpo or merge; base for the untouched base. */
  TrialKind: 'KEYWORD',
  /** Of a trial that has ended: completed, diverged, outOfMemory, rejected or crashed. */
  TrialStatus: 'KEYWORD',
  /** Of a trial: the split that it is scored on: search, confirm or test. */
  Split: 'KEYWORD',
  /** Of a trial that has ended: its score on that split. */
  TrialScore: 'DOUBLE',
} as const;
export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;

/**
 * GPU work: no schedule-to-start limit (spot capacity may take hours), unlimited attempts (a preemption is no failure),
 * and short pauses between them: a crash loop ends by its lack of checkpoints, so waiting would only idle a GPU.
 */
export const GPU_ACTIVITY = {
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 1.5, maximumInterval: '2 seconds' },
} as const;

/**
 * Small questions to a GPU worker, answered in seconds; without one they wait for as long as it takes. Tries are
 * limited: what can't be answered (a bug) must not hold up an exploration that can go on without the answer.
 */
export const CONTROL_ACTIVITY = {
  startToCloseTimeout: '2 minutes',
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    maximumAttempts: 6,
  },
} as const;

/** Work of the orchestrator that may take a while; it beats every 3 s (workers/signsOfLife.ts). */
export const STORE_ACTIVITY = {
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
} as const;

/** Hashing and importing models, and comparing all training rows with all items: the beats say that it's alive. */
export const PREPARE_ACTIVITY = { ...STORE_ACTIVITY, startToCloseTimeout: '6 hours' } as const;

/** Look-ups in and small writes to the store. */
export const SMALL_ACTIVITY = {
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds' },
} as const;

/** The same, of workflows that began when they ran inside the workflow task (workflows/store.ts). */
export const LOCAL_ACTIVITY = { ...SMALL_ACTIVITY, localRetryThreshold: '1 minute' } as const;

/** One decision: may hold several LLM requests. */
export const DECIDE_ACTIVITY = {
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '2 minutes' },
} as const;

/** How often the watchdog looks for trials that ended without a word. */
export const WATCHDOG_INTERVAL = '1 minute';
