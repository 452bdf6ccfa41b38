import { credentialsFrom } from '../../shared/adapters/aws/index.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { parseEnvironment } from '../environment.ts';
import type { OpenRegion } from './open-region.ts';
import { openRegion } from './open-region.ts';
import type { Reach } from './reach.ts';

/** The region this function acts for, by its environment: read here and nowhere else. @throws EnvironmentError */
export const thisRegion = (reach: Reach): OpenRegion => openRegion(parseEnvironment(process.env), reach, {
  clock: systemClock,
  random: systemRandom,
  credentials: credentialsFrom(process.env),
  writeLog: (line) => { process.stdout.write(`${line}\n`); },
});
