import { defineConfig } from 'eslint/config';
import { importX, createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * Which folders each folder may import, besides itself and npm packages. Everything not listed is
 * refused, so a new folder has to be placed here before anybody can import it.
 * Unit tests (*.test.ts) beside the code are free, as test/ and bench/ are.
 */
const shared = ['shared/model', 'shared/ports', 'shared/replica', 'shared/wire', 'shared/adapters', 'shared/rpc'];
const programs = [...shared, 'proto/gen'];
const mayImport = {
  'shared/model': [],
  'shared/ports': ['shared/model'],
  'shared/replica': ['shared/model', 'shared/ports'],
  'shared/wire': ['shared/model', 'shared/ports', 'shared/replica', 'proto/gen'],
  'shared/adapters': ['shared/model', 'shared/ports', 'shared/replica', 'shared/wire', 'proto/gen'],
  'shared/rpc': ['shared/model', 'shared/ports', 'shared/replica', 'shared/wire', 'shared/adapters', 'proto/gen'],
  functions: programs,
  infra: [...programs, 'functions'],
  cluster: programs,
  local: [...programs, 'cluster', 'cli'],
  cli: programs,
};

/** Time and randomness are arguments here, so that a simulation can replay every run from its seed. */
const pureFolders = ['shared/model', 'shared/ports', 'shared/replica'];
const passItIn = 'Time, randomness and the environment are passed in: take a clock, a random source or a setting as an argument.';
const impureCalls = [
  ['CallExpression[callee.object.name="Date"][callee.property.name="now"]', 'Date.now()'],
  ['NewExpression[callee.name="Date"][arguments.length=0]', 'new Date() without an argument'],
  ['CallExpression[callee.name="Date"]', 'Date()'],
  ['MemberExpression[object.name="Math"][property.name="random"]', 'Math.random'],
  ['MemberExpression[property.name=/^(randomUUID|randomBytes|randomInt|randomFillSync|getRandomValues)$/]', 'crypto randomness'],
  ['MemberExpression[object.name="AbortSignal"][property.name="timeout"]', 'AbortSignal.timeout'],
  ['MemberExpression[object.name="globalThis"]', 'globalThis'],
].map(([selector, name]) => ({ selector, message: `${name} is not allowed here. ${passItIn}` }));
const dynamicImport = { selector: 'ImportExpression', message: 'import() would get round the rules on imports.' };
const impureGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'performance', 'process', 'fetch'].map((name) => ({
  name,
  message: passItIn,
}));
const impureImports = [
  {
    name: 'node:crypto',
    importNames: ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues', 'webcrypto'],
    message: passItIn,
  },
  ...['node:process', 'node:timers', 'node:timers/promises', 'node:perf_hooks'].map((name) => ({ name, message: passItIn })),
];

const testFiles = ['**/*.test.ts'];
const noTestImports = { regex: '\\.test\\.ts$', message: 'A test is nobody\'s library: move what is shared into a file of its own.' };
const modelPackages = {
  regex: '^(?!\\.{1,2}/|node:crypto$|canonicalize$)',
  message: 'shared/model imports no package but canonicalize and no builtin but node:crypto.',
};

/** The rules for one folder: where it may import from, and purity where it is asked for. */
function folderRules(folder, allowed, root) {
  const pure = pureFolders.includes(folder);
  const patterns = folder === 'shared/model' ? [noTestImports, modelPackages] : [noTestImports];
  return {
    name: `novaedge/imports/${folder}`,
    files: [`${folder}/**/*.ts`],
    ignores: testFiles,
    rules: {
      'import-x/no-restricted-paths': ['error', {
        basePath: root,
        zones: [{
          target: '.',
          from: '.',
          except: [folder, ...allowed, 'node_modules', 'package.json'].map((path) => `./${path}`),
          message: `${folder} may import ${allowed.length === 0 ? 'only itself' : `itself and ${allowed.join(', ')}`}.`,
        }],
      }],
      'no-restricted-imports': ['error', { paths: pure ? impureImports : [], patterns }],
      ...(pure && {
        'no-restricted-syntax': ['error', ...impureCalls, dynamicImport],
        'no-restricted-globals': ['error', ...impureGlobals],
      }),
    },
  };
}

/**
 * Import direction, cycles and purity, for the repository at `root`.
 * Exported so that test/house/imports.test.ts can run them over a small tree that breaks them.
 *
 * @param {string} root
 * @returns {import('eslint').Linter.Config[]}
 */
export function architecture(root) {
  return [
    {
      name: 'novaedge/imports',
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser },
      plugins: { 'import-x': importX },
      settings: {
        'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
        'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.mjs', '.json'] })],
      },
      rules: {
        'import-x/no-cycle': ['error', { ignoreExternal: true }],
        'import-x/no-self-import': 'error',
      },
    },
    ...Object.entries(mayImport).map(([folder, allowed]) => folderRules(folder, allowed, root)),
  ];
}

export default defineConfig(
  { ignores: ['proto/gen/**', 'coverage/**', '**/.venv/**', '**/.novaedge/**', '**/dist/**', '**/cdk.out/**'] },
  {
    files: ['**/*.{js,mjs}'],
    rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error', 'no-unused-vars': 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-constant-binary-expression': 'error',
      'no-unsafe-finally': 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // An adapter keeps the port's promise even where its store answers at once.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    // Tests read JSON and poke at edges; what they promise is in their assertions.
    files: [...testFiles, 'test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  ...architecture(import.meta.dirname),
);
