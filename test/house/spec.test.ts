import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const INVARIANTS = 12;
const NOTHING_YET = 'not proved yet';

/** The full title of a test in a file: those of its groups and its own. */
interface Title { readonly file: string; readonly title: string }
/** A test that docs/spec.md lists under a heading; `invariant` where the heading is that of one. */
interface Listed extends Title { readonly heading: string; readonly invariant: number | undefined }

/** The titles of all tests in a file of TypeScript, with those of their groups in front. */
function titlesIn(file: string, text: string): readonly Title[] {
  const titles: Title[] = [];
  const visit = (node: ts.Node, groups: readonly string[]): void => {
    const call = ts.isCallExpression(node) ? titled(node) : undefined;
    if (call?.isTest === true) titles.push({ file, title: [...groups, call.title].join(' › ') });
    const inside = call === undefined ? groups : [...groups, call.title];
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest), []);
  return titles;
}

/** The title of a call of `describe` or `test`, also in the form `test.each(…)(title, …)`. */
function titled(call: ts.CallExpression): { readonly title: string; readonly isTest: boolean } | undefined {
  const [first] = call.arguments;
  const name = calledName(call.expression);
  if (first === undefined || (name !== 'test' && name !== 'it' && name !== 'describe')) return undefined;
  const title = ts.isStringLiteralLike(first) ? first.text : ts.isTemplateExpression(first) ? templateText(first) : undefined;
  return title === undefined ? undefined : { title, isTest: name !== 'describe' };
}

/** A template's own text, with `…` for what is put in. */
const templateText = ({ head, templateSpans }: ts.TemplateExpression): string => head.text + templateSpans.map(({ literal }) => `…${literal.text}`).join('');

function calledName(called: ts.Expression): string | undefined {
  if (ts.isIdentifier(called)) return called.text;
  if (ts.isPropertyAccessExpression(called)) return calledName(called.expression);
  return ts.isCallExpression(called) ? calledName(called.expression) : undefined;
}

const numbersIn = (title: string): readonly number[] => [...title.matchAll(/\[I(\d+)\]/g)].map(([, number]) => Number(number));

/** What docs/spec.md lists: `- \`file\` › part of a title` under a heading. */
function listedIn(spec: string): { readonly headings: readonly string[]; readonly listed: readonly Listed[]; readonly empty: readonly string[] } {
  const headings: string[] = [];
  const listed: Listed[] = [];
  const empty: string[] = [];
  for (const line of spec.split('\n')) {
    const heading = headings.at(-1) ?? '';
    const [, file, title] = /^- `(.+?)` › (.+)$/.exec(line) ?? [];
    if (line.startsWith('### ')) headings.push(line.slice(4));
    else if (line === `- ${NOTHING_YET}`) empty.push(heading);
    else if (file !== undefined && title !== undefined) listed.push({ heading, file, title, invariant: invariantOf(heading) });
  }
  return { headings, listed, empty };
}

const invariantOf = (heading: string): number | undefined => {
  const [, number] = /^I(\d+) · /.exec(heading) ?? [];
  return number === undefined ? undefined : Number(number);
};

const matches = (listed: Listed, { file, title }: Title): boolean => listed.file === file && title.includes(listed.title);

/** Everything in which the specification and the tests do not agree, a sentence each. */
function disagreements(spec: string, titles: readonly Title[]): readonly string[] {
  const { headings, listed, empty } = listedIn(spec);
  const found: string[] = [];
  const numbers = headings.map(invariantOf).filter((number) => number !== undefined);
  if (numbers.join() !== Array.from({ length: INVARIANTS }, (_, at) => at + 1).join()) found.push(`the invariants are numbered ${numbers.join(', ')}`);
  for (const heading of headings) {
    if (listed.some((one) => one.heading === heading) === empty.includes(heading)) found.push(`"${heading}" must list tests, or say "${NOTHING_YET}"`);
  }
  for (const one of listed) {
    const tests = titles.filter((title) => matches(one, title));
    if (tests.length === 0) found.push(`"${one.heading}" lists ${one.file} › ${one.title}, which is no test`);
    const { invariant } = one;
    const unnumbered = invariant === undefined ? undefined : tests.find(({ title }) => !numbersIn(title).includes(invariant));
    if (unnumbered !== undefined) found.push(`${unnumbered.file} › ${unnumbered.title} is listed under I${String(invariant)} and does not carry its number`);
  }
  for (const title of titles) {
    for (const number of numbersIn(title.title)) {
      if (!listed.some((one) => one.invariant === number && matches(one, title))) found.push(`${title.file} › ${title.title} is not listed under I${String(number)}`);
    }
  }
  return found;
}

