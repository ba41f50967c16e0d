import type { Manifest } from '../../domain/outcome.js';
import { ManifestSchema } from '../spec/contract.js';

/** The manifest of an object from its text. `place` is where the object lies, for the message. */
export function parseManifest(text: string, stageId: string, place: string): Manifest {
  const parsed = ManifestSchema.safeParse(jsonOf(text));
  if (parsed.success && parsed.data.stageId === stageId) return parsed.data;
  throw new Error(
    `object ${stageId}: expected its manifest, got another text. Remove ${place}; it is made again.`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
