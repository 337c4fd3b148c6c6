import { Document, isMap, isPair, isScalar, isSeq, visit } from 'yaml';
import type { JourneysSpec } from '../model/question/journeys.js';
import { ABOUT_JOURNEYS, fileOf } from './journeys-file.js';

/** Lists and conditions of few words stand on one line. */
const LINE_WIDTH = 100;

/** A file of journeys in YAML, with everything in it: what to begin a file of one's own with. */
export function journeysText(spec: JourneysSpec): string {
  const document = new Document(fileOf(spec));
  visit(document, {
    Pair(_, pair, path) {
      const names = [...path.filter(isPair), pair].map(({ key }) =>
        isScalar(key) ? String(key.value) : '',
      );
      const about = aboutOf(names.join('.'));
      if (about === undefined || !isScalar(pair.key)) return;
      pair.key.commentBefore = ` ${about}`;
      pair.key.spaceBefore = names.length === 1;
    },
    Collection(_, node, path) {
      const parent = path.at(-1);
      const isWhere = isPair(parent) && isScalar(parent.key) && isCondition(parent.key.value);
      const isList = isSeq(node) && !node.items.some((item) => isMap(item));
      node.flow = isWhere || isList || isSeq(parent);
    },
  });
  return document.toString({ lineWidth: LINE_WIDTH }).trimStart();
}

function aboutOf(name: string): string | undefined {
  return Object.hasOwn(ABOUT_JOURNEYS, name)
    ? ABOUT_JOURNEYS[name as keyof typeof ABOUT_JOURNEYS]
    : undefined;
}

function isCondition(name: unknown): boolean {
  return name === 'where' || name === 'ok' || name === 'failed';
}
