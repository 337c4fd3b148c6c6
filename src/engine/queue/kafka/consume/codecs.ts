import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Header of the Java producer's snappy blocks (xerial): then a length and a block, again and again. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/** No batch is larger once it is unpacked: far above any broker's limit, far below our memory. */
const BATCH_BYTES_MAX = 256 * 1024 * 1024;

const unzip = promisify(gunzip);

/**
 * The records of a batch that a producer compressed, by Kafka's number of the codec. We write uncompressed. Each
 * package is loaded with the first batch that needs it (docs/decisions: Kafka's codecs).
 */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  switch (codec) {
    case 1:
      return unzip(bytes, { maxOutputLength: BATCH_BYTES_MAX });
    case 2:
      return decompressSnappy(bytes);
    case 3:
      return (await import('lz4-napi')).decompressFrame(bytes);
    case 4:
      return Buffer.from((await import('fzstd')).decompress(bytes));
    default:
      throw new Error(`it is compressed with codec ${codec}, which is not known here`);
  }
}

async function decompressSnappy(buffer: Buffer): Promise<Buffer> {
  const { uncompress } = await import('snappy');
  if (!buffer.subarray(0, XERIAL.length).equals(XERIAL)) return asBuffer(await uncompress(buffer));
  const blocks: Buffer[] = [];
  let at = XERIAL_HEADER_BYTES;
  while (at < buffer.length) {
    const length = buffer.readInt32BE(at);
    at += 4;
    blocks.push(asBuffer(await uncompress(buffer.subarray(at, at + length))));
    at += length;
  }
  return Buffer.concat(blocks);
}

function asBuffer(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
