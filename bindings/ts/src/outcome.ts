import { OpenSkillsError } from './errors.js';
import { snakeMembers } from './names.js';
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

type RawArtifact = [path: string, bytes: number, sha256: string | null, change: Artifact['change']];
type RawUsage = [wallMs: number, cpuMs: number, peakMemoryBytes: number, memoryRefused: boolean, diskWrittenBytes: number];
type RawLayers = [wasm: boolean, landlock: number, seccomp: boolean, namespaces: string[], network: string];
type RawIsolation = [tier: string | null, mode: string | null, reason: string | null, guest: string | null, layers: RawLayers];

/** As it crosses: the values of to_json() of openskills/outcome.h in its order (outcome_values.h). */
type Raw = [
  schema: number,
  runId: string,
  skill: string | null,
  digest: string | null,
  script: string | null,
  argv: string[],
  status: Status,
  exitCode: number | null,
  signal: number | null,
  limit: string | null,
  error: [code: string, message: string, hint: string | null] | null,
  stdoutTruncated: boolean,
  stderrTruncated: boolean,
  artifacts: RawArtifact[],
  artifactsComplete: boolean,
  usage: RawUsage,
  isolation: RawIsolation,
  outputIs: 'none' | 'json' | 'text',
];

function artifactOf([path, bytes, sha256, change]: RawArtifact): Artifact {
  return { path, bytes, sha256, change };
}

function usageOf([wallMs, cpuMs, peakMemoryBytes, memoryRefused, diskWrittenBytes]: RawUsage): Usage {
  return { wallMs, cpuMs, peakMemoryBytes, memoryRefused, diskWrittenBytes };
}

function isolationOf([tier, mode, reason, guest, layers]: RawIsolation): Isolation {
  const [wasm, landlock, seccomp, namespaces, network] = layers;
  return { tier, mode, reason, guest, layers: { wasm, landlock, seccomp, namespaces, network } };
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
  readonly #schema: number;
  readonly #outputIs: Raw[17];
  #stdout: string | undefined;
  #stderr: string | undefined;
  #output: { value: unknown } | undefined;

  /** @internal */
  constructor(values: string, stdout: Uint8Array, stderr: Uint8Array) {
    const raw = JSON.parse(values) as Raw;
    const error = raw[10];
    this.stdoutBytes = stdout;
    this.stderrBytes = stderr;
    this.#schema = raw[0];
    this.runId = raw[1];
    this.skill = raw[2];
    this.digest = raw[3];
    this.script = raw[4];
    this.argv = raw[5];
    this.status = raw[6];
    this.exitCode = raw[7];
    this.signal = raw[8];
    this.limit = raw[9];
    this.error = error && new OpenSkillsError(error[0], error[1], error[2] ?? '');
    this.stdoutTruncated = raw[11];
    this.stderrTruncated = raw[12];
    this.artifacts = raw[13].map(artifactOf);
    this.artifactsComplete = raw[14];
    this.usage = usageOf(raw[15]);
    this.isolation = isolationOf(raw[16]);
    this.#outputIs = raw[17];
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
    return {
      schema: this.#schema,
      run_id: this.runId,
      skill: this.skill,
      digest: this.digest,
      script: this.script,
      argv: this.argv,
      status: this.status,
      exit_code: this.exitCode,
      signal: this.signal,
      limit: this.limit,
      error: this.error && { code: this.error.code, message: this.error.message, hint: this.error.hint || null },
      stdout_truncated: this.stdoutTruncated,
      stderr_truncated: this.stderrTruncated,
      artifacts: this.artifacts,
      artifacts_complete: this.artifactsComplete,
      usage: snakeMembers('usage', this.usage),
      isolation: this.isolation,
      output: this.output,
      stdout: textOrBase64(this.stdoutBytes),
      stderr: textOrBase64(this.stderrBytes),
    };
  }

  #parseOutput(): unknown {
    switch (this.#outputIs) {
      case 'none':
        return null;
      case 'text':
        return textOrBase64(this.stdoutBytes);
      case 'json':
        return JSON.parse(this.stdout.replace(/^\uFEFF/, ''));
    }
  }
}
