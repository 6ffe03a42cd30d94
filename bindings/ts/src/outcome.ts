import { OpenSkillsError, type ErrorParts } from './errors.js';
import { camelize } from './names.js';
import type { Artifact, Isolation, Status, Usage } from './types.js';

const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

function textOrBase64(bytes: Uint8Array): unknown {
  try {
    return strict.decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') };
  }
}

/** As it crosses: what to_json() of openskills/outcome.h says. */
interface Raw extends Record<string, unknown> {
  run_id: string;
  skill: string | null;
  digest: string | null;
  script: string | null;
  argv: string[];
  status: Status;
  exit_code: number | null;
  signal: number | null;
  limit: string | null;
  error: ErrorParts | null;
  stdout_truncated: boolean;
  stderr_truncated: boolean;
  artifacts: unknown[];
  artifacts_complete: boolean;
  usage: unknown;
  isolation: unknown;
  output_is: 'none' | 'json' | 'text';
}

/** What a run came to. Runs that could not begin have one too: read `status`, then `error`. */
export class Outcome {
  readonly runId: string;
  readonly skill: string | null;
  /** `"sha256:…"` of the skill's files. */
  readonly digest: string | null;
  /** Relative to the skill. */
  readonly script: string | null;
  readonly argv: string[];
  readonly status: Status;
  /** Of a script that exited. */
  readonly exitCode: number | null;
  /** Of a native script that was killed. */
  readonly signal: number | null;
  /** `cpu`, `memory`, `files`, `disk` or `processes`: the limit that was met. */
  readonly limit: string | null;
  readonly error: OpenSkillsError | null;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
  readonly artifacts: Artifact[];
  /** False when more files changed than are recorded. */
  readonly artifactsComplete: boolean;
  readonly usage: Usage;
  readonly isolation: Isolation;
  /** The streams as they came. */
  readonly stdoutBytes: Uint8Array;
  readonly stderrBytes: Uint8Array;
  readonly #raw: Raw;
  #stdout: string | undefined;
  #stderr: string | undefined;
  #output: { value: unknown } | undefined;

  /** @internal */
  constructor(json: string, stdout: Uint8Array, stderr: Uint8Array) {
    const raw = JSON.parse(json) as Raw;
    this.#raw = raw;
    this.stdoutBytes = stdout;
    this.stderrBytes = stderr;
    this.runId = raw.run_id;
    this.skill = raw.skill;
    this.digest = raw.digest;
    this.script = raw.script;
    this.argv = [...raw.argv];
    this.status = raw.status;
    this.exitCode = raw.exit_code;
    this.signal = raw.signal;
    this.limit = raw.limit;
    this.error = raw.error && new OpenSkillsError(raw.error.code, raw.error.message, raw.error.hint);
    this.stdoutTruncated = raw.stdout_truncated;
    this.stderrTruncated = raw.stderr_truncated;
    this.artifacts = camelize(raw.artifacts);
    this.artifactsComplete = raw.artifacts_complete;
    this.usage = camelize(raw.usage);
    this.isolation = camelize(raw.isolation);
  }

  /** Whether the script ended with exit code 0. */
  get ok(): boolean {
    return this.status === 'ok';
  }

  /** As text; bytes that are not UTF-8 become replacement characters. */
  get stdout(): string {
    return (this.#stdout ??= lossy.decode(this.stdoutBytes));
  }

  get stderr(): string {
    return (this.#stderr ??= lossy.decode(this.stderrBytes));
  }

  /** Of `executeSkill`: standard output parsed as JSON, else its text (`{base64}` where it is not UTF-8). */
  get output(): unknown {
    return (this.#output ??= { value: this.#parseOutput() }).value;
  }

  /** This outcome, or its error thrown when the run was not carried out (`error`, `refused`). */
  orThrow(): this {
    if (this.status !== 'error' && this.status !== 'refused') return this;
    throw this.error ?? new OpenSkillsError('internal-error', `the run ended as ${this.status}`);
  }

  /** The outcome as the command line's `--json` prints it. */
  toJSON(): Record<string, unknown> {
    const { output_is: _, ...rest } = this.#raw;
    return {
      ...rest,
      output: this.output,
      stdout: textOrBase64(this.stdoutBytes),
      stderr: textOrBase64(this.stderrBytes),
    };
  }

  #parseOutput(): unknown {
    switch (this.#raw.output_is) {
      case 'none':
        return null;
      case 'text':
        return textOrBase64(this.stdoutBytes);
      case 'json':
        return JSON.parse(this.stdout.replace(/^\uFEFF/, ''));
    }
  }
}
