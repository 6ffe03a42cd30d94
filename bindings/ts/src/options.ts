import { invalidArgument, OpenSkillsError } from './errors.js';
import { encodeOptions, snakeMembers, text } from './names.js';
import type { RunOptions, RuntimeOptions } from './types.js';

/** Runtime options, or a folder of skills, under the native part's names. */
export function runtimeOptions(options: string | RuntimeOptions): Record<string, unknown> {
  if (typeof options === 'string') return { skills: [text('skills', options)] };
  return snakeMembers('runtime options', options);
}

/** Of what crosses as JSON text the last, if its values cannot change, and the text: a host gives most runs the same. */
let last: { members: [name: string, value: unknown][]; text: string } = { members: [], text: '{}' };

/** What the native part takes of run options, as JSON text; the rest does not cross as text. */
export function runOptionsText(options: RunOptions): string {
  const { stdin: _stdin, onOutput, signal, ...rest } = snakeAware(options);
  if (onOutput !== undefined && typeof onOutput !== 'function') throw invalidArgument('onOutput must be a function');
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidArgument('signal must be an AbortSignal');
  const members = Object.entries(rest);
  if (members.length === last.members.length && members.every(isAsLast)) return last.text;
  const text = encodeRunOptions(rest);
  if (members.every(([, value]) => typeof value !== 'object')) last = { members, text };
  return text;
}

function isAsLast([name, value]: [string, unknown], index: number): boolean {
  const [lastName, lastValue] = last.members[index] as [string, unknown];
  return name === lastName && value === lastValue;
}

function encodeRunOptions(options: object): string {
  const members = snakeMembers('run options', options);
  if (Array.isArray(members['mounts'])) {
    members['mounts'] = (members['mounts'] as unknown[]).map((mount) => snakeMembers('a mount', mount));
  }
  return encodeOptions(members);
}

function snakeAware(options: unknown): RunOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidArgument('run options must be an object');
  }
  return options as RunOptions;
}

/** The values of an iterable as a list: what a caller gave for arguments or a command. */
export function strings(what: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw invalidArgument(`${what} must be a list of strings`);
  return value.map((one) => {
    const argument = text(`one of ${what}`, one);
    if (argument.includes('\0')) throw new OpenSkillsError('invalid-argument', `one of ${what} has a NUL byte`);
    return argument;
  });
}
