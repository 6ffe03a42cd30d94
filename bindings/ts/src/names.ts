// Names across the border: camelCase here, snake_case there (bindings/vocabulary.json).
import { OpenSkillsError, invalidArgument } from './errors.js';

/** Names are few, and answers with thousands of members are not. */
const MOST_NAMES = 1000;

function remembering(make: (name: string) => string): (name: string) => string {
  const names = new Map<string, string>();
  return (name) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const made = make(name);
    if (names.size < MOST_NAMES) names.set(name, made);
    return made;
  };
}

export const toSnake = remembering((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));

const toCamel = remembering((name) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));

/** A copy with every member's name in camelCase, at every depth. */
export function camelize<T>(value: unknown): T {
  if (Array.isArray(value)) return value.map((one: unknown) => camelize(one)) as T;
  if (typeof value !== 'object' || value === null) return value as T;
  const copy: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) copy[toCamel(name)] = camelize(one);
  return copy as T;
}

/** A copy with the object's own members in camelCase, and what they hold as it is. */
export function camelizeMembers<T>(value: unknown): T {
  return Object.fromEntries(Object.entries(value as object).map(([name, one]) => [toCamel(name), one])) as T;
}

/** A copy with the object's own members in snake_case, without those that are undefined. */
export function snakeMembers(what: string, value: unknown): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument(`${what} must be an object`);
  }
  const copy: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value as object)) {
    if (name.includes('_')) throw invalidArgument(`${what}: '${name}' is unknown`);
    if (one !== undefined) copy[toSnake(name)] = one;
  }
  return copy;
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(54, value) === value) return Number(value);
    throw new OpenSkillsError('invalid-input', `${value} is beyond the whole numbers that JSON carries safely`);
  }
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw invalidArgument(`a ${typeof value} is no JSON`);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalidArgument(`${value} is no JSON number`);
  return value;
}

/** Of options: the native part takes whole numbers as text, too. */
function plainOption(name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : plain(name, value);
}

export function encodeOptions(options: Record<string, unknown>): string {
  return encode(options, plainOption);
}

/** Whether nothing in a value is for a replacer to look at, as in most calls: with one, writing takes several times as long. */
function isPlain(value: object): boolean {
  return Object.values(value).every(
    (one) =>
      typeof one === 'string' ||
      typeof one === 'boolean' ||
      (typeof one === 'number' && Number.isFinite(one)) ||
      (Array.isArray(one) && one.every((element) => typeof element === 'string')),
  );
}

/** JSON text for the native part. Errors are OpenSkillsError whatever `value` is. */
export function encode(value: unknown, replacer = plain): string {
  try {
    if (typeof value === 'object' && value !== null && isPlain(value)) return JSON.stringify(value);
    return JSON.stringify(value, replacer) ?? 'null';
  } catch (thrown) {
    if (thrown instanceof OpenSkillsError) throw thrown;
    if (!(thrown instanceof RangeError)) {
      throw new OpenSkillsError('invalid-argument', 'a value cannot be written as JSON', '', { cause: thrown });
    }
    const tooLong = thrown.message.includes('string length');
    throw new OpenSkillsError(
      tooLong ? 'too-large' : 'invalid-input',
      tooLong ? 'a value is too long for JSON' : 'a value nests too deep',
    );
  }
}

/** `value`, which must be text that UTF-8 can hold. */
export function text(what: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidArgument(`${what} must be a string`);
  if (/\p{Surrogate}/u.test(value)) throw new OpenSkillsError('invalid-input', `${what} has half a surrogate pair`);
  return value;
}
