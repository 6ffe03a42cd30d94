import { asError, invalidArgument } from './errors.js';
import type { NativeCall, NativeRun, NativeRuntime } from './native.js';
import { runOptionsText } from './options.js';
import { Outcome } from './outcome.js';
import { prepareStdin } from './stdin.js';
import type { OutputChunk, RunOptions } from './types.js';

/** A run that can be waited for and ended. */
export interface UnderWay {
  readonly outcome: Promise<Outcome>;
  cancel(): void;
}

/** A run as the rest of the package sees it. */
export interface StartedRun extends UnderWay {
  take(): OutputChunk[];
  closeOutput(): void;
}

/** An event loop that went to sleep takes longer to wake than such a run lasts. */
const SHORT_MS = 0.2;

/** Whether the last run was a short one: then the next may be, too. */
let lastWasShort = false;

/** A run's time, and the event loop kept turning while it may be over in no time. The loop does all its other work. */
class Vigil {
  readonly #begun = performance.now();
  #ended = false;

  constructor() {
    if (lastWasShort) this.#turn();
  }

  end(): void {
    this.#ended = true;
    lastWasShort = this.#isShort();
  }

  #isShort(): boolean {
    return performance.now() - this.#begun < SHORT_MS;
  }

  #turn(): void {
    if (!this.#ended && this.#isShort()) setImmediate(() => this.#turn());
  }
}

function chunksOf(flat: (number | Uint8Array)[]): OutputChunk[] {
  const chunks: OutputChunk[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    chunks.push({ stream: flat[at] === 1 ? 'stdout' : 'stderr', data: flat[at + 1] as Uint8Array });
  }
  return chunks;
}

/** Begins a run. Throws for arguments of a wrong kind; everything later is in the promise. */
export function startRun(
  handle: NativeRuntime,
  call: NativeCall,
  options: RunOptions,
  onReadable?: () => void,
): StartedRun {
  const optionsText = runOptionsText(options);
  const stdin = prepareStdin(options.stdin);
  let run: NativeRun | undefined;
  let ended = false;
  let feedFailed: { error: unknown } | undefined;
  const cancel = (): void => run?.cancel();
  const outcome = new Promise<Outcome>((resolve, reject) => {
    const vigil = new Vigil();
    run = handle.run(call, optionsText, stdin.value, onReadable, (error, values, stdout, stderr) => {
      vigil.end();
      ended = true;
      options.signal?.removeEventListener('abort', cancel);
      if (feedFailed) reject(feedFailed.error);
      else if (error) reject(asError(error));
      else resolve(new Outcome(values, stdout ?? new Uint8Array(), stderr ?? new Uint8Array()));
    });
  });
  stdin.feed?.().catch((error: unknown) => {
    feedFailed = { error };
    cancel();
  });
  if (!ended) {
    options.signal?.addEventListener('abort', cancel, { once: true });
    if (options.signal?.aborted) cancel();
  }
  return {
    outcome,
    cancel,
    take: () => chunksOf(run?.take() ?? []),
    closeOutput: () => run?.closeOutput(),
  };
}

/** A run whose output goes to `onOutput`, each piece awaited; then nothing is captured. */
export function runToCallback(
  handle: NativeRuntime,
  call: NativeCall,
  options: RunOptions,
): UnderWay {
  const { onOutput } = options;
  if (onOutput === undefined) return startRun(handle, call, options);
  if (typeof onOutput !== 'function') throw invalidArgument('onOutput must be a function');
  let failed: { error: unknown } | undefined;
  let delivering: Promise<void> | undefined;
  const deliver = async (): Promise<void> => {
    for (let chunks = run.take(); chunks.length > 0 && !failed; chunks = run.take()) {
      for (const chunk of chunks) {
        if ((await onOutput(chunk.stream, chunk.data)) === false) return run.closeOutput();
      }
    }
  };
  const begin = (): void => {
    delivering ??= deliver()
      .catch((error: unknown) => {
        failed = { error };
        run.closeOutput();
        run.cancel();
      })
      .finally(() => (delivering = undefined));
  };
  const delivered = async (): Promise<Outcome> => {
    const outcome = await run.outcome;
    while (delivering) await delivering;
    begin();
    await delivering;
    if (failed) throw failed.error;
    return outcome;
  };
  const run = startRun(handle, call, options, begin);
  return { outcome: delivered(), cancel: run.cancel };
}
