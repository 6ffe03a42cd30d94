import { handleOf } from './conversation.js';
import { asError, invalidArgument, OpenSkillsError } from './errors.js';
import { camelize, camelizeMembers, encode, encodeOptions, snakeMembers, text } from './names.js';
import { native, type NativeCall, type NativeRuntime } from './native.js';
import { runtimeOptions, strings } from './options.js';
import type { Outcome } from './outcome.js';
import { runToCallback, startRun, type UnderWay } from './run.js';
import { RunStream } from './stream.js';
import type {
  ActivatedSkill,
  ActivateRequest,
  FoundSkill,
  Manifest,
  PromptRequest,
  PromptText,
  RunOptions,
  RuntimeOptions,
  SkillChanges,
  SkillDiagnostic,
  SkillFile,
  SkillFilter,
  SkillInfo,
} from './types.js';

/** The version of the native library. */
export const version: string = native.version;

const calls = {
  executeSkill: (id: string, input: unknown): NativeCall => ({
    method: 'execute_skill',
    id: text('id', id),
    input: encode(input === undefined ? null : input),
  }),
  runScript: (id: string, script: string, args: readonly string[]): NativeCall => ({
    method: 'run_script',
    id: text('id', id),
    script: text('script', script),
    arguments: strings('arguments', args),
  }),
  exec: (id: string | null, command: readonly string[]): NativeCall => ({
    method: 'exec',
    id: id === null ? '' : text('id', id),
    arguments: strings('command', command),
  }),
  runModule: (path: string, args: readonly string[]): NativeCall => ({
    method: 'run_module',
    path: text('path', path),
    arguments: strings('arguments', args),
  }),
};

/**
 * Finds skills and runs their scripts in a sandbox.
 *
 * Calls that touch the disk or run something give promises and never hold up the event loop. Runs resolve to an
 * {@link Outcome} whatever became of them, also for a skill that is not there; only arguments of a wrong kind reject.
 */
export class OpenSkillRuntime {
  readonly #handle: NativeRuntime;
  readonly #runs = new Set<UnderWay>();
  /** What skills() gives, made once after each search. */
  #skills: readonly SkillInfo[] | undefined;
  #closed = false;

  /** @param options a folder of skills, a skill's own folder, or the options. */
  constructor(options: string | RuntimeOptions = {}) {
    try {
      this.#handle = new native.RuntimeHandle(encodeOptions(runtimeOptions(options)));
    } catch (thrown) {
      throw asError(thrown);
    }
  }

  /** Searches for skills, reading nothing but SKILL.md files; replaces what was loaded before. */
  async loadSkills(): Promise<void> {
    await this.#search('load_skills');
  }

  /** Searches again, reading only what is new or changed. */
  refresh(): Promise<SkillChanges> {
    return this.#search('refresh');
  }

