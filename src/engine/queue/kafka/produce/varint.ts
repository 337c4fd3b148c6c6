// Kafka's varints: zigzag, then 7 bits a byte, the least significant first.

const TWO_TO_31 = 2 ** 31;

/** What a number of 32 bits takes. */
export function varintBytes(value: number): number {
  const raw = zigzag(value);
  if (raw < 0x80) return 1;
  if (raw < 0x4000) return 2;
  if (raw < 0x20_0000) return 3;
  return raw < 0x1000_0000 ? 4 : 5;
}

/** Returns where it ended. */
export function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = zigzag(value);
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** What a safe integer takes. */
export function varlongBytes(value: number): number {
  if (isShort(value)) return varintBytes(value);
  let count = 1;
  for (let rest = longZigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) count += 1;
  return count;
}

/** Of a safe integer; returns where it ended. */
export function writeVarlong(target: Buffer, at: number, value: number): number {
  if (isShort(value)) return writeVarint(target, at, value);
  let rest = longZigzag(value);
  while (rest >= 0x80) {
    target[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at++] = rest;
  return at;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function isShort(value: number): boolean {
  return value >= -TWO_TO_31 && value < TWO_TO_31;
}

/** Twice the value must still be exact: times and their differences are far below 2^52. */
function longZigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
