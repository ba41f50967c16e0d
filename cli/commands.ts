import type { Command } from 'commander';
import type { Run } from './context.js';

/** Declares commands on a program; `run` does the work of the one that was typed. */
export type AddCommands = (program: Command, run: Run) => void;

/** Commands that stand in one file. Its code, and the libraries behind it, are loaded when one of them is wanted. */
export interface CommandGroup {
  readonly names: readonly string[];
  /** It speaks of all commands, so all are declared for it. */
  readonly needsAll?: true;
  readonly load: () => Promise<AddCommands>;
}

/** All commands, in the order of the help. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {
    names: ['quickstart'],
    load: async () => (await import('./commands/quickstart.js')).addQuickstart,
  },
  { names: ['init'], load: async () => (await import('./commands/init.js')).addInit },
  { names: ['up'], load: async () => (await import('./commands/up.js')).addUp },
  {
    names: ['orchestrator'],
    load: async () => (await import('./commands/orchestrator.js')).addOrchestrator,
  },
  { names: ['gpu-worker'], load: async () => (await import('./commands/gpuWorker.js')).addGpuWorker },
  { names: ['start'], load: async () => (await import('./commands/start.js')).addStart },
  {
    names: ['status', 'leaderboard', 'attempts', 'list'],
    load: async () => (await import('./commands/views.js')).addViews,
  },
  { names: ['report'], load: async () => (await import('./commands/report.js')).addReport },
  { names: ['show'], load: async () => (await import('./commands/show.js')).addShow },
  { names: ['track'], load: async () => (await import('./commands/track.js')).addTrack },
  { names: ['trace'], load: async () => (await import('./commands/trace.js')).addTrace },
  { names: ['export'], load: async () => (await import('./commands/export.js')).addExport },
  { names: ['recipe'], load: async () => (await import('./commands/recipe.js')).addRecipe },
  { names: ['audit'], load: async () => (await import('./commands/audit.js')).addAudit },
  { names: ['watch'], load: async () => (await import('./commands/watch.js')).addWatch },
  { names: ['scale'], load: async () => (await import('./commands/scale.js')).addScale },
  {
    names: ['stop', 'pause', 'resume'],
    load: async () => (await import('./commands/control.js')).addControls,
  },
  { names: ['steer'], load: async () => (await import('./commands/steer.js')).addSteer },
  { names: ['propose', 'retry'], load: async () => (await import('./commands/propose.js')).addPropose },
  { names: ['budget'], load: async () => (await import('./commands/budget.js')).addBudget },
  { names: ['fork'], load: async () => (await import('./commands/fork.js')).addFork },
  { names: ['validate'], load: async () => (await import('./commands/validate.js')).addValidate },
  { names: ['doctor'], load: async () => (await import('./commands/doctor.js')).addDoctor },
  { names: ['health'], load: async () => (await import('./commands/health.js')).addHealth },
  { names: ['gc'], load: async () => (await import('./commands/gc.js')).addGc },
  {
    names: ['completion'],
    needsAll: true,
    load: async () => (await import('./commands/completion.js')).addCompletion,
  },
];

/** The one group that the words ask for; all of them for help, and where no command is named by the first word. */
export function groupsFor(argv: readonly string[]): readonly CommandGroup[] {
  if (argv[0] === '--version' || argv[0] === '-V') return [];
  const wanted = COMMAND_GROUPS.filter(({ names }) => names.includes(argv[0] ?? ''));
  return wanted.length === 0 || wanted.some(({ needsAll }) => needsAll) ? COMMAND_GROUPS : wanted;
}
