/** `npx tsx activities/decide/prompts/writeGolden.ts`: writes the golden text of the current version. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenText } from './golden.js';
import { PROMPT_VERSION } from './version.js';

writeFileSync(join(import.meta.dirname, 'golden', `${PROMPT_VERSION}.txt`), await goldenText());
