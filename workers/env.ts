import { existsSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DURATION, secondsOf } from '../activities/spec/duration.js';
import { HUB_ENDPOINT } from '../activities/hub/access.js';
import { shown } from '../activities/spec/faults.js';
import { isS3, parseS3Location } from '../activities/store/s3Location.js';
import { parseBytes } from '../domain/bytes.js';
import { GRACE } from '../domain/retention.js';
import { EXIT, messageOf, UserFault } from './fault.js';
import { LOG_FORMATS, LOG_LEVELS, type LogSettings } from './logSettings.js';
import { isPermitted, type Need } from './secrets.js';

/** All that the environment may say. This file is the only reader of process.env. */
export interface Environment {
  /** LAMDAGENT_HOME (default `.lamdagent` under the working folder): all state of an embedded installation. */
  readonly home: string;
  /** LAMDAGENT_VENV (default `.venv` of the package): the Python environment with the GPU worker. */
  readonly venv: string;
  /** The package's root: examples/ and dist/ lie here. */
  readonly root: string;
  /** LAMDAGENT_PORT, LAMDAGENT_UI_PORT: ports of the embedded server (default: free ones, kept between runs). */
  readonly port: number | null;
  readonly uiPort: number | null;
  /** LAMDAGENT_DEVICE (auto, cuda, mps, cpu; default auto): where the GPU worker computes. */
  readonly device: string;
  /** CUDA_VISIBLE_DEVICES: the GPUs that this process may use (default: all). */
  readonly cudaVisible: string | null;
  /**
   * LAMDAGENT_THREADS: of PyTorch in a GPU worker (default: 1 on a CPU, beside a GPU its share of the cores). Another number may
   * change the last bits of a result.
   */
  readonly threads: number | null;
  /** LAMDAGENT_STORE (default `<home>/store`): the store's folder, or `s3://bucket/prefix` (reached by the AWS_* variables). */
  readonly store: string;
  /** LAMDAGENT_CACHE (default `<home>/cache`): this machine's copies of an S3 store's objects. */
  readonly cache: string;
  /** LAMDAGENT_STORE_BUDGET, e.g. `50GB` (default: none): what all objects of the store together may take. */
  readonly storeBudgetBytes: number | null;
  /** LAMDAGENT_STORE_GRACE (default 10m): objects younger than this are never collected. */
  readonly storeGraceMs: number;
  /** OPENAI_API_KEY: sent only to an endpoint that the spec names. A key alone is never consent. */
  readonly openAiKey: string | null;
  /** HF_ENDPOINT (default: https://huggingface.co): the hub that models and datasets by `owner/name` come from. */
  readonly hubEndpoint: string;
  /** HF_TOKEN: sent to that hub alone. */
  readonly hubToken: string | null;
  /** OPENAI_BASE_URL: the endpoint of `--model` without `--llm`. */
  readonly openAiBaseUrl: string | null;
  /** TEMPORAL_ADDRESS, TEMPORAL_PROFILE or TEMPORAL_CONFIG_FILE is set: the person has a cluster. */
  readonly hasTemporal: boolean;
  /** LAMDAGENT_DEPLOYMENT, LAMDAGENT_BUILD_ID (default: a hash of the workflows): versioned orchestrators of a fleet. */
  readonly deployment: string | null;
  readonly buildId: string | null;
  /** LAMDAGENT_PARENT_PID: this process ends when that one is gone. */
  readonly parentPid: number | null;
  /** LAMDAGENT_FAILPOINTS: a folder that switches failpoints on (activities/failpoints.ts). Only for tests of kills. */
  readonly failpoints: string | null;
  /** LAMDAGENT_BENCHMARKS_PAGE (default docs/benchmarks.md): the page that benchmark programs write to. */
  readonly benchmarksPage: string;
  /** LAMDAGENT_LOG (text, json; default text), LAMDAGENT_LOG_LEVEL (trace … error; default info): of the orchestrator. */
  readonly log: LogSettings;
  /** LAMDAGENT_METRICS, e.g. `127.0.0.1:9464`: where the orchestrator serves Prometheus metrics (default: nowhere). */
  readonly metrics: string | null;
  /** OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: where it sends its metrics to (default: nowhere). */
  readonly otlp: { readonly url: string; readonly isHttp: boolean } | null;
  /** NO_COLOR is set: no bold and dim words. */
  readonly noColor: boolean;
  /** COLUMNS: the width of tables (default: the terminal's; without a terminal, as wide as it takes). */
  readonly columns: number | null;
  /** TERM is `dumb`: nothing is redrawn, as without a terminal. */
  readonly isDumb: boolean;
  readonly path: string;
}

