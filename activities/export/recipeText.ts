import { Document, isScalar, visit, type Scalar, type ScalarTag } from 'yaml';
import type { Recipe } from '../../domain/recipe.js';

const HEAD = ` How the model in this folder was made. \`python rebuild.py\` makes it again and compares the weights;
 \`npx lamdagent recipe run recipe.yaml\` does the same. A stage's id is the SHA-256 of its RFC 8785 canonical JSON.`;

/** Of YAML 1.1, which Python reads, a number such as 1e-7 is a text; 1.0e-7 is a number in every version. */
const FLOAT: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  identify: (value) => typeof value === 'number' && String(value).includes('e'),
  test: /^[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?$/,
  resolve: Number,
  stringify: ({ value }: Scalar) =>
    String(value)
      .replace(/^(-?\d+)e/, '$1.0e')
      .replace(/e(\d)/, 'e+$1'),
};

/** Keys that are texts in every version without quotes; `yes` and the like are none in YAML 1.1. */
const PLAIN_KEY = /^(?!(?:y|yes|n|no|true|false|on|off|null)$)[a-z][\w-]*$/i;

/** `recipe.yaml`: a Recipe that Python's readers and ours understand alike. */
export function recipeText(recipe: Recipe): string {
  const document = new Document(recipe, {
    aliasDuplicateObjects: false,
    customTags: (tags) => [FLOAT, ...tags],
  });
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && !PLAIN_KEY.test(String(key.value))) key.type = 'QUOTE_DOUBLE';
    },
  });
  document.commentBefore = HEAD;
  return document.toString({
    ...{ lineWidth: 0, directives: false },
    ...{ defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' },
  });
}
