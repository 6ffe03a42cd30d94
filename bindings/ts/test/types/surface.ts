// The whole surface as a program uses it: checked by `tsc --strict` against the declarations of the installed package,
// never run. What must not compile stands behind @ts-expect-error.
import type { Readable } from 'node:stream';
import {
  Conversation,
  OpenSkillRuntime,
  OpenSkillsError,
  Outcome,
  RunStream,
  SkillWatcher,
  outcomeText,
  skillTools,
  version,
  type ActivatedSkill,
  type Artifact,
  type FoundSkill,
  type Isolation,
  type Layers,
  type Manifest,
  type Mount,
  type OutputChunk,
  type PromptText,
  type RunOptions,
  type RuntimeOptions,
  type SkillChanges,
  type SkillDiagnostic,
  type SkillFile,
  type SkillInfo,
  type SkillTool,
  type SkillTools,
  type Status,
  type StdinSource,
  type StreamName,
  type ToolAnswer,
  type ToolSchema,
  type Usage,
} from '@openskills/runtime';

const options: RuntimeOptions = {
  skills: ['./skills'],
  projectDirectory: '.',
  projectTrust: 'trusted',
  profile: 'claude-code',
  trustDirectory: '/t',
  indexDirectory: '/i',
  cacheDirectory: '/c',
  cacheLimitBytes: 1n,
  guestDirectories: ['/g'],
  digests: 'skip',
  maxConcurrentRuns: 4,
  workerPath: '/w',
};
const mount: Mount = { hostPath: '/h', guestPath: '/g', writable: false };
const run: RunOptions = {
  timeoutMs: 1000,
  memoryBytes: 1n << 28n,
  outputLimitBytes: 10,
  workspace: '.',
  workspaceAccess: 'ro',
  cwd: 'skill',
  tier: 'wasm',
  isolation: 'in-process',
  missingLayers: 'accept',
  requirements: 'ignore',
  expectedDigest: 'sha256:00',
  environment: { A: 'b' },
  mounts: [mount],
  stdin: new Uint8Array(1),
  seed: 1,
  clockStartNs: 1n,
  artifactsDirectory: '/a',
  onOutput: async (stream: StreamName, data: Uint8Array) => stream === 'stdout' && data.length > 0,
  signal: AbortSignal.timeout(1),
};

export async function disclosure(runtime: OpenSkillRuntime): Promise<void> {
  await runtime.loadSkills();
  const changes: SkillChanges = await runtime.refresh();
  const skills: SkillInfo[] = runtime.skills();
  const diagnostics: SkillDiagnostic[] = runtime.diagnostics();
  const prompt: PromptText = await runtime.prompt({ style: 'json', showLocations: false, budgetCharacters: 1, filter: (skill) => skill.modelInvocable });
  const conversation = new Conversation();
  const active: ActivatedSkill = await runtime.activate('x', { arguments: 'a', as: 'whole-file', by: 'user', shownDirectory: '/skill', sessionId: 's', conversation });
  const ids: string[] = await conversation.active();
  const covered: boolean = await conversation.covers('/x');
  const again: string = await conversation.renderAgain(1, 2);
  const manifest: Manifest = await runtime.manifest('x');
  void [manifest.metadata['a'], manifest.other, manifest.context === 'fork', manifest.allowedToolRules[0]];
  const files: SkillFile[] = await runtime.files('x');
  const bytes: Uint8Array = await runtime.read('x', 'y');
  const found: FoundSkill[] = await runtime.search('words', 3, () => true);
  void [changes.added, skills[0]?.id, diagnostics[0]?.line, prompt.toolSchema, active.textSha256, ids, covered, again, files[0]?.sizeBytes, bytes, found[0]?.score];
}

export async function runs(runtime: OpenSkillRuntime, stdin: StdinSource): Promise<Outcome> {
  const outcome: Outcome = await runtime.executeSkill('x', { a: 1 }, run);
  await runtime.runScript('x', 'scripts/y.py', ['a'] as const, { stdin });
  await runtime.exec(null, ['python3']);
  await runtime.runModule('/m.wasm', [], { isolation: 'process' });
  const status: Status = outcome.status;
  const artifact: Artifact | undefined = outcome.artifacts[0];
  const usage: Usage = outcome.usage;
  const isolation: Isolation = outcome.isolation;
  const layers: Layers = isolation.layers;
  const code: string | undefined = outcome.error?.code;
  const texts: string = outcome.stdout + outcome.stderr + outcomeText(outcome);
  const raw: Uint8Array[] = [outcome.stdoutBytes, outcome.stderrBytes];
  void [status, artifact?.sha256, usage.wallMs, layers.landlock, code, texts, raw, outcome.output, outcome.toJSON(), outcome.ok, outcome.exitCode, outcome.limit];
  return outcome.orThrow();
}

export async function streams(runtime: OpenSkillRuntime): Promise<void> {
  const stream: RunStream = runtime.streamExec('x', ['python3']);
  for await (const chunk of stream) {
    const one: OutputChunk = chunk;
    void one.data;
  }
  const readable: Readable = runtime.streamScript('x', 'y').stdout;
  void [readable, runtime.streamSkill('x').stderr, await runtime.streamModule('/m').discard()];
  stream.cancel();
  await using closing = runtime.streamExec(null, ['python3']);
  void closing.outcome;
}

export async function handles(): Promise<void> {
  await using runtime = new OpenSkillRuntime('./skills');
  using other = new OpenSkillRuntime(options);
  using watcher = await SkillWatcher.start({ skills: ['./skills'] });
  const changes: SkillChanges | undefined = await watcher.wait(10);
  for await (const one of watcher) void one.removed;
  void [runtime, other, changes, version.length];
}

export async function tools(runtime: OpenSkillRuntime): Promise<void> {
  const set: SkillTools = skillTools(runtime, { run: { workspace: '.' }, filter: () => true, maxCharacters: 10 });
  const tool: SkillTool | undefined = set.tools[0];
  const schema: ToolSchema | undefined = tool?.inputSchema;
  const answer: ToolAnswer = await set.call('exec_command', '{}');
  void [schema?.required, answer.isError, set.forOpenAI()[0]?.function.name, set.forAnthropic()[0]?.input_schema, set.forMcp(), set.forAiSdk(), await set.systemPrompt()];
  // @ts-expect-error what a run prints is for the tool alone
  skillTools(runtime, { run: { onOutput: () => true } });
}

export async function mistakes(runtime: OpenSkillRuntime): Promise<void> {
  // @ts-expect-error no such option
  await runtime.exec(null, ['python3'], { timeout: 1 });
  // @ts-expect-error no such choice
  await runtime.exec(null, ['python3'], { tier: 'fast' });
  // @ts-expect-error words are a list
  await runtime.runScript('x', 'y', 'z');
  // @ts-expect-error there is nothing to run
  await runtime.exec(null);
  try {
    await runtime.read('x', 'y');
  } catch (thrown) {
    if (thrown instanceof OpenSkillsError) void [thrown.code, thrown.hint, thrown.message];
  }
}
