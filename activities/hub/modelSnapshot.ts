import { isModelFile, weightsAdvice } from '../spec/modelFolder.js';
import { HubFault, type HubAccess, type Snapshot } from './access.js';
import { downloaded, snapshotFolder } from './download.js';
import { filesOf } from './repository.js';

/** Configuration, tokenizer, chat template and safetensors of a repository, in a folder as `save_pretrained` writes it. */
export async function modelSnapshot(access: HubAccess, snapshot: Snapshot): Promise<string> {
  const files = await filesOf(access, snapshot);
  const names = files.map(({ path }) => path);
  const wanted = files.filter(({ path }) => isModelFile(path));
  if (!wanted.some(({ path }) => path.endsWith('.safetensors')))
    throw new HubFault('weights in model.safetensors', `${snapshot.id} without it`, weightsAdvice(names));
  for (const file of wanted) await downloaded(access, snapshot, file);
  return snapshotFolder(access, snapshot);
}
