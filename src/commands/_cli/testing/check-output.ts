import { z } from 'zod';
import { LINE_OUTPUTS, OUTPUTS } from '../describe/outputs.js';

/** Throws where a command's JSON is not of the shape that `atbd describe` publishes; a member that it does not name is a fault, too. */
export function checkOutput(args: readonly string[], stdout: string): void {
  const id = commandOf(args);
  if (id === undefined) return;
  const lines = LINE_OUTPUTS[id];
  const documents = lines === undefined ? [stdout] : stdout.split('\n').filter(Boolean);
  for (const document of documents) {
    const { error } = (lines ?? OUTPUTS[id])!.safeParse(JSON.parse(document));
    if (error === undefined) continue;
    throw new Error(`${args.join(' ')} printed what its schema lacks:\n${z.prettifyError(error)}`);
  }
}

/** The longest command whose words the arguments begin with. */
function commandOf(args: readonly string[]): string | undefined {
  return Object.keys({ ...OUTPUTS, ...LINE_OUTPUTS })
    .toSorted((a, b) => b.length - a.length)
    .find((id) => id.split(':').every((word, at) => args[at] === word));
}
