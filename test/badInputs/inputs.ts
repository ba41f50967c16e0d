import fc from 'fast-check';
import { sampleSpec } from '../../activities/spec/testSpec.js';
import { BAD_FILES } from './world.js';

/** A command line that cannot be right, and how it has to end. */
export interface BadInput {
  readonly family: string;
  readonly args: readonly string[];
  /** Variables beside the usual ones; `$ROOT` stands for the world's folder. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files of this input alone, by name in the working folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly exit: 1 | 2 | 3;
}

/** What each command takes when all is well: its words, and arguments that are right in the world. */
const USAGE: Readonly<Record<string, readonly string[]>> = {
  ...{ quickstart: [], init: [], up: [], 'gpu-worker': [], list: [], doctor: [], gc: [] },
  ...{ status: ['good'], leaderboard: ['good'], attempts: ['good'], report: ['good'], audit: ['good'] },
  ...{ watch: ['good'], scale: ['good'], stop: ['good'], pause: ['good'], resume: ['good'] },
  ...{ steer: ['good'], budget: ['good'], fork: ['good'], retry: ['good', 't0002'], show: ['good', 't0002'] },
  ...{ export: ['good', 'out'], propose: ['good', 'action.json'], start: ['spec.yaml'] },
  ...{ orchestrator: [], health: ['gpu-worker'], track: ['good', 'runs', '--to', 'tensorboard'] },
  ...{ trace: ['good', 'http://127.0.0.1:9'] },
  ...{ validate: ['spec.yaml'], 'recipe run': ['out/recipe.yaml'], completion: ['bash'] },
};
export const COMMANDS = Object.keys(USAGE);
const words = (command: string): readonly string[] => command.split(' ');
/** They take as many words as there are. */
const VARIADIC = ['steer', 'export'];

/** Names as somebody mean, careless or foreign gives them; none is an option, none is known. */
const HOSTILE = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '../../etc/passwd',
    '/etc/passwd',
    'a/b',
    'names/good',
    'good.json',
    'GOOD',
    'go od',
  ],
  ...[
    '$(touch hacked)',
    '`touch hacked`',
    '; touch hacked',
    '| cat',
    '&& true',
    "'",
    '"',
    '\\',
    '*',
    '~',
    '%s%n',
  ],
  ...[
    'größe',
    '日本語',
    '🙂',
    'a\u0301',
    '\u202egood',
    'good\u200b',
    'good\n',
    '\u001b[31mred\u001b[0m',
    '\u0007',
  ],
  ...['x'.repeat(200), 'x'.repeat(5000), '__proto__', 'constructor', 'null', 'undefined', '0'],
] as const;
const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .filter((name) => !name.startsWith('-') && name !== 'good' && name !== 'live'),
);

const unknownCommand = hostile
  .filter((word) => !COMMANDS.some((command) => words(command)[0] === word) && word !== 'help')
  .chain((word) =>
    fc.array(hostile, { maxLength: 2 }).map((rest): BadInput => usage('unknown command', [word, ...rest])),
  );

const unknownOption = fc
  .tuple(fc.constantFrom(...COMMANDS), fc.stringMatching(/^[a-z]{2}[a-z-]{1,12}[qxz]$/))
  .map(([command, name]) =>
    usage('unknown option', [...words(command), ...(USAGE[command] ?? []), `--${name}`]),
  );

const missingArgument = fc
  .constantFrom(...COMMANDS.filter((command) => (USAGE[command] ?? []).length > 0 && command !== 'fork'))
  .chain((command) => {
    const needed = USAGE[command] ?? [];
    return fc
      .integer({ min: 0, max: needed.length - 1 })
      .map((count) => usage('missing argument', [...words(command), ...needed.slice(0, count)]));
  });

const tooManyArguments = fc
  .tuple(fc.constantFrom(...COMMANDS.filter((command) => !VARIADIC.includes(command))), hostile)
  .map(([command, more]) => usage('too many arguments', [...words(command), ...asked(command), more]));

const asked = (command: string): readonly string[] =>
  command === 'fork' ? ['good', '--as', 'other'] : (USAGE[command] ?? []);

