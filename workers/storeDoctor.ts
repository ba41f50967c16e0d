import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../activities/store/open.js';
import type { Store } from '../activities/store/store.js';
import type { Finding } from './doctor.js';
import type { Environment } from './env.js';
import { messageOf } from './fault.js';

const ANSWER_MS = 20_000;
const PROBE = 'doctor/probe.json';

/** Whether the store answers, and keeps the promise all others stand on: what is there once is never written over. */
export async function storeFinding({ store, cache }: Environment): Promise<Finding> {
  const check = 'store';
  const silence = new AbortController();
  try {
    const opened = openStore(store, cache);
    await Promise.race([probe(opened), answerTimeout(silence.signal)]);
    return { check, ok: true, found: `${opened.location} answers`, fix: '' };
  } catch (error) {
    const fix = 'Mend LAMDAGENT_STORE or what it needs (AWS_REGION, AWS_ENDPOINT_URL_S3, credentials).';
    return { check, ok: false, found: messageOf(error), fix };
  } finally {
    silence.abort();
  }
}

async function probe(store: Store): Promise<void> {
  await store.putIfAbsent(PROBE, 'first');
  if ((await store.putIfAbsent(PROBE, 'second')) || (await store.read(PROBE)) !== 'first')
    throw new Error(
      `${store.location}: expected a record to be written once, got it written over. ` +
        'The server must heed If-None-Match (AWS S3, SeaweedFS 4.48, Cloudflare R2 do)',
    );
}

async function answerTimeout(signal: AbortSignal): Promise<never> {
  await sleep(ANSWER_MS, undefined, { signal });
  throw new Error(`expected an answer within ${String(ANSWER_MS / 1000)} s, got none`);
}
