import type { z } from 'zod';
import type { ChoicePosition } from '../../domain/decision.js';
import { faultOfAction, isNew } from '../../domain/space.js';
import { stageIdOf, type BuildKind } from '../../domain/stage.js';
import { stageOfAction } from '../../domain/stageOfAction.js';
import { trialName, type Action } from '../../domain/trial.js';
import { agentMessages } from './agentMessages.js';
import { askValid, type Asked } from './askValid.js';
import type { CallLog } from './callLog.js';
import { budgetLeft } from './costs.js';
import { fitting, runningText, trialTable, type Detail } from './evidence.js';
import { accepted, refused, type Checked } from './faults.js';
import { menuOf, type Menu } from './menu.js';
import type { PolicyContext } from './policy.js';
import { objectsPrompt } from './prompts/objects.js';

export interface ChosenObjects {
  readonly action: Action;
  readonly reason: string;
  readonly positions: readonly ChoicePosition[];
}

interface Given {
  readonly llm: CallLog;
  readonly memory: string;
  readonly kind: BuildKind;
  /** What a sampler proposes, best first. */
  readonly suggested: readonly Action[];
}

/** Step 2: models, datasets and parameters at once, by neutral ids. */
export async function chooseObjects(context: PolicyContext, given: Given): Promise<Asked<ChosenObjects>> {
  const { menu, messages } = fitting(given.llm.limits.promptTokens, (detail) =>
    questionFor(context, given, detail),
  );
  return askValid(given.llm, {
    purpose: 'objects',
    messages,
    schema: menu.schema,
    check: (answer) => checkAnswer(context, menu, answer),
  });
}

function questionFor(
  context: PolicyContext,
  { llm, memory, kind, suggested }: Given,
  detail: Detail,
): { readonly menu: Menu } & ReturnType<typeof agentMessages> {
  const menu = menuOf(context, { kind, limits: llm.limits, detail });
  const question = objectsPrompt({
    ...menu.text,
    digest: memory,
    table: trialTable(context, detail),
    running: runningText(context, detail),
    left: budgetLeft(context),
    suggested: suggested.flatMap((action) => menu.written(action) ?? []),
  });
  return { menu, ...agentMessages(context, question) };
}

/** A choice must be legal and new; what is wrong with it is told in the ids that the LLM used. */
function checkAnswer(
  context: PolicyContext,
  menu: Menu,
  answer: z.infer<Menu['schema']>,
): Checked<ChosenObjects> {
  const { action, reason, positions } = menu.read(answer);
  const fault = faultOfAction(context, action);
  if (fault !== null) return refused('illegal', fault);
  if (!isNew(context, action)) return refused('repeat', earlier(context, action));
  return accepted({ action, reason, positions });
}

function earlier(context: PolicyContext, action: Action): string {
  const stageId = stageIdOf(stageOfAction(context.plan, action));
  const row = context.rows.find((one) => one.stageId === stageId);
  if (row !== undefined) return `${trialName(row.trial)} was the same`;
  return 'the same is running now';
}
