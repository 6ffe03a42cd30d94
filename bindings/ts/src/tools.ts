import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Conversation } from './conversation.js';
import { OpenSkillsError } from './errors.js';
import type { Outcome } from './outcome.js';
import type { OpenSkillRuntime } from './runtime.js';
import type { RunOptions, SkillFilter } from './types.js';

/** What the host decides for every call of a model. */
export interface SkillToolsOptions {
  /** Limits and grants of each run. The model cannot widen them. */
  run?: Omit<RunOptions, 'onOutput' | 'stdin'>;
  /** Which skills the model may use at all. */
  filter?: SkillFilter;
  conversation?: Conversation;
  /** Of each text given back; default 30,000. */
  maxCharacters?: number;
}

/** A JSON Schema of an object. */
export interface ToolSchema {
  type: 'object';
  properties: Record<string, { type: string; description: string; items?: { type: string } }>;
  required: string[];
  additionalProperties: false;
}

/** One tool. `execute` never rejects for what a model wrote: it answers with a text that says what is wrong. */
export interface SkillTool {
  name: string;
  description: string;
  inputSchema: ToolSchema;
  execute(input: unknown): Promise<string>;
}

export interface ToolAnswer {
  text: string;
  isError: boolean;
}

/** The tools, in the form each kind of host takes. */
export interface SkillTools {
  /** For the system prompt. */
  systemPrompt(): Promise<string>;
  tools: SkillTool[];
  /** By name, `{description, inputSchema, execute}`. */
  forAiSdk(jsonSchema?: (schema: ToolSchema) => unknown): Record<string, { description: string; inputSchema: unknown; execute: SkillTool['execute'] }>;
  forOpenAI(): { type: 'function'; function: { name: string; description: string; parameters: ToolSchema } }[];
  forAnthropic(): { name: string; description: string; input_schema: ToolSchema }[];
  forMcp(): { name: string; description: string; inputSchema: ToolSchema }[];
  /** Carries out a call of a model; `input` may be JSON text. */
  call(name: string, input: unknown): Promise<ToolAnswer>;
}

type Arguments = Record<string, string | string[] | undefined>;
type Act = (args: Arguments) => Promise<string>;

type ToolName = 'list_skills' | 'activate_skill' | 'read_skill_file' | 'run_skill_script' | 'exec_command';

interface ToolDefinition {
  name: ToolName;
  description: string;
  schema: ToolSchema;
}

/** Of each tool its own copy: a caller may change what it is given. The Python package has the same file. */
function definitions(): ToolDefinition[] {
  return JSON.parse(readFileSync(join(__dirname, 'tools.json'), 'utf8')) as ToolDefinition[];
}

/** The arguments of a model, or an error that says what is wrong with them. */
function checked(name: string, wanted: ToolSchema, input: unknown): Arguments {
  const wrong = (what: string): OpenSkillsError => new OpenSkillsError('invalid-argument', `${name}: ${what}`);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw wrong('the arguments must be an object');
  for (const [key, value] of Object.entries(input)) {
    const property = Object.hasOwn(wanted.properties, key) ? wanted.properties[key] : undefined;
    if (!property) throw wrong(`there is no argument '${key}'; known are: ${Object.keys(wanted.properties).join(', ')}`);
    const fits =
      property.type === 'array'
        ? Array.isArray(value) && value.every((one) => typeof one === 'string')
        : typeof value === 'string';
    if (!fits) throw wrong(`'${key}' must be ${property.type === 'array' ? 'a list of strings' : 'a string'}`);
  }
  for (const key of wanted.required) {
    if (!Object.hasOwn(input, key)) throw wrong(`'${key}' is missing`);
  }
  return input as Arguments;
}

/** An outcome as a model reads it. */
export function outcomeText(outcome: Outcome): string {
  const lines: string[] = [];
  if (outcome.stdout) lines.push(outcome.stdout.trimEnd());
  if (outcome.stderr) lines.push(`[stderr]\n${outcome.stderr.trimEnd()}`);
  if (outcome.stdoutTruncated || outcome.stderrTruncated) lines.push('[output was cut]');
  for (const file of outcome.artifacts) lines.push(`[${file.change} ${file.path}]`);
  if (outcome.status === 'failed') lines.push(`[exit code ${outcome.exitCode}]`);
  else if (!outcome.ok) lines.push(`[${outcome.status}${outcome.limit ? ` ${outcome.limit}` : ''}]`);
  if (outcome.error) lines.push(`${outcome.error.message} [${outcome.error.code}]`);
  return lines.join('\n') || '[no output]';
}

