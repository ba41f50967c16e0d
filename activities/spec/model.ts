import { z } from 'zod';
import { hub, revision } from './hubNames.js';
import { path } from './written.js';

const ORIGIN_RULE = 'either path, a folder, or hub';
const isMapping = ({ value }: { readonly value: unknown }): boolean =>
  typeof value === 'object' && value !== null;

/** A first model as a spec has it: a folder, or a repository of a hub. */
export const ModelSchema = z
  .strictObject({ path: path.optional(), hub: hub.optional(), revision: revision.optional() })
  .refine((written) => (written.path === undefined) !== (written.hub === undefined), {
    error: ORIGIN_RULE,
    path: ['path'],
    when: isMapping,
  })
  .refine((written) => written.revision === undefined || written.hub !== undefined, {
    error: 'no revision without hub',
    path: ['revision'],
    when: isMapping,
  });
