export { withKubectlTags } from './kubectl-tags.ts';
export { styleOf } from './style.ts';
export type { Style } from './style.ts';