/** What each tool does, over one runtime and one conversation. */
class Actions {
  readonly #runtime: OpenSkillRuntime;
  readonly #options: SkillToolsOptions;
  readonly #conversation: Conversation;

  constructor(runtime: OpenSkillRuntime, options: SkillToolsOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#conversation = options.conversation ?? new Conversation();
  }

  readonly takesPart: SkillFilter = (skill) => skill.modelInvocable && (this.#options.filter?.(skill) ?? true);

  readonly list_skills: Act = async () => {
    const lines = this.#runtime.skills().filter(this.takesPart).map((one) => `${one.id}: ${one.description}`);
    return lines.join('\n') || 'There are no skills.';
  };

  readonly activate_skill: Act = async (args) => {
    const request = { by: 'model', shownDirectory: '/skill', conversation: this.#conversation } as const;
    const given = args['arguments'] as string | undefined;
    const id = this.#allowed(args['skill'] as string);
    return (await this.#runtime.activate(id, given === undefined ? request : { ...request, arguments: given })).text;
  };

  readonly read_skill_file: Act = async (args) => {
    const id = this.#allowed(args['skill'] as string);
    return new TextDecoder().decode(await this.#runtime.read(id, args['path'] as string));
  };

  readonly run_skill_script: Act = async (args) => {
    const id = this.#allowed(args['skill'] as string);
    const words = (args['arguments'] as string[] | undefined) ?? [];
    return outcomeText(await this.#runtime.runScript(id, args['script'] as string, words, this.#granted(args)));
  };

  readonly exec_command: Act = async (args) => {
    const id = args['skill'] === undefined ? null : this.#allowed(args['skill'] as string);
    return outcomeText(await this.#runtime.exec(id, args['command'] as string[], this.#granted(args)));
  };

  #allowed(id: string): string {
    if (this.#runtime.skills().some((one) => one.id === id && this.takesPart(one))) return id;
    throw new OpenSkillsError('skill-not-found', `there is no skill '${id}'; list_skills lists them`);
  }

  #granted(args: Arguments): RunOptions {
    return args['stdin'] === undefined ? { ...this.#options.run } : { ...this.#options.run, stdin: args['stdin'] as string };
  }
}

/** An answer to a model for whatever became of its call. */
async function answered(act: () => Promise<string>, bound: number): Promise<ToolAnswer> {
  try {
    const text = await act();
    return { text: text.length > bound ? `${text.slice(0, bound)}\n[cut after ${bound} characters]` : text, isError: false };
  } catch (thrown) {
    if (!(thrown instanceof OpenSkillsError)) throw thrown;
    return { text: `${thrown.message} [${thrown.code}]${thrown.hint ? `\n${thrown.hint}` : ''}`, isError: true };
  }
}

function parsed(name: string, input: unknown): unknown {
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input || '{}');
  } catch {
    throw new OpenSkillsError('invalid-argument', `${name}: the arguments are not valid JSON`);
  }
}

/** The tools in each host's form. */
function forms(tools: SkillTool[]): Pick<SkillTools, 'forAiSdk' | 'forOpenAI' | 'forAnthropic' | 'forMcp'> {
  return {
    forAiSdk: (jsonSchema = (given) => given) =>
      Object.fromEntries(
        tools.map(({ name, description, inputSchema, execute }) => [name, { description, inputSchema: jsonSchema(inputSchema), execute }]),
      ),
    forOpenAI: () =>
      tools.map(({ name, description, inputSchema }) => ({ type: 'function', function: { name, description, parameters: inputSchema } })),
    forAnthropic: () => tools.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema })),
    forMcp: () => tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
  };
}

/** The small set of tools a model needs to use skills. */
export function skillTools(runtime: OpenSkillRuntime, options: SkillToolsOptions = {}): SkillTools {
  const actions = new Actions(runtime, options);
  const bound = options.maxCharacters ?? 30_000;
  const known = new Map(definitions().map((one) => [one.name as string, one]));
  const call = (name: string, input: unknown): Promise<ToolAnswer> =>
    answered(async () => {
      const tool = known.get(name);
      if (!tool) throw new OpenSkillsError('invalid-argument', `there is no tool '${name}'`);
      return actions[tool.name](checked(name, tool.schema, parsed(name, input)));
    }, bound);
  const tools = definitions().map(({ name, description, schema }): SkillTool => ({
    name,
    description,
    inputSchema: schema,
    execute: async (input) => (await call(name, input)).text,
  }));
  return {
    tools,
    call,
    systemPrompt: async () => {
      const prompt = await runtime.prompt({ showLocations: false, filter: actions.takesPart });
      return prompt.text === '' ? '' : `${prompt.instructions}\n\n${prompt.text}`;
    },
    ...forms(tools),
  };
}
