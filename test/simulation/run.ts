import { isFinding } from './checks.ts';
import { OPERATIONS, anyOperation } from './operations.ts';
import type { OperationName } from './tally.ts';
import { quieten } from './quiet.ts';
import type { SimMember } from './sim-member.ts';
import { asError } from './turns.ts';
import { verifyEnd, verifyRunning } from './verify.ts';
import { World } from './world.ts';

/** How a schedule is run. */
export interface RunOptions {
  /** Random operations before the quiet, about: one that is made of several is not cut short. */
  readonly steps: number;
  /** Operations and faults that are left out; `faults` leaves out all faults. */
  readonly disabled: ReadonlySet<string>;
}
/** Compounds go over it: schedules are of about 100 operations then. */
export const DEFAULT_STEPS = 88;

/** What one run did. */
export interface RunReport {
  readonly seed: number;
  readonly writes: number;
  readonly rounds: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly checks: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
}

/** Operations between two looks at the whole. */
const TURNS_BETWEEN_CHECKS = 8;
/** Share of operations in which something goes wrong, and of these the share of each kind. */
const STORM_SHARE = 0.35;
const STORM_KIND_SHARE = 0.4;
/** Operations after which everything is looked at. */
const INTERLEAVING: ReadonlySet<OperationName> = new Set(['rush', 'flash', 'interleave']);
/** Of a failed run, the last lines of its trace. */
const TRACE_LINES = 200;

/** One schedule: random operations with faults, then quiet, then what must hold. @throws Violation */
export async function runSchedule(seed: number, { steps, disabled }: RunOptions): Promise<RunReport> {
  const world = new World(seed, disabled);
  try {
    await world.start();
    for (let turn = 0; world.operations.total < steps; turn += 1) {
      const name = anyOperation(world);
      if (disabled.has(name)) continue;
      await perform(world, name);
      world.rethrow();
      if (turn % TURNS_BETWEEN_CHECKS === 0 || INTERLEAVING.has(name)) await verifyRunning(world);
    }
    const rounds = await quieten(world);
    world.rethrow();
    await verifyEnd(world);
    return { seed, writes: world.oracle.count, rounds, operations: world.operations.counts, faults: world.faults.counts, checks: world.checks.counts, trace: world.trace };
  } catch (caught) {
    const error = world.found ?? asError(caught);
    error.message = `seed ${seed.toString()}: ${error.message}\n  ${world.trace.slice(-TRACE_LINES).join('\n  ')}`;
    throw error;
  }
}

/** One random operation, with random faults around it. */
async function perform(world: World, name: OperationName): Promise<void> {
  const { random, network, trace } = world;
  const member = random.pick(world.members);
  world.nowMs += 1 + random.below(3000);
  const storms = random.happens(STORM_SHARE);
  network.storms = storms;
  member.crashes = storms && random.happens(STORM_KIND_SHARE);
  member.losesAnswers = storms && random.happens(STORM_KIND_SHARE);
  world.operations.note(name);
  trace.push(`${name} ${member.name}`);
  try {
    if (!member.isDown || isNobodys(name)) await OPERATIONS[name].run(world, member);
  } catch (error) {
    if (isFinding(error)) throw error;
    trace.push(`  ${asError(error).message.slice(0, 120)}`);
  } finally {
    network.storms = false;
    calm(member);
  }
}

/** Operations that need no running member. */
const isNobodys = (name: OperationName): boolean => ['edit', 'remove', 'putCopy', 'time', 'heal', 'part', 'drain', 'straggle', 'ledger'].includes(name);

function calm(member: SimMember): void {
  member.crashes = false;
  member.losesAnswers = false;
}
