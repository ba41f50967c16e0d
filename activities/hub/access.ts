import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a hub is reached: the Hugging Face Hub, or one that speaks the same paths. */
export interface HubAccess {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Sent to the endpoint alone, never to where it redirects. */
  readonly token: string | null;
  /** Downloads lie here, by repository and commit; it may be emptied at any time. */
  readonly folder: string;
  /** Before the first repetition of a failed request; doubled each time. */
  readonly pauseMs: number;
}

export const HUB_ENDPOINT = 'https://huggingface.co';
export const PUBLIC_HUB: HubAccess = {
  endpoint: HUB_ENDPOINT,
  token: null,
  folder: join(tmpdir(), 'lamdagent-hub'),
  pauseMs: 1000,
};

export interface Repository {
  readonly kind: 'models' | 'datasets';
  /** `owner/name`. */
  readonly id: string;
}
/** A repository at one commit. */
export interface Snapshot extends Repository {
  /** 40 hexadecimal digits. */
  readonly commit: string;
}

/** What the user can mend: no retry finds what is not there. */
export class HubFault extends Error {
  override readonly name = 'HubFault';
  constructor(
    readonly rule: string,
    readonly value: string,
    readonly hint: string,
  ) {
    super(`expected ${rule}, got ${value}. ${hint}`);
  }
}