const WHOLE = ['x', '', '1.5', '-1', '1e3', 'NaN', '0x10', '9'.repeat(40), '１２', ' 7', 'Infinity'];
const SIZE = ['x', '', '-5GB', '5 parsecs', 'GB', '5G B'];
const DURATION = ['x', '', '-1h', '10 fortnights', '1h-', 'h'];
const LIMIT = ['many', '', '1e5', '+', '--5', '0x1', '1,5'];
/** Words before an option, the option, and values that it cannot have. */
const OPTIONS: readonly (readonly [before: string, option: string, values: readonly string[]])[] = [
  ...(['--trials', '--seed', '--parallel'] as const).map((name) => ['quickstart', name, WHOLE] as const),
  ['quickstart', '--parallel', ['0', '1001']],
  ['quickstart', '--seed', ['4294967296']],
  ['quickstart', '--policy', ['best', 'RANDOM', '']],
  ['quickstart', '--llm', ['http://x', 'file:///etc/passwd', 'embeded']],
  ['quickstart --model m', '--llm', ['ftp://x', 'http://user:secret@host/v1', 'no address']],
  ['init --model model --data chats.jsonl', '--trials', WHOLE],
  ['init --model model --data chats.jsonl', '--name', ['../x', 'Upper', 'a b', 'x'.repeat(65), '$(x)']],
  ['gpu-worker', '--count', [...WHOLE, '0', '65']],
  ['gpu-worker', '--per-stage', [...WHOLE, '0', '65']],
  ['gpu-worker', '--notice', ['x', '', '1', '121', '-5', 'NaN']],
  ['gpu-worker', '--device', ['gpu', '', 'CUDA']],
  ['gpu-worker', '--devices', ['gpu0', '0,0', '-1', '0;1']],
  ['gpu-worker', '--spot', ['oracle', '']],
  ['gpu-worker', '--store', ['s3://', 's3://UPPER/x', 's3://bucket/../x']],
  ['report good --serve', '--port', ['x', '', '-1', '65536', '1.5']],
  ['scale good', '--top', [...WHOLE, '0', '21']],
  ['scale good', '--data-fraction', ['x', '', '-1', '0', 'NaN', 'Infinity', '101']],
  ['scale good', '--base', ['missing', 'folder', 'spec.yaml', '']],
  ...(['--trials', '--gpu-seconds', '--tokens', '--usd'] as const).map(
    (name) => ['budget good', name, LIMIT] as const,
  ),
  ['budget good', '--wall-clock', ['many', '12 parsecs', '+', '1h2']],
  ['fork good --as other', '--seed', WHOLE],
  ['fork good', '--as', ['../x', 'Upper', 'a b', '']],
  ['gc', '--budget', SIZE],
  ['gc', '--keep', WHOLE],
  ['gc', '--grace', DURATION],
  ['start spec.yaml', '--warm-start', ['../x', 'Upper', '$(x)', '']],
  ['completion', '', ['tcsh', 'powershell', 'BASH']],
];
const badValue = fc
  .constantFrom(...OPTIONS)
  .chain(([before, option, values]) =>
    fc
      .constantFrom(...values)
      .map((value) => usage('bad value', [...before.split(' '), ...(option === '' ? [] : [option]), value])),
  );

const unknownExploration = fc
  .tuple(
    fc.constantFrom(
      ...[['status'], ['leaderboard'], ['attempts'], ['report'], ['audit'], ['scale'], ['budget'], ['steer']],
      ...[
        ['watch', '--json'],
        ['show', 't0001'],
        ['export', 'out'],
        ['retry', 't0002'],
        ['propose', 'action.json'],
      ],
      ['fork', '--as', 'other'],
    ),
    hostile,
  )
  .map(([[command = '', ...rest], name]) => usage('unknown exploration', [command, name, ...rest]));

const TRIALS = [
  'seven',
  't',
  't9999',
  't0002x',
  '٣',
  '../t0001',
  `t${'9'.repeat(50)}`,
  '0x1',
  't 2',
  '',
  '1.0',
  't0002\n',
];
const unknownTrial = fc
  .tuple(fc.constantFrom('show', 'export', 'retry', 'fork'), fc.constantFrom(...TRIALS))
  .map(([command, trial]) => {
    const last = command === 'export' ? ['out'] : [];
    const args = command === 'fork' ? ['--as', 'other', '--at', trial] : [trial, ...last];
    return usage('unknown trial', [command, 'good', ...args]);
  });