const MOST_THREADS = 1024;
export const DEVICES = ['auto', 'cuda', 'mps', 'cpu'] as const;

type Variables = Readonly<Record<string, string | undefined>>;

export function readEnvironment(variables: Variables = process.env, cwd = process.cwd()): Environment {
  const text = (name: string): string | null => variables[name]?.trim() || null;
  const root = packageRoot();
  const home = resolve(cwd, text('LAMDAGENT_HOME') ?? '.lamdagent');
  return {
    home,
    root,
    venv: resolve(cwd, text('LAMDAGENT_VENV') ?? join(root, '.venv')),
    port: portOf('LAMDAGENT_PORT', text('LAMDAGENT_PORT')),
    uiPort: portOf('LAMDAGENT_UI_PORT', text('LAMDAGENT_UI_PORT')),
    device: oneOf('LAMDAGENT_DEVICE', DEVICES, text('LAMDAGENT_DEVICE') ?? 'auto'),
    cudaVisible: text('CUDA_VISIBLE_DEVICES'),
    threads: threadsOf('LAMDAGENT_THREADS', text('LAMDAGENT_THREADS')),
    store: storeOf(cwd, text('LAMDAGENT_STORE') ?? join(home, 'store')),
    cache: resolve(cwd, text('LAMDAGENT_CACHE') ?? join(home, 'cache')),
    storeBudgetBytes: bytesOf('LAMDAGENT_STORE_BUDGET', text('LAMDAGENT_STORE_BUDGET')),
    storeGraceMs: durationOf('LAMDAGENT_STORE_GRACE', text('LAMDAGENT_STORE_GRACE') ?? GRACE),
    openAiKey: text('OPENAI_API_KEY'),
    hubEndpoint: addressOf('HF_ENDPOINT', text('HF_ENDPOINT') ?? HUB_ENDPOINT),
    hubToken: text('HF_TOKEN'),
    openAiBaseUrl: text('OPENAI_BASE_URL'),
    hasTemporal: ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some(
      (name) => text(name) !== null,
    ),
    deployment: text('LAMDAGENT_DEPLOYMENT'),
    buildId: text('LAMDAGENT_BUILD_ID'),
    parentPid: numberOf(text('LAMDAGENT_PARENT_PID')),
    failpoints: text('LAMDAGENT_FAILPOINTS'),
    log: {
      format: oneOf('LAMDAGENT_LOG', LOG_FORMATS, text('LAMDAGENT_LOG') ?? 'text'),
      level: oneOf('LAMDAGENT_LOG_LEVEL', LOG_LEVELS, (text('LAMDAGENT_LOG_LEVEL') ?? 'info').toUpperCase()),
    },
    metrics: listeningOf('LAMDAGENT_METRICS', text('LAMDAGENT_METRICS')),
    otlp: otlpOf(text('OTEL_EXPORTER_OTLP_ENDPOINT'), text('OTEL_EXPORTER_OTLP_PROTOCOL')),
    benchmarksPage: resolve(cwd, text('LAMDAGENT_BENCHMARKS_PAGE') ?? join(root, 'docs', 'benchmarks.md')),
    noColor: (variables['NO_COLOR'] ?? '') !== '',
    columns: numberOf(text('COLUMNS')),
    isDumb: text('TERM') === 'dumb',
    path: variables['PATH'] ?? '',
  };
}

