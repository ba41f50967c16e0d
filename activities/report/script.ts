import { createHash } from 'node:crypto';
import type { Markup } from './html.js';
import { LIVE_SCRIPT, TABLE_SCRIPT } from './tableScript.js';

/** The page's only script, and the policy under which nothing else runs or is loaded. */
export interface PageScript {
  readonly element: Markup;
  /** The content of a Content-Security-Policy. */
  readonly policy: string;
}

/** `isLive`: the page may ask the server that it came from for news. */
export function pageScript(isLive: boolean): PageScript {
  const text = isLive ? TABLE_SCRIPT + LIVE_SCRIPT : TABLE_SCRIPT;
  const hash = createHash('sha256').update(text).digest('base64');
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${hash}'`,
    ...(isLive ? ["connect-src 'self'", 'img-src data:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  // Not by the template: the hash is of these very bytes, and nothing of the ledger is among them.
  return { element: { markup: `<script>${text}</script>` }, policy: policy.join('; ') };
}
