import { z } from 'zod';

/** What a member's process tells its supervisor: that its API answers, and all that is wrong in its folder, whenever that changes. */
export const memberMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('problems'), problems: z.array(z.string()).readonly() }),
]);
export type MemberMessage = z.infer<typeof memberMessageSchema>;
