import type { Span } from './spans.js';

/** OTLP over HTTP as JSON (opentelemetry.io/docs/specs/otlp): what a collector takes at `/v1/traces`. */
export function otlpTraces(trace: string, spans: readonly Span[]): object {
  const resource = { attributes: attributesOf({ 'service.name': 'lamdagent' }) };
  return {
    resourceSpans: [
      {
        resource,
        scopeSpans: [{ scope: { name: 'lamdagent' }, spans: spans.map((span) => spanOf(trace, span)) }],
      },
    ],
  };
}

const INTERNAL = 1;
const STATUS = { ok: 1, error: 2 } as const;

function spanOf(traceId: string, { id, parent, name, startedAt, endedAt, attributes, fault }: Span): object {
  return {
    ...{ traceId, spanId: id, ...(parent === null ? {} : { parentSpanId: parent }), name, kind: INTERNAL },
    ...{ startTimeUnixNano: nanoseconds(startedAt), endTimeUnixNano: nanoseconds(endedAt) },
    attributes: attributesOf(attributes),
    status: fault === null ? { code: STATUS.ok } : { code: STATUS.error, message: fault },
  };
}

/** A text, since it is past what a double holds. */
function nanoseconds(time: string): string {
  return `${String(Date.parse(time))}000000`;
}

function attributesOf(values: Span['attributes']): readonly object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  return typeof value === 'boolean' ? { boolValue: value } : { doubleValue: value };
}

/** A collector that did not take the spans. */
export class CollectorFault extends Error {
  override readonly name = 'CollectorFault';
}

const AT_ONCE = 500;
const ANSWER_MS = 30_000;

/** Sends them in portions to a collector's address, such as http://127.0.0.1:4318. Throws CollectorFault. */
export async function sendSpans(address: string, trace: string, spans: readonly Span[]): Promise<void> {
  const url = `${address.replace(/\/+$/, '').replace(/\/v1\/traces$/, '')}/v1/traces`;
  for (let at = 0; at < spans.length; at += AT_ONCE)
    await send(url, otlpTraces(trace, spans.slice(at, at + AT_ONCE)));
}

async function send(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch((error: unknown) => {
    throw new CollectorFault(`${url}: expected an answer of a collector, got ${causeOf(error)}.`);
  });
  const said = await answer.text();
  if (!answer.ok)
    throw new CollectorFault(
      `${url}: expected a collector that takes OTLP over HTTP as JSON, got status ${String(answer.status)}.`,
    );
  const rejected = /"rejectedSpans"\s*:\s*"?([1-9]\d*)/.exec(said)?.[1];
  if (rejected !== undefined)
    throw new CollectorFault(`${url}: expected all spans to be taken, got ${rejected} of them refused.`);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
