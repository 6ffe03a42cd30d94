import { join } from 'node:path';

/** One run under way. */
export interface NativeRun {
  cancel(): void;
  /** What came since the last call, flat: 1 or 2 for the stream, then its bytes. */
  take(): (number | Uint8Array)[];
  closeOutput(): void;
}

export interface NativeConversation {
  active(): Promise<string>;
  covers(path: string): Promise<string>;
  renderAgain(maxCharactersEach: number, maxCharacters: number): Promise<string>;
}

/** `values`: what {@link Outcome} is made of. Streams are undefined when they are empty. */
type Done = (error: unknown, values: string, stdout?: Uint8Array, stderr?: Uint8Array) => void;

/** What one run is to do: of the members those that the method takes. */
export interface NativeCall {
  method: 'execute_skill' | 'run_script' | 'exec' | 'run_module';
  id?: string;
  path?: string;
  script?: string;
  arguments?: string[];
  /** JSON. */
  input?: string;
}

export interface NativeRuntime {
  call(method: string, args: string, conversation?: NativeConversation): Promise<string>;
  callNow(method: string, args: string): string;
  read(id: string, path: string): Promise<Uint8Array>;
  run(
    call: NativeCall,
    options: string,
    stdin: Uint8Array | number | undefined,
    onReadable: (() => void) | undefined,
    onDone: Done,
  ): NativeRun | undefined;
  close(): Promise<string>;
}

export interface NativeWatcher {
  start(options: string): Promise<string>;
  wait(timeoutMs: number): Promise<string>;
  close(): void;
}

interface Native {
  RuntimeHandle: new (options: string) => NativeRuntime;
  ConversationHandle: new () => NativeConversation;
  WatcherHandle: new () => NativeWatcher;
  makePipe(): [number, number];
  shutdown(): void;
  version: string;
}

// eslint-disable-next-line @typescript-eslint/no-require-imports
export const native = require(join(__dirname, '..', 'native', 'openskills.node')) as Native;

// process.exit() runs no clean-up of add-ons: threads that still run guests are ended here.
process.once('exit', () => {
  native.shutdown();
});