const badFile = fc
  .tuple(
    fc.constantFrom<readonly string[]>(
      ...[
        ['validate'],
        ['start'],
        ['propose', 'good'],
        ['init', '--model', 'model', '--data'],
        ['recipe', 'run'],
      ],
      ['init', '--data', 'chats.jsonl', '--model'],
      ['fork', 'good', '--as', 'other', '--changes'],
    ),
    fc.constantFrom(...BAD_FILES),
  )
  // A recipe is read by another program, which refuses it for what stands in it.
  .filter(
    ([command, file]) =>
      command[0] !== 'recipe' || ['missing.yaml', 'folder', 'spec.yaml/inside'].includes(file),
  )
  .map(([command, file]) => usage('bad file', [...command, file]));

/** Places of a spec, and what cannot stand there. */
const PLACES: readonly (readonly [place: string, values: readonly unknown[]])[] = [
  ['name', ['', 'Upper', '../x', 'a b', 7, null, 'x'.repeat(65), '\u0000', ['x']]],
  ['models', [5, null, [], 'model', {}]],
  ['models.base', ['model', null, {}, { path: 'model', hub: 'a/b' }, { pth: 'model' }]],
  ['models.base.path', ['missing', 'spec.yaml', 'folder', '', 7, 'a\u0000b', '/dev/null', 'x'.repeat(5000)]],
  ['datasets', [7, [], 'alpha']],
  [
    'datasets.alpha.path',
    ['missing', 'folder', 'binary.jsonl', 'deep.jsonl', 'torn.jsonl.gz', '/dev/zero', 'a\u0000b'],
  ],
  ['datasets.alpha.shape', ['chat', 7, null]],
  ['datasets.gamma', [{ filter: { from: 'nowhere' } }, { subset: { from: 'gamma' } }, { mixture: 3 }, {}]],
  ['actions', [[], 'sft', null, { sftt: {} }, {}]],
  ['actions.sft.parameters.learningRate', ['fast', -1, 0, { low: 1, high: 0 }, { low: 'a' }, [], null]],
  ['actions.sft.parameters.steps', [0, -5, 1.5, 'many', 1e300]],
  ['actions.sft.parameters.beta', [0.1]],
  ['actions.merge.parameters.method', ['average', [], 7]],
  ['benchmarks', [null, [], 'skill', {}]],
  ['benchmarks.skill.path', ['missing', 'folder', 'spec.yaml', 7]],
  ['benchmarks.skill.metric', ['best', 7]],
  ['benchmarks.skill.weight', [-1, 'heavy', null]],
  [
    'objective.constraints',
    ['guard', [{ benchmark: 'gurd', atLeast: 'base' }], [{ benchmark: 'guard', atLeast: 'much' }]],
  ],
  [
    'budget',
    [7, 'much', { trials: -1 }, { trials: 1.5 }, { trials: 'x' }, { gpuSeconds: 0 }, { wallClock: 'x' }],
  ],
  ['seed', [-1, 1.5, 2 ** 33, 'x', null]],
  ['parallel', [0, -1, 1.5, 5000, 'x']],
  ['policy', ['best', 7, null, '']],
  ['llm', [{ baseUrl: 'http://u:p@h' }, { baseUrl: 'no address', model: 'm' }, 'gpt', { embedded: 'yes' }]],
  ['stop', [{ plateau: 3 }, { target: 2 }, 'soon']],
  ['fidelity', [{ smallest: 0.9 }, { reduction: 1 }, 'half']],
  ['checkpointSeconds', [0, -1, 'x']],
  ['inherit', [{ from: '../x' }, { from: 'good', through: 'seven' }, 'good']],
];
const changedSpec = fc
  .constantFrom(...PLACES)
  .chain(([place, values]) => fc.constantFrom(...values).map((value) => withValue(place.split('.'), value)));
const unknownKey = fc
  .tuple(
    fc.constantFrom(
      '',
      'models.base.',
      'actions.sft.',
      'benchmarks.skill.',
      'budget.',
      'objective.',
      'stop.',
    ),
    fc.constantFrom('trails', 'x', 'Name', '__proto__x', '$ref', 'größe', ' ', 'constructor'),
  )
  .map(([place, key]) => withValue([...place.split('.').filter((part) => part !== ''), key], 1));
