const STRINGS = /"(?:[^"\\]|\\.)*"/gs;

/** What is wrong with JSON that should be an event that the store's parser reads. */
export function eventFaultOf(json: string): string | undefined {
  const event: unknown = JSON.parse(json);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'no object';
  if (/\\ud[89a-f]/.test(json.replaceAll('\\\\', ''))) return 'half a surrogate pair';
  if (/\d{19}/.test(json) && /\d{20}/.test(json.replaceAll(STRINGS, '')))
    return 'a number of more than 64 bits';
  return undefined;
}
