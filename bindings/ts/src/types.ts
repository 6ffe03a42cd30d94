import type { Readable } from 'node:stream';
import type { Conversation } from './conversation.js';

/** How a runtime finds skills and where it keeps things. Every member may be left out. */
export interface RuntimeOptions {
  /** Folders of skills, or a skill's own folder; naming one implies trust. Empty: the standard places. */
  skills?: readonly string[];
  /** Where project skills are searched from; the current directory when empty. */
  projectDirectory?: string;
  /** Whether a project's own skills are used without being on the list of trusted folders. */
  projectTrust?: 'untrusted' | 'trusted';
  /** Whose rules hold where clients of the format disagree. */
  profile?: 'agentskills' | 'claude-code';
  /** Profile claude-code alone: folders whose .claude/skills is searched too; naming one implies trust. */
  addedDirectories?: readonly string[];
  /** Profile claude-code alone: files at hand; folders on the way to one may have skills of their own. */
  accessedFiles?: readonly string[];
  /** By skill id: what prompts and activations make of it. */
  skillOverrides?: Readonly<Record<string, 'on' | 'name-only' | 'user-invocable-only' | 'off'>>;
  /** A lock file: skills are loaded only if they are exactly as it says (`skill-changed` otherwise). */
  lockFile?: string;
  /** Where lasting trust is kept. */
  trustDirectory?: string;
  /** A folder, private to the user, that makes the next search of many skills quick. */
  indexDirectory?: string;
  /** Where compiled code is kept. */
  cacheDirectory?: string;
  /** How large that may become; 0: `$OPENSKILLS_CACHE_LIMIT`, else 2 GiB. */
  cacheLimitBytes?: number | bigint;
  /** Where guest packs are looked for, before the usual places. */
  guestDirectories?: readonly string[];
  /** Whether outcomes name the digest of the skill's files. */
  digests?: 'compute' | 'skip';
  /** How many runs can be under way at once (16); more wait, within their time-out. */
  maxConcurrentRuns?: number;
  /** The program openskills-worker; by default the one in this package. */
  workerPath?: string;
}

/** A further host folder the guest sees. */
export interface Mount {
  hostPath: string;
  guestPath: string;
  /** Default: true. */
  writable?: boolean;
}

/** What a script reads as standard input. Streams are read as the guest asks. */
export type StdinSource = string | Uint8Array | Readable | AsyncIterable<string | Uint8Array>;

export type StreamName = 'stdout' | 'stderr';

/** A piece of output. */
export interface OutputChunk {
  stream: StreamName;
  data: Uint8Array;
}

/** What a caller grants one run and how long it may take. Nothing else is granted. */
export interface RunOptions {
  /** Wall time; default 30,000. */
  timeoutMs?: number;
  /** Default: 256 MiB. */
  memoryBytes?: number | bigint;
  /** Kept of each stream, default 1 MiB; the rest is dropped and flagged. */
  outputLimitBytes?: number | bigint;
  /** The host folder behind `/workspace`; default: the current directory. */
  workspace?: string;
  workspaceAccess?: 'rw' | 'ro' | 'none';
  /** Where the script starts. */
  cwd?: 'workspace' | 'skill';
  tier?: 'auto' | 'wasm' | 'native';
  /** `"in-process"` gives up the second wall, for modules the host trusts. */
  isolation?: 'process' | 'in-process';
  missingLayers?: 'refuse' | 'accept';
  requirements?: 'check' | 'ignore';
  /** The skill runs only while its files have this digest ({@link Outcome.digest}); else the outcome is `"refused"`. */
  expectedDigest?: string;
  /** Added to what every run gets. */
  environment?: Readonly<Record<string, string>>;
  mounts?: readonly Mount[];
  stdin?: StdinSource;
  /** Of every random byte the guest sees. */
  seed?: number | bigint;
  /** Fixed start of the clock, in nanoseconds since 1970. */
  clockStartNs?: number | bigint;
  /** Changed files are copied here; must exist. */
  artifactsDirectory?: string;
  /**
   * Called with output as it comes; then nothing is captured. The run waits for a promise it returns; `false` says that
   * nobody reads any more.
   */
  onOutput?: (stream: StreamName, data: Uint8Array) => unknown;
  /** Ends the run and its process; the outcome's status is then `"cancelled"`. */
  signal?: AbortSignal;
}

