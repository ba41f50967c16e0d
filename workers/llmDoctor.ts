import { z } from 'zod';
import { openAiClient } from '../activities/decide/llm.js';
import { reasonOf } from '../activities/decide/llmFailures.js';
import type { Spec } from '../activities/spec/schema.js';
import { nearest } from '../domain/nearest.js';
import type { Finding } from './doctor.js';
import type { Environment } from './env.js';
import { messageOf } from './fault.js';

const ANSWER_MS = 15_000;
const CHECK = 'LLM endpoint';
const REFUSED_KEY = [401, 403];

/** The endpoint that is asked, and the model there; null: none is named. */
interface Named {
  readonly baseUrl: string;
  readonly model: string | null;
  /** Where it is named, for messages. */
  readonly by: string;
}

/**
 * Whether a named endpoint answers, takes the key and knows the model: by its list of models, which costs nothing. Only
 * `ask` sends a prompt, for an answer of one token. Without a name nothing is sent: a key alone is no consent.
 */
export async function llmFinding(
  env: Pick<Environment, 'openAiKey' | 'openAiBaseUrl'>,
  { llm, ask }: { readonly llm: Spec['llm'] | undefined; readonly ask: boolean },
): Promise<Finding> {
  if (llm?.embedded === true)
    return ok('embedded: a small model on this machine, installed when it is first needed');
  const named = nameOf(env, llm);
  const key = env.openAiKey === null ? 'without a key' : 'with OPENAI_API_KEY';
  if (named === null) {
    const set = env.openAiKey === null ? '' : ', though OPENAI_API_KEY is set';
    return ok(`none is named${set}: nothing is sent`);
  }
  const listed = await listedModels(named, env.openAiKey);
  if (listed.kind === 'fault') return listed.finding;
  if (ask) return asked(named, env.openAiKey);
  return modelFinding(named, listed.models, key);
}

function ok(found: string): Finding {
  return { check: CHECK, ok: true, found, fix: '' };
}

function fault(found: string, fix: string): Finding {
  return { check: CHECK, ok: false, found, fix };
}

function nameOf({ openAiBaseUrl }: Pick<Environment, 'openAiBaseUrl'>, llm: Spec['llm']): Named | null {
  if (llm?.baseUrl !== undefined)
    return { baseUrl: llm.baseUrl, model: llm.model ?? null, by: 'llm.baseUrl' };
  return openAiBaseUrl === null ? null : { baseUrl: openAiBaseUrl, model: null, by: 'OPENAI_BASE_URL' };
}

const Models = z.object({ data: z.array(z.object({ id: z.string() })) });
/** `models`: null where the endpoint doesn't list them. */
type Listed =
  | { readonly kind: 'answered'; readonly models: readonly string[] | null }
  | { readonly kind: 'fault'; readonly finding: Finding };

async function listedModels({ baseUrl, by }: Named, apiKey: string | null): Promise<Listed> {
  const headers = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  try {
    const address = `${baseUrl.replace(/\/+$/, '')}/models`;
    const response = await fetch(address, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { status } = response;
    if (REFUSED_KEY.includes(status)) {
      const what =
        apiKey === null ? 'a key, got none' : 'the key in OPENAI_API_KEY to be taken, got it refused';
      const finding = fault(
        `${baseUrl}: expected ${what} (${String(status)})`,
        'Set OPENAI_API_KEY to a key of this endpoint.',
      );
      return { kind: 'fault', finding };
    }
    const body: unknown = response.ok ? await response.json().catch(() => null) : null;
    return { kind: 'answered', models: Models.safeParse(body).data?.data.map(({ id }) => id) ?? null };
  } catch (error) {
    const finding = fault(
      `${baseUrl}: expected an answer, got ${reasonOf(error)}`,
      `Start the server, or mend ${by} (it ends in /v1).`,
    );
    return { kind: 'fault', finding };
  }
}

function modelFinding({ baseUrl, model }: Named, models: readonly string[] | null, key: string): Finding {
  if (models === null)
    return ok(`${baseUrl} answers ${key}, but lists no models; --ask-llm asks for one token and shows more`);
  if (model === null) return ok(`${baseUrl} answers ${key} and has ${String(models.length)} models`);
  if (models.includes(model)) return ok(`${baseUrl} answers ${key} and has ${model}`);
  const near = nearest(model, models);
  const hint = near === null ? '' : ` Did you mean ${near}?`;
  return fault(
    `${baseUrl}: expected the model ${model} in its list of ${String(models.length)}, got none of this name`,
    `Mend llm.model.${hint} If the endpoint serves models that it doesn't list, --ask-llm shows it.`,
  );
}

async function asked({ baseUrl, model }: Named, apiKey: string | null): Promise<Finding> {
  if (model === null)
    return fault(
      `${baseUrl}: expected a model to ask, got none`,
      'Name a spec whose llm has one: `npx lamdagent doctor SPEC --ask-llm`.',
    );
  const settings = { baseUrl, model, timeoutSeconds: 60, maxTokens: 1 };
  try {
    const { promptTokens, completionTokens } = await openAiClient(settings, { apiKey }).complete({
      purpose: 'actionType',
      messages: [{ role: 'user', content: 'Answer with {"ok": true}.' }],
      schema: {
        type: 'object',
        properties: { ok: { type: 'boolean' } },
        required: ['ok'],
        additionalProperties: false,
      },
    });
    const tokens = `${String(promptTokens)} + ${String(completionTokens)} tokens`;
    return ok(`${baseUrl} answers as ${model} (asked: ${tokens})`);
  } catch (error) {
    return fault(messageOf(error).replace(/ It is asked again\.$/, ''), 'Mend what it says, then ask again.');
  }
}
