import {
  compileJourneys,
  conditionsOf,
  SHOP_JOURNEYS,
  type ReadCondition,
} from '../../../engine/journey/journeys.js';
import { AtbdError } from '../../../engine/model/error.js';
import type { Journeys } from '../../../engine/model/question/journeys.js';
import { quoteValue } from '../../../engine/model/visible-text.js';
import { readTextFile } from '../config/text-file.js';
import type { YamlWords } from '../config/yaml-file.js';

/** What business numbers count, and who says so. */
export interface FoundJourneys {
  readonly journeys: Journeys;
  /** null: the shop's, which are built in. */
  readonly path: string | null;
}

/** The file that is named, else the shop's journeys. Rejects with CONFIG_INVALID that names each mistake's place. */
export async function loadJourneys(path: string | undefined): Promise<FoundJourneys> {
  if (path === undefined || path === '') {
    return { journeys: compileJourneys(SHOP_JOURNEYS), path: null };
  }
  const text = await readTextFile(path);
  if (text === undefined) {
    throw new AtbdError({
      code: 'CONFIG_INVALID',
      message: `cannot read the journeys: there is no file ${quoteValue(path)}`,
      hint: 'Write one: atbd journeys show > journeys.yaml',
    });
  }
  // Loaded for a file that is there: together they take longer to load than a question to be answered.
  const [{ parseYaml }, { journeysSchema, journeysSchemaWith }] = await Promise.all([
    import('../config/yaml-file.js'),
    import('../../../engine/journey/journeys-schema.js'),
  ]);
  const spec = parseYaml(path, text, journeysSchema, WORDS);
  if (conditionsOf(spec).length === 0) return { journeys: compileJourneys(spec), path };
  // CEL takes long to load, too, and few files need it.
  const { compileWhere } = await import('../../../engine/filter/where/compile-where.js');
  const readCondition: ReadCondition = (condition) =>
    compileWhere(condition, { flag: 'the condition' });
  parseYaml(path, text, journeysSchemaWith(readCondition), WORDS);
  return { journeys: compileJourneys(spec, readCondition), path };
}

const WORDS: YamlWords = {
  code: 'CONFIG_INVALID',
  what: 'the journeys',
  hint: 'What may stand in the file: docs/journeys.md, or for an editor atbd journeys validate --schema',
};