/** Chooses skills for one call. */
export type SkillFilter = (skill: SkillInfo) => boolean;

export interface PromptRequest {
  style?: 'xml' | 'json' | 'markdown';
  /** Whether SKILL.md's place is shown, for a model that reads it as a file. Default: true. */
  showLocations?: boolean;
  /** Of the text; 0: none. */
  budgetCharacters?: number;
  filter?: SkillFilter;
}

export interface ActivateRequest {
  /** As typed after the skill's name. */
  arguments?: string;
  as?: 'wrapped' | 'instructions' | 'whole-file';
  /** On whose behalf: a skill may be kept from the model or from the user. */
  by?: 'host' | 'model' | 'user';
  /** The skill's folder as the model will see it. */
  shownDirectory?: string;
  sessionId?: string;
  /** So that no skill is given twice. */
  conversation?: Conversation;
}

/** Something that is odd about a skill's files. */
export interface SkillDiagnostic {
  code: string;
  severity: 'error' | 'warning' | 'info';
  message: string;
  path: string;
  /** 1-based; 0 when it is not about a place. */
  line: number;
  column: number;
}

export interface SkillInfo {
  /** What every call takes. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly source: 'explicit' | 'project' | 'user' | 'system';
  readonly userInvocable: boolean;
  readonly modelInvocable: boolean;
  readonly diagnostics: readonly SkillDiagnostic[];
}

export interface PromptText {
  /** For the system prompt: the same bytes for the same skills. */
  text: string;
  /** What to say before it. */
  instructions: string;
  /** JSON of a tool that activates one of them. */
  toolSchema: string;
  skills: number;
  /** Ids whose description the budget cut, and ids it left no room for. */
  shortened: string[];
  omitted: string[];
}

export interface ActivatedSkill {
  id: string;
  text: string;
  /** Of the whole text, also when `text` is a note that it was given before. */
  textSha256: string;
  files: string[];
  diagnostics: SkillDiagnostic[];
}

/** What a skill's frontmatter says. Scalars are text as they were written: `version: 1.0` is `'1.0'`. */
export interface Manifest {
  name: string;
  description: string;
  license: string | null;
  compatibility: string | null;
  metadata: Record<string, string>;
  /** Verbatim. It grants nothing. */
  allowedTools: string | null;
  allowedToolRules: string[];
  disallowedToolRules: string[];
  whenToUse: string | null;
  argumentHint: string | null;
  /** Names of the positional arguments. */
  arguments: string[];
  /** Globs. */
  paths: string[];
  model: string | null;
  effort: string | null;
  agent: string | null;
  context: 'inline' | 'fork';
  shell: 'bash' | 'powershell';
  background: boolean;
  userInvocable: boolean;
  disableModelInvocation: boolean;
  /** Every other key, under its own name. */
  other: Record<string, unknown>;
}

export interface SkillFile {
  path: string;
  sizeBytes: number;
}

export interface FoundSkill {
  skill: SkillInfo;
  score: number;
}

/** By id. */
export interface SkillChanges {
  added: string[];
  changed: string[];
  removed: string[];
}

/** A file a script created, modified or deleted. */
export interface Artifact {
  path: string;
  bytes: number;
  sha256: string | null;
  change: 'created' | 'modified' | 'deleted';
}

export interface Usage {
  wallMs: number;
  cpuMs: number;
  peakMemoryBytes: number;
  memoryRefused: boolean;
  diskWrittenBytes: number;
}

/** Which walls stood. */
export interface Layers {
  wasm: boolean;
  landlock: number;
  seccomp: boolean;
  namespaces: string[];
  network: string;
}

export interface Isolation {
  tier: string | null;
  mode: string | null;
  reason: string | null;
  guest: string | null;
  layers: Layers;
}

export type Status = 'ok' | 'failed' | 'timeout' | 'limit' | 'refused' | 'crashed' | 'cancelled' | 'error';
