import { z } from 'zod';
import { anySchema, count } from './common.js';

export { runAnswerSchema as storyRunOutput } from '../../../../engine/scenario/result/story-result.js';

export const storiesOutput = z.array(
  z.strictObject({
    name: z.string(),
    title: z.string(),
    clock: z.enum(['virtual', 'real']),
    expectations: count,
    path: z.string(),
  }),
);

export const validStoriesOutput = z.union([
  z.array(z.strictObject({ name: z.string(), path: z.string(), title: z.string() })),
  anySchema.describe('With --schema.'),
]);
