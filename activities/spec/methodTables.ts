import { TRAININGS, type ParameterType } from '../../domain/actionTypes.js';
import { TRAINING } from '../../domain/actionTypes/training.js';
import { DATA_SHAPES, ROW_FORMS } from '../../domain/dataShapes.js';
import { markdownTable, withGenerated, type Marks } from './generatedDocs.js';

/** The tables of docs/training.md, from the table of action types; `npm run contract` writes them. */
const MARKS: Marks = {
  begin: '<!-- methods: begin, written by `npm run contract` -->',
  end: '<!-- methods: end -->',
};

/** The page with its generated part made anew. */
export function withMethodTables(page: string): string {
  return withGenerated(page, MARKS, methodTables().join('\n\n'));
}

function methodTables(): readonly string[] {
  return [
    '## Methods',
    markdownTable(['kind', 'what it does', 'models', 'data', 'paper'], TRAININGS.map(methodLine)),
    '## Data',
    markdownTable(
      ['shape', 'keys of a row', 'used by'],
      DATA_SHAPES.map((shape) => [shape, ROW_FORMS[shape], usersOf(shape).join(', ')]),
    ),
    '## Parameters of all trainings',
    markdownTable(PARAMETER_HEAD, TRAINING.map(parameterLine)),
    ...TRAININGS.flatMap(ownParameters),
  ];
}

type Training = (typeof TRAININGS)[number];

function methodLine({ kind, title, models, data, paper }: Training): readonly string[] {
  const number = paper.slice(paper.lastIndexOf('/') + 1);
  const roles = models.roles?.map((role, place) => (place === 0 ? 'the trained model' : role));
  return [code(kind), title, (roles ?? ['1']).join(', then '), data.join(' or '), `[${number}](${paper})`];
}

function usersOf(shape: (typeof DATA_SHAPES)[number]): readonly string[] {
  return TRAININGS.filter(({ data }) => data.includes(shape)).map(({ kind }) => code(kind));
}

const PARAMETER_HEAD = ['parameter', 'values', 'default', 'only with', 'meaning'];

/** What a method has beside the shared parameters, and shared ones that have another default. */
function ownParameters({ kind, parameters }: Training): readonly string[] {
  const own = parameters.filter((type) => !TRAINING.includes(type));
  return own.length === 0 ? [] : [`### ${kind}`, markdownTable(PARAMETER_HEAD, own.map(parameterLine))];
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
