import type { TestStore } from './test-store.js';

/** Runs SQL on one shard as the user that writes, as somebody would by hand to break what is stored; resolves when it is done, with the answer's text. */
export async function sqlByHand(
  { connection: { shards, database, username, password } }: Pick<TestStore, 'connection'>,
  shard: number,
  text: string,
): Promise<string> {
  const settings = new URLSearchParams({
    ...{ database, mutations_sync: '1', lightweight_deletes_sync: '1', insert_deduplicate: '0' },
  });
  const response = await fetch(`${shards[shard]!.url}/?${settings.toString()}`, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password },
    body: text,
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer.trim();
}