/**
 * The environment of a process of ours: our own plus some, without secrets that it doesn't need (secrets.ts). Only a
 * process that needs the person's own Temporal service sees what points at it; the embedded server has no account.
 */
export function childEnvironment(
  more: Readonly<Record<string, string>>,
  needs: readonly Need[] = [],
): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => isPermitted(name, needs));
  return {
    ...Object.fromEntries(own),
    ...(needs.includes('temporal') ? {} : { TEMPORAL_CONFIG_FILE: devNull }),
    LAMDAGENT_PARENT_PID: String(process.pid),
    ...more,
  };
}

/** Whether this is a process of an embedded installation, which has no profiles (childEnvironment). */
export function hasNoProfiles(): boolean {
  return process.env['TEMPORAL_CONFIG_FILE'] === devNull;
}

/** The secrets of the store: none for a folder. */
export function storeNeeds({ store }: Pick<Environment, 'store'>): readonly Need[] {
  return isS3(store) ? ['store'] : [];
}

/** A folder relative to `cwd`, or an s3:// location. Throws UserFault. */
export function storeOf(cwd: string, store: string): string {
  if (!isS3(store)) return resolve(cwd, store);
  try {
    return parseS3Location(store).text;
  } catch (error) {
    throw new UserFault(messageOf(error), EXIT.usage);
  }
}

/** Without a slash at its end. A user name or password in it would be shown in messages. */
function addressOf(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain =
    url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search === '';
  if (isPlain) return text.replace(/\/+$/, '');
  throw new UserFault(
    `${name}: expected an http or https address without user name, password or query, got ${shown(text)}.`,
    EXIT.usage,
  );
}

function portOf(name: string, text: string | null): number | null {
  if (text === null) return null;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UserFault(`${name}: expected a port from 1 to 65535, got ${text}.`, EXIT.usage);
}

function oneOf<T extends string>(name: string, known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UserFault(`${name}: expected one of ${known.join(', ')}, got ${text}.`, EXIT.usage);
}

/** An address to listen on; without a host it would be open to everybody unsaid. */
function listeningOf(name: string, text: string | null): string | null {
  const [, port] = /^(?:[\w.-]+|\[[\da-f:]+\]):(\d{1,5})$/i.exec(text ?? '') ?? [];
  if (text === null || (port !== undefined && Number(port) > 0 && Number(port) < 65_536)) return text;
  throw new UserFault(`${name}: expected host:port such as 127.0.0.1:9464, got ${text}.`, EXIT.usage);
}

function otlpOf(url: string | null, protocol: string | null): Environment['otlp'] {
  if (url === null) return null;
  if (/^(https?|grpcs?):\/\/./.test(url)) return { url, isHttp: protocol?.startsWith('http') === true };
  throw new UserFault('OTEL_EXPORTER_OTLP_ENDPOINT: expected an http, https or grpc address.', EXIT.usage);
}

function threadsOf(name: string, text: string | null): number | null {
  if (text === null) return null;
  const threads = Number(text);
  if (/^\d+$/.test(text) && threads > 0 && threads <= MOST_THREADS) return threads;
  throw new UserFault(
    `${name}: expected a number from 1 to ${String(MOST_THREADS)}, got ${text}.`,
    EXIT.usage,
  );
}

function bytesOf(name: string, text: string | null): number | null {
  const bytes = text === null ? null : parseBytes(text);
  if (text === null || bytes !== null) return bytes;
  throw new UserFault(`${name}: expected a size such as 50GB, got ${text}.`, EXIT.usage);
}

function durationOf(name: string, text: string): number {
  if (DURATION.test(text)) return secondsOf(text) * 1000;
  throw new UserFault(`${name}: expected a duration such as 10m or 1h 30m, got ${text}.`, EXIT.usage);
}

function numberOf(text: string | null): number | null {
  return text === null || !/^\d+$/.test(text) ? null : Number(text);
}

/** The nearest folder above this file with a package.json: the same from sources and from dist/. */
function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
