/** What the native part gives for a failure. */
export interface ErrorParts {
  code: string;
  message: string;
  hint?: string;
}

/** Every failure of this package. Compare {@link OpenSkillsError.code}, never the message. */
export class OpenSkillsError extends Error {
  override readonly name: string = 'OpenSkillsError';
  /** Stable, e.g. `"skill-not-found"`: the same text in every language and on the command line. */
  readonly code: string;
  /** What would mend it; may be empty. */
  readonly hint: string;

  constructor(code: string, message: string, hint = '', options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/** The error class for what the native part threw or rejected with; anything else as it is. */
export function asError(thrown: unknown): unknown {
  if (thrown instanceof Error || typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return thrown;
  const parts = thrown as ErrorParts;
  return new OpenSkillsError(parts.code, parts.message, parts.hint);
}

export function invalidArgument(message: string): OpenSkillsError {
  return new OpenSkillsError('invalid-argument', message);
}
