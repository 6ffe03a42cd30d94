import { asError, invalidArgument } from './errors.js';
import { camelize, encodeOptions } from './names.js';
import { native, type NativeWatcher } from './native.js';
import { runtimeOptions } from './options.js';
import type { RuntimeOptions, SkillChanges } from './types.js';

const forEver = 2 ** 31;

/** Tells which skills change on disk, as it happens: `for await (const changes of watcher)`. */
export class SkillWatcher implements AsyncIterable<SkillChanges> {
  readonly #handle: NativeWatcher;
  #closed = false;

  private constructor(handle: NativeWatcher) {
    this.#handle = handle;
  }

  /** Searches once, like a runtime with the same options, and begins to watch. */
  static async start(options: string | RuntimeOptions = {}): Promise<SkillWatcher> {
    const handle = new native.WatcherHandle();
    try {
      await handle.start(encodeOptions(runtimeOptions(options)));
    } catch (thrown) {
      throw asError(thrown);
    }
    return new SkillWatcher(handle);
  }

  /** The next change; undefined when the time is over or the watcher is closed. */
  async wait(timeoutMs: number = forEver): Promise<SkillChanges | undefined> {
    if (!Number.isFinite(timeoutMs) || timeoutMs < 0) throw invalidArgument('timeoutMs must be a number from 0');
    if (this.#closed) return undefined;
    try {
      const changes: unknown = JSON.parse(await this.#handle.wait(Math.floor(timeoutMs)));
      return changes === null ? undefined : camelize<SkillChanges>(changes);
    } catch (thrown) {
      throw asError(thrown);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SkillChanges, void, undefined> {
    while (!this.#closed) {
      const changes = await this.wait();
      if (changes) yield changes;
    }
  }

  /** Ends waiting; an iteration ends. */
  close(): void {
    this.#closed = true;
    this.#handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
