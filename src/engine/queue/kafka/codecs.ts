import kafkajs from 'kafkajs';

// kafkajs is CommonJS, and Node does not see all of its names.
const { CompressionCodecs, CompressionTypes } = kafkajs;

/** Header of the Java producer's snappy blocks (xerial): then a length and a block, again and again. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/**
 * Teaches kafkajs to read what other producers compress; gzip it knows. We write uncompressed. Each
 * package is loaded with the first batch that needs it (docs/decisions: Kafka's codecs).
 */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: refuseToCompress,
    decompress: decompressSnappy,
  });
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: refuseToCompress,
    decompress: async (buffer: Buffer) => (await import('lz4-napi')).decompressFrame(buffer),
  });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: refuseToCompress,
    decompress: async (buffer: Buffer) => Buffer.from((await import('fzstd')).decompress(buffer)),
  });
}

function refuseToCompress(): Promise<Buffer> {
  return Promise.reject(new Error('BUG: atbd writes to Kafka uncompressed'));
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
