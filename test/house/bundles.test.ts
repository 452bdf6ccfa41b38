import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bundle } from '../../functions/bundle.ts';
import { bundleFunctions } from '../../functions/bundle.ts';
import { KEPT_OUT, MAX_BUNDLE_BYTES } from '../../functions/bundle-limits.ts';
import { FUNCTION_NAMES } from '../../functions/catalog.ts';

let folder: string;
let bundles: readonly Bundle[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'novaedge-bundles-'));
  bundles = await bundleFunctions(folder);
});
afterAll(() => { rmSync(folder, { recursive: true }); });

const bundleOf = (name: string): Bundle => {
  const bundle = bundles.find((one) => one.name === name);
  if (bundle === undefined) throw new RangeError(`no bundle ${name}`);
  return bundle;
};

describe.each(FUNCTION_NAMES)('the bundle of %s', (name) => {
  test('is not heavier than it may be', () => {
    const { bytes, contents } = bundleOf(name);

    expect(bytes, contents.slice(0, 8).map(({ from, bytes: part }) => `${from} ${part.toString()}`).join(', ')).toBeLessThanOrEqual(MAX_BUNDLE_BYTES);
  });

  test('holds nothing that is heavy and has a lighter way', () => {
    expect(bundleOf(name).contents.map(({ from }) => from).filter((from) => KEPT_OUT.some((kept) => from.startsWith(kept)))).toEqual([]);
  });

  // What reaches peers through `replica.peers` would find nobody in a function that left their client out, and say nothing of it.
  test('reaches for peers only where it brings along what calls them', () => {
    const code = readFileSync(bundleOf(name).file, 'utf8');

    expect(code.includes('.peers.peer(')).toBe(code.includes('checkServerIdentity'));
  });

  // An import of all names of node:http has Node load its WebSocket, and with it all of fetch; node:http2 is a third of a cold start.
  test('loads neither node:http nor node:http2', () => {
    const loaded = readFileSync(bundleOf(name).file, 'utf8').match(/(?<=require\(")node:[a-z/]+(?="\))/g);

    expect(loaded).toContain('node:https');
    expect(loaded).not.toContain('node:http');
    expect(loaded).not.toContain('node:http2');
  });
});
