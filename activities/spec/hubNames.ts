import { z } from 'zod';

/** What a spec says of a repository of a hub. */
const HUB_RULE = 'owner/name of a repository of the hub';
export const hub = z
  .string(HUB_RULE)
  .regex(/^(?!.*(--|\.\.))[A-Za-z0-9][\w.-]{0,95}(\/[A-Za-z0-9][\w.-]{0,95})?$/, HUB_RULE)
  .describe('owner/name on the Hugging Face Hub (HF_ENDPOINT); downloaded when the exploration starts.');

const REVISION_RULE = 'a commit, a tag or a branch';
export const revision = z
  .string(REVISION_RULE)
  .regex(/^(?!.*\.\.)[A-Za-z0-9][\w./-]{0,254}$/, REVISION_RULE)
  .describe('A commit (40 hexadecimal digits), tag or branch; the plan records the commit. Default: main.');

const PART_RULE = 'a name of letters, digits, dots, dashes, underscores';
export const part = z.string(PART_RULE).regex(/^[\w.-]{1,128}$/, PART_RULE);
