import { Readable } from 'node:stream';
import type { StartedRun } from './run.js';
import type { Outcome } from './outcome.js';
import type { OutputChunk, StreamName } from './types.js';

/**
 * A run whose output is read while it comes: iterate it for both streams in order, or read `stdout` and `stderr` as
 * Node streams; one or the other. The run waits for a slow reader, until its time is over. Whoever wants only the
 * outcome calls {@link RunStream.discard}. Leaving the iteration early closes the output, as a closed pipe does.
 */
export class RunStream implements AsyncIterable<OutputChunk> {
  /** What the run came to, once it ended. It does not wait for the output to be read. */
  readonly outcome: Promise<Outcome>;
  readonly #run: StartedRun;
  readonly #wake: { call?: (() => void) | undefined };
  #ended = false;
  #chunks: AsyncGenerator<OutputChunk, void, undefined> | undefined;
  #readables: Record<StreamName, Readable> | undefined;

  /** @internal */
  constructor(start: (onReadable: () => void) => StartedRun) {
    const wake: { call?: (() => void) | undefined } = {};
    this.#wake = wake;
    this.#run = start(() => wake.call?.());
    this.outcome = this.#run.outcome;
    const end = (): void => {
      this.#ended = true;
      wake.call?.();
    };
    this.outcome.then(end, end);
  }

  /** Cancels the run and its process; the outcome tells. */
  cancel(): void {
    this.#run.cancel();
  }

  /** Drops all output from here on, without holding the run up. */
  async discard(): Promise<Outcome> {
    for await (const _ of this) continue;
    return this.outcome;
  }

  [Symbol.asyncIterator](): AsyncGenerator<OutputChunk, void, undefined> {
    return (this.#chunks ??= this.#read());
  }

  /** Standard output as a Node stream. */
  get stdout(): Readable {
    return this.#streams().stdout;
  }

  /** Standard error as a Node stream. Unread, it holds up `stdout` only once its buffer is full. */
  get stderr(): Readable {
    return this.#streams().stderr;
  }

  /** Ends the run if it is still under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#run.closeOutput();
    this.#run.cancel();
    await this.outcome.catch(() => undefined);
  }

  async *#read(): AsyncGenerator<OutputChunk, void, undefined> {
    try {
      for (;;) {
        const ended = this.#ended;
        const chunks = this.#run.take();
        yield* chunks;
        if (chunks.length === 0 && ended) return;
        if (chunks.length === 0) await this.#readable();
      }
    } finally {
      this.#run.closeOutput();
    }
  }

  #readable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.call = () => {
        this.#wake.call = undefined;
        resolve();
      };
      if (this.#ended) this.#wake.call();
    });
  }

  #streams(): Record<StreamName, Readable> {
    if (this.#readables) return this.#readables;
    const waiting: Partial<Record<StreamName, () => void>> = {};
    const make = (name: StreamName): Readable =>
      new Readable({
        read: () => {
          waiting[name]?.();
          delete waiting[name];
        },
      });
    const streams = { stdout: make('stdout'), stderr: make('stderr') };
    this.#readables = streams;
    void this.#pump(streams, waiting);
    return streams;
  }

  async #pump(streams: Record<StreamName, Readable>, waiting: Partial<Record<StreamName, () => void>>): Promise<void> {
    for await (const { stream, data } of this) {
      if (streams[stream].destroyed || streams[stream].push(data)) continue;
      await new Promise<void>((resolve) => {
        waiting[stream] = resolve;
        streams[stream].once('close', resolve);
      });
    }
    streams.stdout.push(null);
    streams.stderr.push(null);
  }
}
