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

function schema(required: string[], properties: ToolSchema['properties']): ToolSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

const skill = { type: 'string', description: 'The id of the skill.' };
const list = (description: string) => ({ type: 'array', items: { type: 'string' }, description });

const schemas = {
  list_skills: schema([], {}),
  activate_skill: schema(['skill'], { skill, arguments: { type: 'string', description: 'What the skill is for now.' } }),
  read_skill_file: schema(['skill', 'path'], {
    skill,
    path: { type: 'string', description: 'The file, relative to the skill, e.g. references/guide.md.' },
  }),
  run_skill_script: schema(['skill', 'script'], {
    skill,
    script: { type: 'string', description: 'The script, relative to the skill, e.g. scripts/convert.py.' },
    arguments: list('Its command line arguments, each as a string of its own.'),
    stdin: { type: 'string', description: 'Text for its standard input.' },
  }),
  exec_command: schema(['command'], {
    skill,
    command: list('A command line in words, e.g. ["python3", "scripts/convert.py", "a.csv"]. No shell parses it.'),
    stdin: { type: 'string', description: 'Text for its standard input.' },
  }),
};

const descriptions: Record<keyof typeof schemas, string> = {
  list_skills: 'Lists the skills there are: id and what each is for.',
  activate_skill: 'Gives the instructions of a skill. Call it before a task that one of the skills is for.',
  read_skill_file: 'Reads a file of a skill that its instructions name.',
  run_skill_script: 'Runs a script of a skill in a sandbox: the skill is /skill, your files are in /workspace.',
  exec_command: 'Runs a command line as the instructions of a skill write it, in the same sandbox.',
};

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

/** The small set of tools a model needs to use skills. */
export function skillTools(runtime: OpenSkillRuntime, options: SkillToolsOptions = {}): SkillTools {
  const conversation = options.conversation ?? new Conversation();
  const filter: SkillFilter = (one) => one.modelInvocable && (options.filter?.(one) ?? true);
  const bound = options.maxCharacters ?? 30_000;
  const allowed = (id: string): string => {
    if (runtime.skills().some((one) => one.id === id && filter(one))) return id;
    throw new OpenSkillsError('skill-not-found', `there is no skill '${id}'; list_skills lists them`);
  };
  const granted = (args: Arguments): RunOptions =>
    args['stdin'] === undefined ? { ...options.run } : { ...options.run, stdin: args['stdin'] as string };
  const acts: Record<keyof typeof schemas, Act> = {
    list_skills: async () => {
      const lines = runtime.skills().filter(filter).map((one) => `${one.id}: ${one.description}`);
      return lines.join('\n') || 'There are no skills.';
    },
    activate_skill: async (args) => {
      const request = { by: 'model', shownDirectory: '/skill', conversation } as const;
      const given = args['arguments'] as string | undefined;
      const active = await runtime.activate(allowed(args['skill'] as string), given === undefined ? request : { ...request, arguments: given });
      return active.text;
    },
    read_skill_file: async (args) =>
      new TextDecoder().decode(await runtime.read(allowed(args['skill'] as string), args['path'] as string)),
    run_skill_script: async (args) => {
      const words = (args['arguments'] as string[] | undefined) ?? [];
      const id = allowed(args['skill'] as string);
      return outcomeText(await runtime.runScript(id, args['script'] as string, words, granted(args)));
    },
    exec_command: async (args) => {
      const id = args['skill'] === undefined ? null : allowed(args['skill'] as string);
      return outcomeText(await runtime.exec(id, args['command'] as string[], granted(args)));
    },
  };
  const answer = async (name: keyof typeof schemas, input: unknown): Promise<ToolAnswer> => {
    try {
      const text = await acts[name](checked(name, schemas[name], input));
      return { text: text.length > bound ? `${text.slice(0, bound)}\n[cut after ${bound} characters]` : text, isError: false };
    } catch (thrown) {
      if (!(thrown instanceof OpenSkillsError)) throw thrown;
      return { text: `${thrown.message} [${thrown.code}]${thrown.hint ? `\n${thrown.hint}` : ''}`, isError: true };
    }
  };
  const tools = (Object.keys(schemas) as (keyof typeof schemas)[]).map((name): SkillTool => ({
    name,
    description: descriptions[name],
    inputSchema: schemas[name],
    execute: async (input) => (await answer(name, input)).text,
  }));
  return {
    tools,
    systemPrompt: async () => {
      const prompt = await runtime.prompt({ showLocations: false, filter });
      return prompt.text === '' ? '' : `${prompt.instructions}\n\n${prompt.text}`;
    },
    forAiSdk: (jsonSchema = (given) => given) =>
      Object.fromEntries(
        tools.map(({ name, description, inputSchema, execute }) => [name, { description, inputSchema: jsonSchema(inputSchema), execute }]),
      ),
    forOpenAI: () =>
      tools.map(({ name, description, inputSchema }) => ({ type: 'function', function: { name, description, parameters: inputSchema } })),
    forAnthropic: () => tools.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema })),
    forMcp: () => tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
    call: async (name, input) => {
      if (!Object.hasOwn(schemas, name)) return { text: `there is no tool '${name}'`, isError: true };
      let args = input;
      if (typeof input === 'string') {
        try {
          args = JSON.parse(input || '{}');
        } catch {
          return { text: `${name}: the arguments are not valid JSON`, isError: true };
        }
      }
      return answer(name as keyof typeof schemas, args);
    },
  };
}
