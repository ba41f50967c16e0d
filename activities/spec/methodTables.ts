import { ACTION_TYPES, TRAINING_KINDS, type ParameterType } from '../../domain/actionTypes.js';
import { TRAINING } from '../../domain/actionTypes/training.js';
import { DATA_SHAPES, ROW_FORMS } from '../../domain/dataShapes.js';
import type { BuildKind } from '../../domain/stage.js';

/** The tables of docs/training.md, from the table of action types; `npm run contract` writes them. */
const BEGIN = '<!-- methods: begin, written by `npm run contract` -->';
const END = '<!-- methods: end -->';

/** The page with its generated part made anew. */
export function withMethodTables(page: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`training page: expected ${BEGIN} … ${END}, got a page without`);
  return [page.slice(0, from) + BEGIN, ...methodTables(), page.slice(to)].join('\n\n');
}

function methodTables(): readonly string[] {
  return [
    '## Methods',
    table(['kind', 'what it does', 'models', 'data', 'paper'], TRAINING_KINDS.map(methodLine)),
    '## Data',
    table(
      ['shape', 'keys of a row', 'used by'],
      DATA_SHAPES.map((shape) => [shape, ROW_FORMS[shape], usersOf(shape).join(', ')]),
    ),
    '## Parameters of all trainings',
    table(PARAMETER_HEAD, TRAINING.map(parameterLine)),
    ...TRAINING_KINDS.flatMap(ownParameters),
  ];
}

function methodLine(kind: BuildKind): readonly string[] {
  const { title, models, data, paper } = ACTION_TYPES[kind];
  const number = paper.slice(paper.lastIndexOf('/') + 1);
  const roles = models.roles?.map((role, place) => (place === 0 ? 'the trained model' : role));
  return [code(kind), title, (roles ?? ['1']).join(', then '), data.join(' or '), `[${number}](${paper})`];
}

function usersOf(shape: (typeof DATA_SHAPES)[number]): readonly string[] {
  return TRAINING_KINDS.filter((kind) => ACTION_TYPES[kind].data.includes(shape)).map(code);
}

const PARAMETER_HEAD = ['parameter', 'values', 'default', 'only with', 'meaning'];

/** What a method has beside the shared parameters, and shared ones that have another default. */
function ownParameters(kind: BuildKind): readonly string[] {
  const own = ACTION_TYPES[kind].parameters.filter((type) => !TRAINING.includes(type));
  return own.length === 0 ? [] : [`### ${kind}`, table(PARAMETER_HEAD, own.map(parameterLine))];
}

function parameterLine(type: ParameterType): readonly string[] {
  const { name, default: usual, when, meaning } = type;
  const only = when === undefined ? '' : `${code(when.parameter)}: ${when.isOneOf.map(code).join(', ')}`;
  return [code(name), valuesText(type), code(String(usual)), only, meaning];
}

function valuesText({ type, choices = [], minimum, maximum }: ParameterType): string {
  if (type === 'choice') return choices.map(code).join(', ');
  return `${type === 'integer' ? 'whole, ' : ''}${String(minimum)} … ${String(maximum)}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
