import type { Truth, TruthFact } from '../../../engine/generate/truth.js';
import { openLogOutput } from '../_logs/log-output.js';

/** The ledger beside the data: one fact a line, and the totals as the last line. */
export interface TruthFile extends AsyncDisposable {
  readonly onFact: (fact: TruthFact) => void;
  /** Brings what was taken so far to the file. */
  flush(): Promise<void>;
  /** The last line. */
  finish(truth: Truth): Promise<void>;
}

/** Rejects as `openLogOutput` does. */
export async function openTruthFile(
  path: string,
  { canReplace }: { readonly canReplace: boolean },
): Promise<TruthFile> {
  const file = await openLogOutput(path, { canReplace });
  let text = '';
  const flush = async (): Promise<void> => {
    const lines = text;
    text = '';
    await file.write(lines);
  };
  return {
    onFact(fact) {
      text += `${JSON.stringify(fact)}\n`;
    },
    flush,
    async finish(truth) {
      await flush();
      await file.write(`${JSON.stringify(totalsOf(truth))}\n`);
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

function totalsOf(truth: Truth): Record<string, unknown> {
  const { isComplete, sent, amounts, actionCount, sessionCount, chains, faults, guilty } = truth;
  return {
    kind: 'totals',
    isComplete,
    sent,
    amounts,
    actionCount,
    sessionCount,
    chains,
    faults,
    guilty,
  };
}
