import { z } from 'zod';
import { valueAt } from './faults.js';
import { SpecSchema } from './schema.js';

/** The keys a spec may have at a place, read from its schema; `got` stands there, and may say its kind. */
export function knownKeysAt(path: readonly PropertyKey[], got?: unknown): readonly string[] {
  const place = path.reduce<readonly z.core.$ZodType[]>(
    (schemas, key) => schemas.flatMap((schema) => childrenOf(schema, key)),
    unwrapped(SpecSchema),
  );
  return place.flatMap((schema) =>
    schema instanceof z.ZodObject && isOfKind(schema, valueAt(got, 'kind')) ? Object.keys(schema.shape) : [],
  );
}

function isOfKind({ shape }: z.ZodObject, kind: unknown): boolean {
  return !(shape['kind'] instanceof z.ZodType) || shape['kind'].safeParse(kind).success;
}

function childrenOf(schema: z.core.$ZodType, key: PropertyKey): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodRecord) return unwrapped(schema.valueType);
  if (schema instanceof z.ZodArray) return unwrapped(schema.element);
  if (!(schema instanceof z.ZodObject)) return [];
  const child: unknown = Object.hasOwn(schema.shape, key) ? schema.shape[String(key)] : undefined;
  return child instanceof z.ZodType ? unwrapped(child) : [];
}

/** The schema without optional and default around it; a union's alternatives one by one. */
function unwrapped(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrapped);
  return [schema];
}
