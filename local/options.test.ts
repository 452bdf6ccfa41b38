import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readOptions } from './options.ts';

describe('the options of npm start', () => {
  test('are three members in .novaedge where nothing is said', () => {
    expect(readOptions([])).toStrictEqual({ data: resolve('.novaedge'), members: undefined, port: undefined, demo: false, kubernetes: undefined, hub: undefined, logLevel: 'info' });
  });

  test('keep real API servers apart from folders', () => {
    expect(readOptions(['--kubernetes'])).toMatchObject({ data: resolve('.novaedge-kubernetes'), kubernetes: true });
    expect(readOptions(['--kubernetes', '--data', 'x'])).toMatchObject({ data: resolve('x'), kubernetes: true });
  });

  test('are read as given', () => {
    expect(readOptions(['--data', 'x', '--members', '5', '--port', '20000', '--hub', 'eu-west', '--demo', '--log-level', 'debug']))
      .toStrictEqual({ data: resolve('x'), members: 5, port: 20_000, demo: true, kubernetes: undefined, hub: 'eu-west', logLevel: 'debug' });
  });

  test('say nothing but help when asked for it', () => { expect(readOptions(['--help'])).toBeUndefined(); });

  test.each([
    [['--members', '0'], '--members 0: expected a whole number from 1 to 9'],
    [['--members', 'three'], '--members three: expected a whole number from 1 to 9'],
    [['--port', '80'], '--port 80: expected a whole number from 1024 to 65000'],
    [['--log-level', 'loud'], '--log-level loud: expected one of trace, debug, info, warn, error'],
    [['--kubernetes', '--demo'], '--demo: shows folders, not --kubernetes; leave one out'],
    [['--unknown'], "Unknown option '--unknown'"],
  ])('%j is refused, with what is accepted', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