const badSpec = fc
  .tuple(fc.constantFrom('validate', 'start'), fc.oneof({ weight: 4, arbitrary: changedSpec }, unknownKey))
  .map(([command, spec]): BadInput => ({
    ...usage('bad spec', [command, 'bad-spec.json']),
    files: { 'bad-spec.json': JSON.stringify(spec) },
  }));

/** The sample spec with another value at one place. */
function withValue(place: readonly string[], value: unknown, whole: unknown = sampleSpec()): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return value;
  const inside =
    typeof whole === 'object' && whole !== null ? (whole as Readonly<Record<string, unknown>>) : {};
  return { ...inside, [key]: withValue(rest, value, inside[key]) };
}

const action = fc.constantFrom<unknown>(
  ...[{}, [], 'merge', 7, null, { kind: 'merge' }, { kind: 'merge', models: 't0001' }],
  ...[
    { kind: 'merge', models: ['t0001'] },
    { kind: 'merge', models: ['t0001', 't9999'] },
    { kind: 7, models: [] },
  ],
  ...[
    { kind: 'fuse', models: ['t0001', 't0002'] },
    { kind: 'sft', models: ['t0001'], datasets: ['nope'] },
  ],
  ...[
    { kind: 'sft', models: ['../x'], datasets: [] },
    { kind: 'sft', models: [], datasets: ['code'] },
  ],
  { kind: 'sft', models: ['t0001'], datasets: ['code'], parameters: { learningRate: 'fast' } },
  { kind: 'sft', models: ['t0001'], datasets: ['code'], parameters: { learning: 1 } },
  { kind: 'sft', models: ['t0001'], datasets: ['code'], modles: [] },
  { kind: 'x'.repeat(100), models: [] },
);
const badAction = action.map((written): BadInput => ({
  ...usage('bad action', ['propose', 'good', 'bad-action.json']),
  files: { 'bad-action.json': JSON.stringify(written) },
}));

const VARIABLES: readonly (readonly [name: string, values: readonly string[]])[] = [
  ['LAMDAGENT_PORT', ['x', '0', '70000', '1.5', '-1']],
  ['LAMDAGENT_UI_PORT', ['x', '0', '65536']],
  ['LAMDAGENT_DEVICE', ['gpu', 'CUDA', 'cuda:0']],
  ['LAMDAGENT_THREADS', ['0', 'x', '4096', '1.5']],
  ['LAMDAGENT_STORE', ['s3://', 's3://UPPER/x', 's3://bucket/../x']],
  ['LAMDAGENT_STORE_BUDGET', ['much', '-1GB', 'GB']],
  ['LAMDAGENT_STORE_GRACE', ['soon', '-1h']],
  ['HF_ENDPOINT', ['ftp://hub', 'http://u:p@hub', 'hub', 'http://hub/?q=1']],
];
const badVariable = fc
  .tuple(
    fc.constantFrom(...VARIABLES),
    fc.constantFrom(
      ['list'],
      ['status', 'good'],
      ['gc', '--dry-run'],
      ['up'],
      ['validate', 'spec.yaml'],
      ['doctor'],
    ),
  )
  .chain(([[name, values], args]) =>
    fc
      .constantFrom(...values)
      .map((value): BadInput => ({ ...usage('bad variable', args), env: { [name]: value } })),
  );

const badTemporal = fc
  .constantFrom<Readonly<Record<string, string>>>(
    { TEMPORAL_CONFIG_FILE: '$ROOT/cwd/broken.yaml' },
    { TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPORAL_TLS_CLIENT_CERT_PATH: '$ROOT/cwd/missing.pem' },
    { TEMPORAL_PROFILE: 'nope' },
  )
  .chain((env) =>
    fc
      .constantFrom('pause', 'stop', 'resume')
      .map((command): BadInput => ({ ...usage('bad Temporal settings', [command, 'live']), env })),
  );

