import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Program } from './programs.ts';
import { SOURCES } from './programs.ts';

const run = promisify(execFile);
/** Far more than a slow machine needs; a network that hangs must not hang us. */
const BUILD_TIMEOUT_MS = 1_800_000;
const VERSION_PACKAGE = 'k8s.io/component-base/version';
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Builds one program from pinned sources into the file `out`.
 *
 * @throws Error in one sentence where Go is missing, with Go's own last lines where it fails
 */
export async function goBuild(program: Program, out: string): Promise<void> {
  const go = (args: readonly string[]): Promise<{ stdout: string }> => run('go', [...args], {
    cwd: SOURCES[program].module,
    // Sources stay as pinned, no C compiler is needed, and a workspace around this repository has no say.
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -trimpath -modcacherw', GOWORK: 'off' },
    timeout: BUILD_TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  try {
    // Without debugging information, which nobody reads here, the cold build is a third faster.
    await go(['build', '-gcflags=all=-dwarf=false', '-ldflags', await linkerFlags(go, program), '-o', out, SOURCES[program].package]);
  } catch (cause) {
    if (isMissing(cause)) {
      throw new Error(`${program} is neither in KUBEBUILDER_ASSETS nor built yet, and Go, which would build it, is not installed: install Go 1.25 or newer, or set KUBEBUILDER_ASSETS to a folder that has it`, { cause });
    }
    const output = cause instanceof Error && 'stderr' in cause && typeof cause.stderr === 'string' ? cause.stderr : String(cause);
    throw new Error(`${program} could not be built: ${output.trim().split('\n').slice(-LAST_LINES).join('\n')}`, { cause });
  }
}

const LAST_LINES = 5;

/** kubectl cannot talk to a server whose version it cannot read. */
async function linkerFlags(go: (args: readonly string[]) => Promise<{ stdout: string }>, program: Program): Promise<string> {
  if (program === 'etcd' || program === 'helm') return '-s -w';
  const version = (await go(['list', '-m', '-f', '{{.Version}}', 'k8s.io/kubernetes'])).stdout.trim();
  const [major = '', minor = ''] = version.replace(/^v/, '').split('.');
  return `-s -w -X ${VERSION_PACKAGE}.gitVersion=${version} -X ${VERSION_PACKAGE}.gitMajor=${major} -X ${VERSION_PACKAGE}.gitMinor=${minor} -X ${VERSION_PACKAGE}.gitCommit=unknown`;
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