  /** The visible skills, sorted by id. The values are frozen. */
  skills(): SkillInfo[] {
    this.#skills ??= this.#callNow<SkillInfo[]>('skills').map((one) => {
      Object.freeze(one.diagnostics);
      return Object.freeze(one);
    });
    return [...this.#skills];
  }

  /** What the search had to say: skipped, hidden and blocked skills. */
  diagnostics(): SkillDiagnostic[] {
    return this.#callNow('diagnostics');
  }

  /** Tier 1: what the system prompt says of the skills. */
  async prompt(request: PromptRequest = {}): Promise<PromptText> {
    const { filter, ...rest } = snakeMembers('prompt request', request) as PromptRequest;
    return this.#call('prompt', { ...rest, ...this.#only(filter) });
  }

  /** Tier 2: a skill's instructions, as a model is given them. */
  async activate(id: string, request: ActivateRequest = {}): Promise<ActivatedSkill> {
    const { conversation, ...rest } = snakeMembers('activate request', request) as ActivateRequest;
    const args = { id: text('id', id), request: rest };
    return this.#call('activate', args, conversation === undefined ? undefined : handleOf(conversation));
  }

  /** What the skill's frontmatter says, every key of it. */
  async manifest(id: string): Promise<Manifest> {
    return this.#call<Manifest>('manifest', { id: text('id', id) }, undefined, camelizeMembers<Manifest>);
  }

  /** Tier 3: the skill's files. */
  async files(id: string): Promise<SkillFile[]> {
    return this.#call('files', { id: text('id', id) });
  }

  /** Tier 3: one file, confined to the skill. */
  async read(id: string, path: string): Promise<Uint8Array> {
    const [skill, file] = [text('id', id), text('path', path)];
    try {
      return await this.#handle.read(skill, file);
    } catch (thrown) {
      throw asError(thrown);
    }
  }

  /** Skills by words in their names and descriptions, best first. */
  async search(query: string, limit = 10, filter?: SkillFilter): Promise<FoundSkill[]> {
    return this.#call('search', { query: text('query', query), limit, ...this.#only(filter) });
  }

  /** Runs the skill's entry point, with `input` as JSON on standard input. */
  executeSkill(id: string, input?: unknown, options: RunOptions = {}): Promise<Outcome> {
    return this.#run(() => calls.executeSkill(id, input), options);
  }

  /** Runs one script of the skill: the path is relative to the skill, e.g. `"scripts/x.py"`. */
  runScript(id: string, script: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Outcome> {
    return this.#run(() => calls.runScript(id, script, args), options);
  }

  /** Runs a command line as a SKILL.md writes it. No shell parses it. Without a skill only the workspace is there. */
  exec(id: string | null, command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.#run(() => calls.exec(id, command), options);
  }

  /** Runs a bare WASI module of the host with nothing mounted but `options.mounts`. */
  runModule(path: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Outcome> {
    return this.#run(() => calls.runModule(path, args), options);
  }

  /** {@link executeSkill} with its output as it comes. Throws for arguments of a wrong kind. */
  streamSkill(id: string, input?: unknown, options: RunOptions = {}): RunStream {
    return this.#stream(calls.executeSkill(id, input), options);
  }

  /** {@link runScript} with its output as it comes. */
  streamScript(id: string, script: string, args: readonly string[] = [], options: RunOptions = {}): RunStream {
    return this.#stream(calls.runScript(id, script, args), options);
  }

  /** {@link exec} with its output as it comes. */
  streamExec(id: string | null, command: readonly string[], options: RunOptions = {}): RunStream {
    return this.#stream(calls.exec(id, command), options);
  }

  /** {@link runModule} with its output as it comes. */
  streamModule(path: string, args: readonly string[] = [], options: RunOptions = {}): RunStream {
    return this.#stream(calls.runModule(path, args), options);
  }

  /** Cancels what is under way, waits for it, and ends the worker process. Later calls fail with `"cancelled"`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#runs) run.cancel();
    await Promise.allSettled([...this.#runs].map((run) => run.outcome));
    await this.#handle.close();
  }

  /** Begins to close; `await using` waits for it. */
  [Symbol.dispose](): void {
    void this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #call<T>(
    method: string,
    args: Record<string, unknown>,
    conversation?: ReturnType<typeof handleOf>,
    inCamelCase: (answer: unknown) => T = camelize,
  ): Promise<T> {
    try {
      return inCamelCase(JSON.parse(await this.#handle.call(method, encode(args), conversation)));
    } catch (thrown) {
      throw asError(thrown);
    }
  }

  async #search<T>(method: string): Promise<T> {
    try {
      return await this.#call<T>(method, {});
    } finally {
      this.#skills = undefined;
    }
  }

  #callNow<T>(method: string): T {
    try {
      return camelize<T>(JSON.parse(this.#handle.callNow(method, '{}')));
    } catch (thrown) {
      throw asError(thrown);
    }
  }

  #only(filter: SkillFilter | undefined): { only?: string[] } {
    if (filter === undefined) return {};
    if (typeof filter !== 'function') throw invalidArgument('filter must be a function');
    return { only: this.skills().filter(filter).map((skill) => skill.id) };
  }

  // Not async: promises between the run's and the caller's take longer than all else here.
  #run(call: () => NativeCall, options: RunOptions): Promise<Outcome> {
    try {
      return this.#tracked(() => runToCallback(this.#handle, call(), options), options).outcome;
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #stream(call: NativeCall, options: RunOptions): RunStream {
    return this.#tracked(() => {
      if (options.onOutput !== undefined) throw invalidArgument('a stream takes no onOutput');
      return new RunStream((readable) => startRun(this.#handle, call, options, readable));
    }, options);
  }

  /** Ends the run when the runtime closes, and lets close() wait for it. */
  #tracked<T extends UnderWay>(begin: () => T, options: RunOptions): T {
    if (typeof options !== 'object' || options === null) throw invalidArgument('run options must be an object');
    if (this.#closed) throw new OpenSkillsError('cancelled', 'the runtime is closed');
    const run = begin();
    const done = (): void => void this.#runs.delete(run);
    this.#runs.add(run);
    run.outcome.then(done, done);
    return run;
  }
}
