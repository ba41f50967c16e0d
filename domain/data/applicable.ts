import type { JsonObject } from '../json.js';
import { OPERATIONS, type OperationName } from './operations.js';

/** What an operation is told, but for the names of its inputs: every default filled in, nothing idle. */
export function applicableTo(name: OperationName, written: JsonObject): JsonObject {
  return OPERATIONS[name].parameters.reduce<JsonObject>(
    (values, { name: key, type, default: usual, when }) => {
      if (type === 'dataset') return values;
      if (type === 'weights')
        return { ...values, weights: Object.values((written[key] ?? {}) as JsonObject) };
      if (when !== undefined && values[when.parameter] !== when.is) return values;
      const value = written[key] ?? usual;
      return value === undefined ? values : { ...values, [key]: value };
    },
    {},
  );
}
