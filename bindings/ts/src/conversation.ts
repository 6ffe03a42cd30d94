import { asError, invalidArgument } from './errors.js';
import { native, type NativeConversation } from './native.js';
import { text } from './names.js';

const handles = new WeakMap<Conversation, NativeConversation>();

/** @internal */
export function handleOf(conversation: Conversation): NativeConversation {
  const handle = handles.get(conversation);
  if (!handle) throw invalidArgument('conversation must be a Conversation');
  return handle;
}

/** Which skills one conversation has active, so that none is given twice. */
export class Conversation {
  constructor() {
    handles.set(this, new native.ConversationHandle());
  }

  /** Ids, oldest first. */
  async active(): Promise<string[]> {
    return JSON.parse(await handleOf(this).active()) as string[];
  }

  /** Whether an absolute path lies in an active skill's folder, links resolved. */
  async covers(path: string): Promise<boolean> {
    return (await handleOf(this).covers(text('path', path))) === 'true';
  }

  /**
   * After a compaction: the active skills' texts, most recent first, within the bounds. What does not fit is no longer
   * active.
   */
  async renderAgain(maxCharactersEach = 20_000, maxCharacters = 100_000): Promise<string> {
    for (const bound of [maxCharactersEach, maxCharacters]) {
      if (!Number.isSafeInteger(bound) || bound < 0) throw invalidArgument('a bound must be a whole number');
    }
    try {
      return await handleOf(this).renderAgain(maxCharactersEach, maxCharacters);
    } catch (thrown) {
      throw asError(thrown);
    }
  }
}
