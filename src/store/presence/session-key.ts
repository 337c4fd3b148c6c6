/** Signs of life and all else that tells of somebody: what has neither belongs to no session. */
export const IS_SIGN = `session_id != '' OR user_id != ''`;

/**
 * The key of a sign is its session_id, or else its user_id. It travels as a hash of 128 bits, because texts of any length would
 * make memory a matter of luck.
 */
export const SIGN_KEY = `if(session_id != '', ${hashSql('session', 'session_id')}, ${hashSql('user', 'user_id')})`;

/** Who a sign belongs to, where it has a user_id; the same as the key of a sign without a session_id. */
export const SIGN_OWNER = hashSql('user', 'user_id');

/** A hash that no two names share, other than by an accident of 1 in 2^64 for billions of them. */
function hashSql(what: 'session' | 'user', column: string): string {
  return `reinterpretAsUInt128(sipHash128('${what}', ${column}))`;
}
