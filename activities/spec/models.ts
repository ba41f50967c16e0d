import type { Spec } from './schema.js';

/** The first models that lie on this machine, in the spec's order. */
export function modelFolders({
  models,
}: Pick<Spec, 'models'>): readonly { readonly name: string; readonly folder: string }[] {
  return Object.entries(models).flatMap(([name, { path }]) =>
    path === undefined ? [] : [{ name, folder: path }],
  );
}
