import { isGrpcServiceError, type Client } from '@temporalio/client';
import { SEARCH_ATTRIBUTES, type SearchAttributeName } from '../../workflows/contract.js';

/** Our search attributes in one namespace. */
export interface RegisteredAttributes {
  /** Known, and of our type: these may be written. */
  readonly known: readonly SearchAttributeName[];
  readonly missing: readonly SearchAttributeName[];
  /** Known under another type: writing one would wedge a workflow task for ever. */
  readonly otherwise: readonly { readonly name: SearchAttributeName; readonly type: string }[];
}

/** gRPC status codes of a service that lets this account not ask: PERMISSION_DENIED, UNIMPLEMENTED. */
const CLOSED = [7, 12];

/** Whether the account may neither list nor register search attributes: then explorations run without them. */
export function isClosed(error: unknown): boolean {
  return isGrpcServiceError(error) && CLOSED.includes(error.code);
}

/** temporal.api.enums.v1.IndexedValueType, as the API numbers the types and as its tools spell them. */
const TYPES = {
  TEXT: { number: 1, spelt: 'Text' },
  KEYWORD: { number: 2, spelt: 'Keyword' },
  INT: { number: 3, spelt: 'Int' },
  DOUBLE: { number: 4, spelt: 'Double' },
  BOOL: { number: 5, spelt: 'Bool' },
  DATETIME: { number: 6, spelt: 'Datetime' },
  KEYWORD_LIST: { number: 7, spelt: 'KeywordList' },
} as const;

export const ATTRIBUTE_NAMES = Object.keys(SEARCH_ATTRIBUTES) as readonly SearchAttributeName[];

/** `Keyword`, `Double`, `Int`: how command lines spell the type of one of ours. */
export function spelledType(name: SearchAttributeName): string {
  return TYPES[SEARCH_ATTRIBUTES[name]].spelt;
}

export async function registeredAttributes(client: Client): Promise<RegisteredAttributes> {
  const { namespace } = client.options;
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  const typeOf = (name: SearchAttributeName): number | undefined => customAttributes[name];
  const isOurs = (name: SearchAttributeName): boolean =>
    typeOf(name) === TYPES[SEARCH_ATTRIBUTES[name]].number;
  const missing = ATTRIBUTE_NAMES.filter((name) => typeOf(name) === undefined);
  return {
    known: ATTRIBUTE_NAMES.filter(isOurs),
    missing,
    otherwise: ATTRIBUTE_NAMES.filter((name) => !missing.includes(name) && !isOurs(name)).map((name) => ({
      name,
      type: Object.values(TYPES).find(({ number }) => number === typeOf(name))?.spelt ?? 'another type',
    })),
  };
}

/**
 * Registers them, and says for each that could not be why. One at a time where all at once fail: a namespace on SQLite
 * takes few of each type, and what fits shall be there.
 */
export async function registerAttributes(
  client: Client,
  names: readonly SearchAttributeName[],
): Promise<readonly { readonly name: SearchAttributeName; readonly why: string }[]> {
  if ((await failureOf(client, names)) === null) return [];
  const failed: { readonly name: SearchAttributeName; readonly why: string }[] = [];
  for (const name of names) {
    const why = await failureOf(client, [name]);
    if (why !== null) failed.push({ name, why });
  }
  const { missing } = await registeredAttributes(client); // what another process registered meanwhile is no failure
  return failed.filter(({ name }) => missing.includes(name));
}

/** Registering needs an operator's right, which a shared cluster may refuse. null: done. */
async function failureOf(client: Client, names: readonly SearchAttributeName[]): Promise<string | null> {
  const { namespace } = client.options;
  const searchAttributes = Object.fromEntries(
    names.map((name) => [name, TYPES[SEARCH_ATTRIBUTES[name]].number]),
  );
  try {
    await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What an operator types to register one. */
export function registerCommand(name: SearchAttributeName, namespace: string): string {
  return `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${spelledType(name)}`;
}
