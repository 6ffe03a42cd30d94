import { invalidArgument, OpenSkillsError } from './errors.js';
import { snakeMembers, text } from './names.js';
import type { RunOptions, RuntimeOptions } from './types.js';

/** Runtime options, or a folder of skills, under the native part's names. */
export function runtimeOptions(options: string | RuntimeOptions): Record<string, unknown> {
  if (typeof options === 'string') return { skills: [text('skills', options)] };
  return snakeMembers('runtime options', options);
}

/** What the native part takes of run options; the rest does not cross as JSON. */
export function runOptions(options: RunOptions): Record<string, unknown> {
  const { stdin: _stdin, onOutput, signal, ...rest } = snakeAware(options);
  if (onOutput !== undefined && typeof onOutput !== 'function') throw invalidArgument('onOutput must be a function');
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidArgument('signal must be an AbortSignal');
  const members = snakeMembers('run options', rest);
  if (Array.isArray(members['mounts'])) {
    members['mounts'] = (members['mounts'] as unknown[]).map((mount) => snakeMembers('a mount', mount));
  }
  return members;
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