describe('docs/spec.md and the tests', () => {
  test('agree on what proves what', () => {
    const files = globSync(['{shared,functions,infra,cluster,cli,local,scripts,test}/**/*.ts'], { cwd: root }).filter((file) => !file.includes('node_modules') && file !== 'test/house/spec.test.ts');
    const titles = files.map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)
      .filter(([, text]) => text.includes("from 'vitest'"))
      .flatMap(([file, text]) => titlesIn(file, text));

    expect(disagreements(readFileSync(join(root, 'docs', 'spec.md'), 'utf8'), titles)).toEqual([]);
  });
});

describe('a disagreement is found', () => {
  const all = Array.from({ length: INVARIANTS }, (_, at) => `### I${String(at + 1)} · Something\n\n- ${NOTHING_YET}\n`);
  const specWith = (number: number, ...lines: readonly string[]): string => all.with(number - 1, `### I${String(number)} · Something\n\n${lines.join('\n')}\n`).join('\n');
  const titles = titlesIn('a.test.ts', `
    describe('joins [I5]', () => { test('commute', () => {}); test.each([1])('repeat %s', () => {}); });
    test.skip('alone', () => {});
    test(\`from \${seed} on\`, () => {});
    helper('not a title');
  `);

  test('titles are read with those of their groups', () => {
    expect(titles.map(({ title }) => title)).toEqual(['joins [I5] › commute', 'joins [I5] › repeat %s', 'alone', 'from … on']);
  });

  test('agreement is none', () => {
    expect(disagreements(specWith(5, '- `a.test.ts` › joins'), titles)).toEqual([]);
    expect(disagreements(specWith(5, '- `a.test.ts` › commute', '- `a.test.ts` › repeat'), titles)).toEqual([]);
  });

  test.each<[string, string, string[]]>([
    ['a test that is not listed', specWith(5, '- `a.test.ts` › commute'), ['a.test.ts › joins [I5] › repeat %s is not listed under I5']],
    ['a test that is listed elsewhere', specWith(6, '- `a.test.ts` › joins'), [
      'a.test.ts › joins [I5] › commute is listed under I6 and does not carry its number',
      'a.test.ts › joins [I5] › commute is not listed under I5',
      'a.test.ts › joins [I5] › repeat %s is not listed under I5',
    ]],
    ['a listed test that is none', specWith(5, '- `a.test.ts` › joins', '- `b.test.ts` › joins'), ['"I5 · Something" lists b.test.ts › joins, which is no test']],
    ['an invariant without a list', specWith(5, '- `a.test.ts` › joins').replace(`### I7 · Something\n\n- ${NOTHING_YET}`, '### I7 · Something'), [`"I7 · Something" must list tests, or say "${NOTHING_YET}"`]],
    ['a list that says it is none', specWith(5, '- `a.test.ts` › joins', `- ${NOTHING_YET}`), [`"I5 · Something" must list tests, or say "${NOTHING_YET}"`]],
    ['an invariant that is missing', specWith(5, '- `a.test.ts` › joins').replace('### I12 · ', '### '), ['the invariants are numbered 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11']],
  ])('%s', (_what, spec, found) => {
    expect(disagreements(spec, titles)).toEqual(found);
  });
});