const unusablePlace = fc
  .tuple(
    fc.constantFrom<Readonly<Record<string, string>>>(
      { LAMDAGENT_HOME: '$ROOT/cwd/spec.yaml' },
      { LAMDAGENT_HOME: '$ROOT/cwd/spec.yaml/inside' },
      { LAMDAGENT_STORE: '$ROOT/cwd/spec.yaml' },
      { LAMDAGENT_STORE: '/dev/null' },
      { LAMDAGENT_STORE: '$ROOT/torn' },
    ),
    fc.constantFrom(
      ...[
        ['list'],
        ['status', 'good'],
        ['leaderboard', 'good'],
        ['report', 'good'],
        ['show', 'good', 't0001'],
      ],
      ...[
        ['audit', 'good'],
        ['watch', 'good'],
        ['budget', 'good'],
        ['watch', 'good', '--json'],
      ],
    ),
  )
  .map(([env, args]): BadInput => ({ family: 'unusable place', args, env, exit: 1 }));

const badOutput = fc.constantFrom<BadInput>(
  { family: 'bad output', args: ['report', 'good', '--output', 'folder'], exit: 1 },
  { family: 'bad output', args: ['report', 'good', '--output', ''], exit: 1 },
  { family: 'bad output', args: ['report', 'good', '--output', 'spec.yaml/x/report.html'], exit: 1 },
  { family: 'bad output', args: ['report', 'good', '--output', `${'long'.repeat(80)}.html`], exit: 1 },
  usage('bad output', ['report', 'good', '--output', 'r.html', '--serve']),
  usage('bad output', ['export', 'good', 't0002', 'folder']),
  usage('bad hub', ['export', 'good', 't0002', 'out', '--push', 'not a repository']),
  usage('bad address', ['trace', 'good', 'ftp://127.0.0.1']),
  usage('bad address', ['trace', 'good', 'nowhere']),
  usage('no address', ['trace', 'good']),
  usage('no token', ['export', 'good', 't0002', 'out', '--push', 'someone/a-model']),
  usage('bad output', ['export', 'good', 't0002', 'spec.yaml']),
  usage('bad output', ['export', 'good', 't0002', '']),
  usage('bad output', ['export', 'good', 't0000', 'new']),
  usage('bad output', ['export', 'good', 't0002', 'new', 'more']),
  usage('bad output', ['init', '--model', 'model', '--data', 'chats.jsonl', '--output', 'folder', '--force']),
  usage('bad output', ['init', '--model', 'model', '--data', 'chats.jsonl', '--output', 'spec.yaml']),
);

const badText = fc
  .constantFrom('two\nlines', 'x'.repeat(501), '\u001b[31mred', '\u202eturned', ' ', 'nul\u0000')
  .map((text) => usage('bad text', ['steer', 'live', text]));

/** No service is named, and none runs here. */
const unreachable = fc
  .constantFrom<readonly string[]>(
    ...[
      ['steer', 'live', 'prefer merges'],
      ['budget', 'live', '--trials', '+5'],
      ['start', 'spec.yaml'],
    ],
    ...[
      ['watch', 'live'],
      ['start', 'spec.yaml', '--follow'],
      ['steer', 'live', '--clear'],
    ],
  )
  .map((args): BadInput => ({ family: 'no service', args, exit: 3 }));
const unreachableName = fc
  .tuple(fc.constantFrom('pause', 'stop', 'resume', 'watch'), hostile)
  .map(([command, name]): BadInput => ({ family: 'no service', args: [command, name], exit: 3 }));

function usage(family: string, args: readonly string[]): BadInput {
  return { family, args, exit: 2 };
}

const FAMILIES: readonly (readonly [count: number, inputs: fc.Arbitrary<BadInput>])[] = [
  ...([
    [16, unknownCommand],
    [32, unknownOption],
    [20, missingArgument],
    [26, tooManyArguments],
  ] as const),
  ...([
    [70, badValue],
    [34, unknownExploration],
    [16, unknownTrial],
    [40, badFile],
    [56, badSpec],
  ] as const),
  ...([
    [12, badAction],
    [20, badVariable],
    [4, badTemporal],
    [18, unusablePlace],
    [10, badOutput],
  ] as const),
  ...([
    [5, badText],
    [5, unreachable],
    [10, unreachableName],
  ] as const),
];

/** Different bad inputs of every family; equal seeds give equal ones. */
export function badInputs(seed: number): readonly BadInput[] {
  return FAMILIES.flatMap(([count, inputs], index) => {
    const drawn = fc.sample(inputs, { numRuns: 4 * count, seed: seed + index });
    const different = new Map(drawn.map((one) => [JSON.stringify(one), one]));
    return [...different.values()].slice(0, count);
  });
}
