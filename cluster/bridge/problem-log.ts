import { printKey } from '../../shared/model/resource-key.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Problem } from './cluster-port.ts';

/** Logs each problem of a cluster once when it comes and once when it is over. */
export class ProblemLog {
  readonly #logger: Logger;
  #known = new Map<string, Problem>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  note(problems: readonly Problem[]): void {
    const now = new Map(problems.map((problem) => [`${problem.reason} ${problem.message}`, problem]));
    for (const [id, problem] of now) if (!this.#known.has(id)) this.#logger.warn('cluster-problem', fieldsOf(problem));
    for (const [id, problem] of this.#known) if (!now.has(id)) this.#logger.info('cluster-problem-over', fieldsOf(problem));
    this.#known = now;
  }
}

const fieldsOf = ({ key, reason, message }: Problem): Readonly<Record<string, string | undefined>> =>
  ({ resource: key === undefined ? undefined : printKey(key), reason, message });
