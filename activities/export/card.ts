import { stringify } from 'yaml';
import type { Recipe, RecipeSource, RecipeStep } from '../../domain/recipe.js';
import { shortId } from '../../domain/stage.js';
import type { TrialRecord } from '../../domain/trial.js';
import { verdictText } from '../../domain/verdict.js';
import type { StoredExploration } from '../ledger/read.js';
import { settingsText } from '../report/format.js';
import { markdownTable } from '../spec/generatedDocs.js';
import { limitsPart } from './cardLimits.js';
import { scoresPart } from './cardScores.js';

/** What a model card is made from. */
export interface Exported {
  readonly found: StoredExploration;
  readonly row: TrialRecord;
  readonly recipe: Recipe;
  /** Of the tensors, e.g. F32. */
  readonly dtypes: readonly string[];
  /** The base model lies in the export too. */
  readonly withBase: boolean;
}

/** The model card, `README.md` of an export: front matter as the Hugging Face Hub reads it, then what is known, and what isn't. */
export function cardText(exported: Exported): string {
  const { found, row, recipe } = exported;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Recipe', recipePart(exported)],
    ['Scores', scoresPart(found, row)],
    ['Data', [dataTable(recipe)]],
    ['Make it again', [rebuildPart(exported)]],
    ['What was not tested', limitsPart(exported)],
    ['Licence', [licenceText(recipe)]],
  ];
  return [
    `---\n${stringify(frontMatter(recipe))}---`,
    `# ${recipe.exploration} ${recipe.trial}`,
    headText(exported),
    ...sections.map(([title, parts]) => [`## ${title}`, ...parts].join('\n\n')),
    '',
  ].join('\n\n');
}

/** `unknown` is the hub's own word for a licence that nobody has said. */
function frontMatter({ sources, steps }: Recipe): object {
  const hub = (kind: RecipeSource['kind']): readonly string[] =>
    sources.flatMap((one) => (one.kind === kind && one.origin !== '' ? hubId(one.origin) : []));
  const [models, datasets] = [hub('model'), hub('dataset')];
  const kinds = [...new Set(steps.map(({ stage }) => stage.kind))].sort();
  return {
    library_name: 'transformers',
    pipeline_tag: 'text-generation',
    license: 'unknown',
    ...(models.length === 0 ? {} : { base_model: models }),
    ...(datasets.length === 0 ? {} : { datasets }),
    tags: ['lamdagent', ...kinds],
  };
}

function hubId(origin: string): readonly string[] {
  const [, id] = /^(\S+\/\S+) at [0-9a-f]{40}$/.exec(origin) ?? [];
  return id === undefined ? [] : [id];
}

function headText({ found: { result }, row, recipe, dtypes }: Exported): string {
  const chosen = result?.champion === row.trial ? ` It is the champion: ${verdictText(result)}.` : '';
  const count = recipe.steps.length === 1 ? 'One step' : `${String(recipe.steps.length)} steps`;
  return (
    `Made by [LaMDAgent](https://arxiv.org/abs/2505.21963), a search over whole post-training pipelines.${chosen} ` +
    `${count} from ${recipe.sources
      .filter(({ kind }) => kind === 'model')
      .map(({ name }) => name)
      .join(', ')}; weights in ${dtypes.join(', ')}.`
  );
}

/** In words, then with all ids: what each step is made from. */
function recipePart({ recipe }: Exported): readonly string[] {
  const names = new Map([...recipe.sources, ...recipe.steps].map(({ stageId, name }) => [stageId, name]));
  const words = recipe.steps.map(
    (step, at) => `${String(at + 1)}. **${step.name}**: ${stepText(step, names)}`,
  );
  const rows = recipe.steps.map(({ name, stageId, weightsSha256, madeWith }) => [
    name,
    `\`${shortId(stageId)}\``,
    `\`${weightsSha256.slice(0, 16)}\``,
    madeWith === null ? 'not recorded' : `${madeWith.device}, torch ${madeWith.libraries['torch'] ?? '?'}`,
  ]);
  return [
    words.join('\n'),
    markdownTable(['step', 'stage', 'weights SHA-256', 'made with'], rows),
    '`recipe.yaml` has every parameter, seed, hash and package version.',
  ];
}

function stepText({ stage }: RecipeStep, names: ReadonlyMap<string, string>): string {
  const inputs = Object.entries(stage.inputs).map(
    ([role, ids]) => `${role} ${ids.map((id) => names.get(id) ?? shortId(id)).join(', ')}`,
  );
  return `${stage.kind} (${inputs.join('; ')}), ${settingsText(stage.parameters)}, seed ${stage.seed}`;
}

function dataTable({ sources }: Recipe): string {
  const rows = sources.map(({ name, kind, origin, stageId, facts, files }) => [
    name,
    kind === 'model' ? 'model' : `${String(facts['rows'] ?? '?')} rows, ${String(facts['shape'] ?? '?')}`,
    origin === '' ? 'own files' : origin,
    `\`${shortId(stageId)}\``,
    files.length === 1 ? `\`${files[0]?.sha256.slice(0, 16) ?? ''}\`` : `${String(files.length)} files`,
  ]);
  return markdownTable(['name', 'what', 'origin', 'id', 'SHA-256'], rows);
}

function rebuildPart({ recipe: { sources }, withBase }: Exported): string {
  const bases = sources.filter(({ kind }) => kind === 'model').map(({ name }) => name);
  return (
    `\`\`\`sh\npip install -r requirements.txt\npython rebuild.py${withBase ? '' : ' --from PATH/TO/BASE'}\n\`\`\`\n\n` +
    `\`--from\` names what does not lie here, found by its hash: a folder with ${bases.join(', ')} where \`models/\` ` +
    'is missing, the datasets where `data/` is. No network and no server is used; `lamdagent_gpu/` is the code. ' +
    'Each step’s weights are compared with the recorded SHA-256: on a CPU of the same kind, with these package ' +
    'versions, they are equal; on another kind of device bits may differ. Exit code 0: equal, 1: different.'
  );
}

function licenceText({ sources }: Recipe): string {
  return (
    `Nobody has said which licence the base and the data have, so this model’s is unknown: ` +
    `it follows from those of ${sources.map(({ name }) => name).join(', ')}. Look them up before you pass it on. ` +
    'The code in `lamdagent_gpu/` is Apache-2.0.'
  );
}
