import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeConformance } from './conformance.js';
import { createFolderStore } from './folder.js';

const folder = mkdtempSync(join(tmpdir(), 'lamdagent-store-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
storeConformance('local folder', () => createFolderStore(folder));
