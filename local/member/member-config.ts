import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** What one member's process is told by the supervisor, as a JSON file. Paths are absolute. */
export const memberConfigSchema = z.strictObject({
  federationId: z.string(),
  member: z.string(),
  /** In hub-spoke, the member that writes for all. */
  hub: z.string().optional(),
  port: z.number().int(),
  /** A file. */
  database: z.string(),
  /** The member's cluster: a folder of manifests, an API server, or one whose bridge is a program of its own. */
  cluster: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('folder'), folder: z.string() }),
    z.strictObject({ kind: z.literal('kubernetes'), kubeconfig: z.string() }),
    z.strictObject({ kind: z.literal('bridged-elsewhere') }),
  ]),
  log: z.string(),
  logLevel: z.string(),
  tls: z.strictObject({ authority: z.string(), memberCert: z.string(), memberKey: z.string(), bridgeCert: z.string(), bridgeKey: z.string() }),
  /** Where the other members' ledgers are reached: a relay each. */
  ledgers: z.array(z.strictObject({ member: z.string(), endpoint: z.string() })),
  minimumTombstoneTtlMs: z.number().int(),
});
export type MemberConfig = z.infer<typeof memberConfigSchema>;

/** @throws with the field's name and what was expected */
export async function readMemberConfig(path: string): Promise<MemberConfig> {
  return memberConfigSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}
