import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asError, invalidArgument } from './errors.js';
import { native } from './native.js';
import { text } from './names.js';
import type { StdinSource } from './types.js';

/** Standard input as the native part takes it. */
export interface Stdin {
  /** Bytes, or the descriptor of a pipe, which the run closes. */
  value: Uint8Array | number | undefined;
  /** Feeds the pipe. Rejects when the source fails; a guest that stops reading is no failure. */
  feed?: () => Promise<void>;
}

function isStream(value: unknown): value is AsyncIterable<string | Uint8Array> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

export function prepareStdin(source: StdinSource | undefined): Stdin {
  if (source === undefined) return { value: undefined };
  if (typeof source === 'string') return { value: new TextEncoder().encode(text('stdin', source)) };
  if (source instanceof Uint8Array) return { value: source };
  if (!isStream(source)) throw invalidArgument('stdin must be a string, bytes or a stream of them');
  let ends: [number, number];
  try {
    ends = native.makePipe();
  } catch (thrown) {
    throw asError(thrown);
  }
  return { value: ends[0], feed: () => feedPipe(source, ends[1]) };
}

async function feedPipe(source: AsyncIterable<string | Uint8Array>, descriptor: number): Promise<void> {
  const pipe = new Socket({ fd: descriptor, readable: false, writable: true });
  try {
    await pipeline(source instanceof Readable ? source : Readable.from(source, { objectMode: false }), pipe);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException | undefined)?.code;
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw thrown;
  }
}
