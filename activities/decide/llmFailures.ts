import { ApplicationFailure } from '@temporalio/common';

/** What a failed request carried. */
export interface FailedResponse {
  readonly endpoint: string;
  readonly model: string;
  readonly status: number;
  /** Empty where the endpoint gave none. */
  readonly code: string;
  readonly message: string;
  /** The headers `retry-after-ms` and `retry-after`. */
  readonly retryAfterMs: string | null;
  readonly retryAfter: string | null;
}

/** Permanent or transient is decided here alone. Failures without a response are all transient. */
const PERMANENT: Readonly<Record<number, { readonly type: string; readonly advice: string }>> = {
  400: {
    type: 'LlmRefusedRequest',
    advice: 'Check that the endpoint supports response_format json_schema and the model name in the spec.',
  },
  401: { type: 'LlmRefusedKey', advice: 'Set OPENAI_API_KEY to a key of this endpoint.' },
  402: { type: 'LlmRefusedPayment', advice: 'Check the account of the key.' },
  403: { type: 'LlmRefusedAccess', advice: 'Check that the key may use this model.' },
  404: { type: 'LlmRefusedModel', advice: 'Check llm.model and llm.baseUrl in the spec (it ends in /v1).' },
  405: { type: 'LlmRefusedRequest', advice: 'Check llm.baseUrl in the spec (it ends in /v1).' },
  413: { type: 'LlmRefusedRequest', advice: 'Use a model with a longer context.' },
  422: { type: 'LlmRefusedRequest', advice: 'Use an endpoint that supports response_format json_schema.' },
};
const NO_QUOTA = { type: 'LlmRefusedQuota', advice: 'The account has no quota left: add some.' };
const LONGEST_WAIT_MS = 15 * 60 * 1000;

/** The failure for an answer with an error status. */
export function failureOfResponse(response: FailedResponse): ApplicationFailure {
  const { endpoint, model, status, code, message } = response;
  const said = `LLM ${endpoint} (${model}): expected an answer, got ${String(status)} ${code} ${brief(message)}`;
  const permanent = code === 'insufficient_quota' ? NO_QUOTA : PERMANENT[status];
  if (permanent !== undefined)
    return ApplicationFailure.nonRetryable(`${said}. ${permanent.advice}`, permanent.type);
  if (status !== 429) return ApplicationFailure.retryable(`${said}. It is asked again.`, 'LlmUnavailable');
  const wait = retryDelayMs(response);
  return ApplicationFailure.create({
    message: `${said}. It is asked again${wait === null ? '' : ` in ${String(wait)} ms`}.`,
    type: 'LlmRateLimited',
    ...(wait === null ? {} : { nextRetryDelay: wait }),
  });
}

/** The failure for a request that got no whole answer: refused, reset, cut. */
export function unreachable(endpoint: string, reason: string): ApplicationFailure {
  const message = `LLM ${endpoint}: expected an answer, got ${brief(reason)}. It is asked again.`;
  return ApplicationFailure.retryable(message, 'LlmUnreachable');
}

export function stalled(endpoint: string, timeoutSeconds: number): ApplicationFailure {
  const message = `LLM ${endpoint}: expected a whole answer within ${String(timeoutSeconds)} s (llm.timeoutSeconds), got none. It is asked again.`;
  return ApplicationFailure.retryable(message, 'LlmStalled');
}

/** Retry-After in milliseconds: a number of seconds or an HTTP date; at most 15 minutes. */
export function retryDelayMs(
  headers: Pick<FailedResponse, 'retryAfterMs' | 'retryAfter'>,
  now: number = Date.now(),
): number | null {
  const { retryAfterMs, retryAfter } = headers;
  const wanted =
    retryAfterMs !== null
      ? Number(retryAfterMs)
      : retryAfter === null
        ? Number.NaN
        : /^[0-9.]+$/.test(retryAfter)
          ? Number(retryAfter) * 1000
          : Date.parse(retryAfter) - now;
  return Number.isFinite(wanted) ? Math.round(Math.min(LONGEST_WAIT_MS, Math.max(0, wanted))) : null;
}

/** An error's message with its cause's, which is where fetch says what happened. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${reasonOf(error.cause)})`;
}

/** One line without control characters: it is printed on terminals. */
function brief(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
