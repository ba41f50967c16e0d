import tseslint from 'typescript-eslint';

/** `import type` is always free; values are not. */
const valuesOnlyFrom = (allowed, message) => ({
  '@typescript-eslint/no-restricted-imports': [
    'error',
    { patterns: [{ regex: `^(?!(?:${allowed})$)`, allowTypeImports: true, message }] },
  ],
});

/** No I/O, no clocks of its own: what the language gives and pure hashing. */
const PURE = '@noble/hashes/.+|canonicalize';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.venv/', '.cache/', '.lamdagent*/', 'coverage/', 'python-gpu/'] },
  {
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-unused-expressions': 'error',
      'no-fallthrough': 'error',
      'no-self-compare': 'error',
      'no-unreachable': 'error',
      'require-atomic-updates': 'off',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strict],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only workers/env.ts reads the environment.' },
      ],
    },
  },
  { files: ['workers/env.ts', 'test/**', '**/*.test.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['workflows/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: valuesOnlyFrom(
      '\\./[^/]+|\\.\\./domain/.+|@temporalio/workflow|@temporalio/common',
      'Workflows import ./*, ../domain/*, @temporalio/workflow and @temporalio/common by value; all else as types.',
    ),
  },
  {
    files: ['domain/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      ...valuesOnlyFrom(
        `\\.{1,2}/(?:overlap/|data/|actionTypes/)?[^/]+|${PURE}`,
        'The domain is pure: no I/O, no Temporal, no zod.',
      ),
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval', 'Buffer'],
    },
  },
  {
    files: ['activities/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(\\.\\./)+(workers|cli)/',
              message: 'One way only: cli → workers → activities → domain.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '*.js'],
    rules: { 'no-undef': 'error', 'no-unused-vars': 'error', 'no-dupe-keys': 'error' },
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'performance',
          'setTimeout',
          'clearInterval',
          'setInterval',
          'fetch',
          'AbortSignal',
          'URL',
          'require',
          'module',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
