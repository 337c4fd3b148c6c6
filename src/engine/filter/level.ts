import { LEVELS, type Level } from '../model/event.js';
import { nearestName } from '../model/nearest-name.js';

/** The level of a name in lower case, also of what other loggers call it; undefined for none. */
export function levelNamed(name: string): Level | undefined {
  return LEVELS.find((each) => each === name) ?? LEVEL_ALIASES.get(name);
}

/** What to say to a name that is no level. */
export function levelHint(name: string): string {
  const near = nearestName(name, LEVELS);
  return `${near === undefined ? '' : `Did you mean ${near}? `}Levels are ${LEVELS.join(', ')}`;
}

/** What other loggers call our levels; they are stored under our names. */
const LEVEL_ALIASES = new Map<string, Level>([
  ['warning', 'warn'],
  ['err', 'error'],
  ['critical', 'fatal'],
]);
