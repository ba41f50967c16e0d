import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');
export const COMPOSE = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');

/** What the tests read of a service. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string; readonly target: string };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly profiles?: readonly string[];
  readonly stop_grace_period?: string;
  readonly logging?: object;
}

const VARIABLE = /\$\{(\w+)(?::([-?])([^}]*))?\}/g;

/** `NAME=value` lines of .env.example, with the values of a person who filled in what is asked for. */
export function exampleVariables(): ReadonlyMap<string, string> {
  const lines = readFileSync(join(ROOT, '.env.example'), 'utf8').split('\n');
  return new Map(lines.flatMap((line) => [/^(\w+)=(.*)$/.exec(line)]).flatMap(entryOf));
}

function entryOf(match: RegExpExecArray | null): readonly (readonly [string, string])[] {
  return match === null ? [] : [[match[1] ?? '', match[2] ?? '']];
}

/** The names that the compose file asks for. */
export function askedVariables(text: string = COMPOSE): readonly string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map((match) => match[1] ?? ''))];
}

/** The services, with `${NAME:-default}` and `${NAME:?message}` filled in as Compose does: in values, after parsing. */
export function composeServices(
  variables: ReadonlyMap<string, string>,
): Readonly<Record<string, ComposeService>> {
  const fill = (text: string): string =>
    text.replaceAll(VARIABLE, (_, name: string, kind?: string, rest?: string) => {
      const value = variables.get(name) ?? '';
      if (value === '' && kind === '?')
        throw new Error(`${name}: expected a value, got none: ${String(rest)}`);
      return value === '' && kind === '-' ? (rest ?? '') : value;
    });
  const reviver = (_: unknown, value: unknown): unknown => (typeof value === 'string' ? fill(value) : value);
  return (parse(COMPOSE, reviver, { merge: true }) as { services: Record<string, ComposeService> }).services;
}

/** The example's variables with secrets. */
export function filledVariables(): ReadonlyMap<string, string> {
  const secrets = ['POSTGRES_PASSWORD', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'];
  return new Map([...exampleVariables(), ...secrets.map((name) => [name, `test${name.length}`] as const)]);
}

/** `75s` or `2m` in seconds. */
export function secondsOfDuration(text: string | undefined): number {
  const match = /^(\d+)(s|m)$/.exec(text ?? '');
  if (match === null) throw new Error(`expected a duration such as 75s, got ${String(text)}`);
  return Number(match[1]) * (match[2] === 'm' ? 60 : 1);
}
