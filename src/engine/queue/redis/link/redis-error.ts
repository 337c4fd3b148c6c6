import { AtbdError, type ErrorCode } from '../../../model/error.js';

/** First words of the server's refusals that concern rights. */
const FORBIDDEN = ['NOAUTH', 'WRONGPASS', 'NOPERM', 'DENIED'];

/** The server is there and will be of use again: it loads its data, or has just become a replica. */
const PASSING = [
  'LOADING',
  'MASTERDOWN',
  'READONLY',
  'BUSY',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'UNBLOCKED',
];

const HINTS: Partial<Record<ErrorCode, string>> = {
  QUEUE_UNREACHABLE: 'See whether the server is up and named right: atbd context show',
  PERMISSION_DENIED:
    'Look at user, password and rights: atbd context show, and ACL GETUSER on the server',
};

/** What the server says besides, by the first word of its refusal. */
const REFUSAL_HINTS: Readonly<Record<string, string>> = {
  OOM: 'The server is out of memory: see the lag with `atbd status`, start `atbd worker ingest`, or raise maxmemory.',
  MISCONF: 'The server cannot write to its disk and refuses changes: see its log.',
  NOREPLICAS: 'Fewer replicas answer than min-replicas-to-write asks for.',
};

/** An error of the client or the server as one of ours. Neither puts a secret or a record into its text. */
export function toQueueError(error: unknown, doing: string): AtbdError {
  if (error instanceof AtbdError) return error;
  const word = refusalOf(error);
  const code = codeOf(error, word);
  return new AtbdError({
    code,
    message: `cannot ${doing}`,
    hint: REFUSAL_HINTS[word] ?? HINTS[code] ?? 'Try again; the server says what is wrong.',
    cause: error,
  });
}

export function topicNotFound(topic: string): AtbdError {
  return new AtbdError({
    code: 'TOPIC_NOT_FOUND',
    message: `cannot find the topic ${JSON.stringify(topic)} in Redis`,
    hint: 'Check its name; `atbd ingest` makes the topic it sends to.',
  });
}

/** Whether the connection is of no use any more: another one may lead to a server that can. */
export function isLinkLost(error: unknown): boolean {
  return !isReply(error) || refusalOf(error) === 'READONLY';
}

/** First word of what the server refused with; empty when it was not the server. */
export function refusalOf(error: unknown): string {
  if (!isReply(error)) return '';
  return /^[A-Z]+/u.exec(error.message)?.[0] ?? '';
}

function codeOf(error: unknown, word: string): ErrorCode {
  if (FORBIDDEN.includes(word)) return 'PERMISSION_DENIED';
  if (PASSING.includes(word) || !isReply(error)) return 'QUEUE_UNREACHABLE';
  return 'QUEUE_FAILED';
}

/** The client's class for refusals, told by its name so that the client is loaded only where a queue is used. */
function isReply(error: unknown): error is Error {
  return (
    error instanceof Error && ['ErrorReply', 'SimpleError', 'BlobError'].includes(className(error))
  );
}

function className(error: Error): string {
  return error.constructor.name;
}
